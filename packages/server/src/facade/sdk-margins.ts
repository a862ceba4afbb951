/**
 * How much sooner than `expires_in` says each SDK lets go of a token, as its sources had it in
 * November 2026.
 */
import type { SdkName } from "../keys/key-document.ts";

export interface SdkMargin {
  /** In seconds: the smallest and the largest of its caches. */
  readonly tokenS: readonly [least: number, most: number];
  readonly stableS: readonly [least: number, most: number];
  readonly ticketS: readonly [least: number, most: number];
}

const none: SdkMargin = { tokenS: [0, 0], stableS: [0, 0], ticketS: [0, 0] };

export const sdkMargins: Readonly<Record<SdkName, SdkMargin>> = {
  /**
   * `expires_in - 1500`, the stable token `- 300`. At or below its margin it stores the token
   * without an end in Redis, so `expires_in` must always be above it.
   */
  "silenceper/wechat": { tokenS: [1_500, 1_500], stableS: [300, 300], ticketS: [1_500, 1_500] },
  /** In memory `expires_in - 200`, in Redis as it is. */
  "wxjava/mp": { tokenS: [0, 200], stableS: [0, 200], ticketS: [0, 200] },
  "wxjava/ma": { tokenS: [200, 200], stableS: [200, 200], ticketS: [200, 200] },
  easywechat: none,
  powerwechat: none,
  /**
   * 1.8.18: the process that fetched lets go of a token in its last 60 s, another one at its end in
   * Redis. A ticket is used in the second of its end too.
   */
  wechatpy: { tokenS: [0, 60], stableS: [0, 60], ticketS: [-1, 0] },
  "node-easywechat": none,
  /** 3.11.0: `expires_in - 10`, for tickets too. */
  "co-wechat-api": { tokenS: [10, 10], stableS: [10, 10], ticketS: [10, 10] },
};

export type FacadeKind = "token" | "stable" | "ticket";

/**
 * `expires_in` for an SDK, in seconds, so that it holds what it gets for what is left or `holdMs`,
 * whichever is less. Undefined when less than a second is left.
 *
 * For an SDK with a margin the figure may be above what is left: the SDK takes its margin off again.
 * Without a name of an SDK no margin is assumed, and the figure is never above what is left.
 */
export function expiresIn(
  sdk: SdkName | undefined,
  kind: FacadeKind,
  leftMs: number,
  holdMs: number,
): number | undefined {
  const [least] = sdk === undefined ? [0] : sdkMargins[sdk][`${kind}S`];
  const heldS = Math.floor(Math.min(leftMs, holdMs) / 1_000);
  return heldS < 1 ? undefined : heldS + least;
}
