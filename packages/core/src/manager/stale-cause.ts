/**
 * Finds out why a credential could not be replaced in time, from the last attempt in the
 * background.
 */
import type { CredentialUnavailableError, ErrorCode, LingpaiError } from "../errors.ts";
import type { EventData, StaleCause } from "../events/events.ts";
import { isLive } from "../state/state.ts";
import { labelOf } from "../fleet/adoption.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { CircuitBreaker } from "../refresh/circuit-breaker.ts";
import type { LazyWeakSet } from "../refresh/lazy-weak-set.ts";
import type { BlockReason } from "../leader/block-reason.ts";
import type { Role } from "../fleet/document-source.ts";

export type StaleReason = Pick<EventData["kept-stale"], "cause" | "errorCode">;

/** The result of a failed attempt. */
export interface FailedAttempt {
  readonly error: unknown;
  readonly block: BlockReason | undefined;
}

const byCode: Readonly<Partial<Record<ErrorCode, StaleCause>>> = {
  QUOTA_EXHAUSTED: "quota",
  CREDENTIAL_CONFLICT: "claim",
  CACHE_UNAVAILABLE: "store",
  UNREADABLE_ENTRY: "document",
  LOCK_LOST: "owner",
};

const byBlockReason: Readonly<
  Partial<Record<Extract<BlockReason, { kind: "pause" }>["why"], StaleCause>>
> = {
  "back-off": "back-off",
  refused: "fatal",
  governor: "governor",
  forced: "governor",
  store: "store",
};

/**
 * @param before the reason of the attempt before. A node that saw the platform fail knows more than
 *   that the fleet backs off.
 * @param parentErrors what the parent threw.
 */
export function staleReasonOf(
  { error, block }: FailedAttempt,
  before: StaleReason | undefined,
  parentErrors: Pick<LazyWeakSet<object>, "has">,
): StaleReason | undefined {
  if (block?.kind === "wait") return { cause: "owner" };
  const cause = block === undefined ? undefined : byBlockReason[block.why];
  if (cause === "back-off") return before?.cause === "platform" ? before : { cause };
  if (cause !== undefined) return { cause };
  // The cause of the caller's error is the failed attempt.
  const found =
    block === undefined ? error : (error as CredentialUnavailableError | undefined)?.cause;
  if (!(found instanceof Error) || !("code" in found)) return before;
  const { code } = found as LingpaiError;
  const own = byCode[code] ?? "platform";
  return { cause: parentErrors.has(found) ? "parent" : own, errorCode: code };
}

/**
 * Reports, once for each credential, that it is served past the point where it should have been
 * replaced.
 */
export function reportStale(
  { local, context, storeClock }: FleetNode,
  role: Role,
  breaker: CircuitBreaker,
  met: StaleReason | undefined,
): void {
  const { cached, state } = local;
  if (cached === undefined) return;
  cached.isStaleReported = true;
  const nowMs = storeClock.nowMs();
  if (state !== undefined && !isLive(state, nowMs)) return;
  const cause = !context.health.isReachable
    ? "store"
    : breaker.isRefused
      ? "fatal"
      : role === "consumer"
        ? "owner"
        : undefined;
  // An attempt without a result yet waits for the platform.
  const staleReason: StaleReason = cause === undefined ? (met ?? { cause: "platform" }) : { cause };
  context.bus.emit("kept-stale", {
    ...labelOf(cached.stored),
    remainingMs: cached.stored.expiresAtMs - nowMs,
    ...staleReason,
  });
}
