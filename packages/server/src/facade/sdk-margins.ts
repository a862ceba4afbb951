/**
 * How much earlier than `expires_in` each SDK drops a token, according to its sources in November
 * 2026.
 */
import type { SdkName } from "../keys/key-document.ts";

export interface SdkMargin {
  /** In seconds: the smallest and the largest margin of its caches. */
  readonly tokenS: readonly [least: number, most: number];
  readonly stableS: readonly [least: number, most: number];
  readonly ticketS: readonly [least: number, most: number];
}

const none: SdkMargin = { tokenS: [0, 0], stableS: [0, 0], ticketS: [0, 0] };

export const sdkMargins: Readonly<Record<SdkName, SdkMargin>> = {
  /**
   * `expires_in - 1500`, and `- 300` for the stable token. At or below its margin it stores the
   * token in Redis without an expiry, so `expires_in` must always be above the margin.
   */
  "silenceper/wechat": { tokenS: [1_500, 1_500], stableS: [300, 300], ticketS: [1_500, 1_500] },
  /** In memory `expires_in - 200`, in Redis `expires_in`. */
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
 * Returns the `expires_in` for an SDK, in seconds, with which the SDK keeps the token for its
 * remaining lifetime or for `holdMs`, whichever is less. Undefined if less than a second is left.
 *
 * For an SDK with a margin the figure may exceed the remaining lifetime, because the SDK subtracts
 * its margin. Without the name of an SDK no margin is assumed, and the figure never exceeds the
 * remaining lifetime.
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
