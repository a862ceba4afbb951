/**
 * When this node would start a refresh that one node of the fleet has to start. Drawn once for each
 * commit, and for each doubt.
 */
import type { CachedCredential } from "../fleet/cached-credential.ts";
import type { FleetNode } from "../fleet/node.ts";
import { electedStart } from "../fleet/renewal-windows.ts";
import { owedSinceMs } from "../state/state.ts";
import { retryMs } from "./background-schedule.ts";

/** A credential younger than this is not replaced ahead of time. */
const youthMs = 30_000;
/**
 * Over how long the nodes spread the start of a reconciling refresh. An earlier one would kill the
 * credential that nodes without push still send.
 */
const reconcileSpreadMs = 40_000;

export class ElectedStarts {
  readonly #node: FleetNode;
  /** The commit, and the start that was drawn for it. */
  #proactiveFor: string | undefined;
  #proactiveAtMs = 0;
  #reconcile: { readonly sinceMs: number; readonly atMs: number } | undefined;

  constructor(node: FleetNode) {
    this.#node = node;
  }

  /** When to refresh ahead of time, on the monotonic clock. */
  proactiveAtMs(cached: CachedCredential): number {
    const { stored } = cached;
    const { context, storeClock } = this.#node;
    if (this.#proactiveFor !== stored.commitId) {
      const { windows } = cached;
      const youngUntilMs =
        stored.issuedAtMs + Math.min(youthMs, (stored.expiresAtMs - stored.sentAtMs) / 2);
      const startMs = electedStart(
        windows.advisoryAtMs,
        windows.mandatoryAtMs,
        context.parameters.fleetSize,
        context.random.next(),
      );
      this.#proactiveFor = stored.commitId;
      this.#proactiveAtMs = storeClock.monotonicAt(Math.max(startMs, youngUntilMs));
    }
    return this.#proactiveAtMs;
  }

  /**
   * When to make the reconciling refresh that is owed, on the monotonic clock; infinity when none
   * is. It is made late, while both credentials still work, and not before the drain has passed.
   */
  reconcileAtMs(): number {
    const { local, context, storeClock } = this.#node;
    const sinceMs = context.rules.supersedes ? owedSinceMs(local.state) : local.state?.doubtSinceMs;
    if (sinceMs === undefined) return Number.POSITIVE_INFINITY;
    if (this.#reconcile?.sinceMs !== sinceMs) {
      const { drainMs, reconcileMs, fleetSize } = context.parameters;
      const lateMs = sinceMs + Math.max(reconcileMs, drainMs + retryMs);
      const earlyMs = Math.max(sinceMs + drainMs, lateMs - reconcileSpreadMs);
      const startMs = electedStart(earlyMs, lateMs, fleetSize, context.random.next());
      this.#reconcile = { sinceMs, atMs: storeClock.monotonicAt(startMs) };
    }
    return this.#reconcile.atMs;
  }
}
