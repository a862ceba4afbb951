/**
 * Why a credential could not be replaced in time, as the last attempt in the background found it.
 */
import type { CredentialUnavailableError, ErrorCode, LingpaiError } from "../errors.ts";
import type { EventData, StaleCause } from "../events/events.ts";
import { isLive } from "../state/state.ts";
import { labelOf } from "../fleet/adoption.ts";
import type { Parts } from "../fleet/node.ts";
import type { Latch } from "../refresh/circuit-breaker.ts";
import type { Obstacle } from "../leader/block-reason.ts";
import type { Role } from "../fleet/document-source.ts";

export type Hindrance = Pick<EventData["kept-stale"], "cause" | "errorCode">;

/** What an attempt left behind that brought nothing. */
export interface Fruitless {
  readonly error: unknown;
  readonly obstacle: Obstacle | undefined;
}

const byCode: Readonly<Partial<Record<ErrorCode, StaleCause>>> = {
  QUOTA_EXHAUSTED: "quota",
  CREDENTIAL_CONFLICT: "claim",
  CACHE_UNAVAILABLE: "store",
  UNREADABLE_ENTRY: "document",
  LOCK_LOST: "owner",
  // Its own says what stands in the way.
  CREDENTIAL_UNAVAILABLE: "parent",
};

const byObstacle: Readonly<
  Partial<Record<Extract<Obstacle, { kind: "pause" }>["why"], StaleCause>>
> = {
  cool: "cooling",
  refused: "fatal",
  governor: "governor",
  forced: "governor",
  store: "store",
};

/**
 * @param before what the attempt before met: a node that saw the platform fail knows more than that
 *   the fleet backs off.
 */
export function hindranceOf(
  { error, obstacle }: Fruitless,
  before: Hindrance | undefined,
): Hindrance | undefined {
  if (obstacle?.kind === "wait") return { cause: "owner" };
  const cause = obstacle === undefined ? undefined : byObstacle[obstacle.why];
  if (cause === "cooling") return before?.cause === "platform" ? before : { cause };
  if (cause !== undefined) return { cause };
  // A failed attempt is the cause of what its caller would have been told.
  const told =
    obstacle === undefined ? error : (error as CredentialUnavailableError | undefined)?.cause;
  if (!(told instanceof Error) || !("code" in told)) return before;
  const { code } = told as LingpaiError;
  return { cause: byCode[code] ?? "platform", errorCode: code };
}

/** Once for each credential that is served past the point where it should have been replaced. */
export function reportStale(
  { local, setting, storeClock }: Parts,
  role: Role,
  latch: Latch,
  met: Hindrance | undefined,
): void {
  const { holding, state } = local;
  if (holding === undefined) return;
  holding.isStaleReported = true;
  const nowMs = storeClock.nowMs();
  if (state !== undefined && !isLive(state, nowMs)) return;
  const cause = !setting.health.isReachable
    ? "store"
    : latch.isRefused
      ? "fatal"
      : role === "consumer"
        ? "owner"
        : undefined;
  // An attempt that has met nothing yet waits for the platform.
  const hindrance: Hindrance = cause === undefined ? (met ?? { cause: "platform" }) : { cause };
  setting.bus.emit("kept-stale", {
    ...labelOf(holding.held),
    remainingMs: holding.held.expiresAtMs - nowMs,
    ...hindrance,
  });
}
