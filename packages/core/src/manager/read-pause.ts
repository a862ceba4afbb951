/** The pause of this node after a background reading that failed. */
import type { FleetNode } from "../fleet/node.ts";
import { isSuspect } from "../state/state.ts";
import { awaitedRecheckMs, retryMs, steppedMs, urgentRetryMs } from "./background-schedule.ts";
import type { BackgroundDependencies } from "./dependencies.ts";

type ReadDependencies = Pick<BackgroundDependencies, "demand" | "source">;

/** Returns true when consumers may be waiting for this owner. */
export function isAwaited({ demand, source }: ReadDependencies): boolean {
  return source.role === "owner" && demand.isMarked(source.usedAtMs);
}

/**
 * Returns true when consumers may be waiting for the store's return: this owner has what the store
 * lacks, or has to replace what they have. No message shows that the store takes writes again.
 */
function isStoreAwaited({ local }: FleetNode, dependencies: ReadDependencies): boolean {
  // Fetched before the store ever answered this process: it cannot know its consumers.
  if (local.cached?.hasStoreTime === false) return true;
  const isOwed = !local.isUsable || (local.state !== undefined && isSuspect(local.state));
  return isAwaited(dependencies) && (isOwed || local.continued !== undefined);
}

/**
 * Returns the pause after this many failures in a row, in ms.
 *
 * @param jitter multiplies the pause.
 */
export function readPauseMs(
  node: FleetNode,
  dependencies: ReadDependencies,
  failures: number,
  jitter: number,
): number {
  if (isStoreAwaited(node, dependencies)) return jitter * urgentRetryMs;
  // Consumers that started since may wait for what this owner fetched without the store.
  const pauseMs = jitter * (node.local.continued === undefined ? steppedMs(failures) : retryMs);
  // Nothing reports a consumer's complaint to an owner without messages.
  return isAwaited(dependencies) && !dependencies.source.hasPush
    ? Math.min(pauseMs, awaitedRecheckMs(node.context.parameters, dependencies.source))
    : pauseMs;
}

/** Returns the pause between two readings while it is unknown what the store does, in ms. */
export function doubtfulPauseMs(node: FleetNode, dependencies: ReadDependencies): number {
  return isStoreAwaited(node, dependencies) ? urgentRetryMs : retryMs;
}
