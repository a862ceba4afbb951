/**
 * An owner's turn, when the stored credential does not serve it: checks what may forbid a refresh,
 * acquires the lease, leads, and releases the lease.
 */
import type { EventBus } from "../events/event-bus.ts";
import type { Snapshot } from "../fleet/document.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { tryLease } from "../lease/acquire.ts";
import type { Lease } from "../lease/lease.ts";
import type { Gate, LeaderLease } from "../leader/attempt.ts";
import { gateBeforeLease } from "../leader/gate.ts";
import { isIssueError } from "../leader/issuer-call.ts";
import { lead } from "../leader/leader.ts";
import type { Secret } from "../secret.ts";
import { markForLeaseHolder } from "./consumer.ts";
import type { RefreshDependencies } from "./dependencies.ts";
import { handleRefusal, parentOf } from "./parent.ts";
import type { RefreshProgress } from "./progress.ts";
import { blockAt, served, turnOf, type Turn } from "./turn.ts";

/**
 * How long to wait for an issuer that has to fetch its secret, before the fleet's refusal concerns
 * it.
 */
const unsureMs = 2_000;

/**
 * Leads a refresh under the lease, unless something forbids it. A node that may not lead at least
 * marks a dead credential for the node that may.
 */
export async function asOwner(
  dependencies: RefreshDependencies,
  goal: Goal,
  snapshot: Snapshot,
  progress: RefreshProgress,
): Promise<Turn> {
  const { breaker, node, outcomes } = dependencies;
  const { clock } = node.context;
  const refusal = breaker.callerError(goal.reason);
  if (refusal !== undefined) {
    if (breaker.isUnsure && clock.monotonicMs() - progress.startedMs < unsureMs)
      return { kind: "pause", ms: 50, why: "refused" };
    await markForLeaseHolder(dependencies, goal, snapshot);
    throw refusal;
  }
  // Parents first: a child that waited for its parent under its own lease could wait for itself.
  const parent = await parentOf(dependencies);
  let gate: Gate | undefined;
  try {
    gate = gateBeforeLease(node, goal, snapshot) ?? breaker.backOff(goal.reason);
  } catch (error) {
    await markForLeaseHolder(dependencies, goal, snapshot);
    throw error;
  }
  if (gate !== undefined) {
    await markForLeaseHolder(dependencies, goal, snapshot);
    return blockAt(node, gate);
  }
  // An issued credential that could not be stored yet comes first: the input that it replaced must
  // not be sent again.
  if ((await outcomes.pending?.flush()) && node.local.cachedFor(goal) !== undefined) return served;
  try {
    return await leadUnderLease(dependencies, goal, snapshot, parent, progress);
  } catch (error) {
    // The lease is released by now, so no parent is awaited under it.
    if (isIssueError(error)) return await handleRefusal(dependencies, goal, error, parent);
    throw error;
  }
}

/** Acquires the lease, leads a refresh, and releases the lease in any case. */
async function leadUnderLease(
  dependencies: RefreshDependencies,
  goal: Goal,
  snapshot: Snapshot,
  parent: Secret | undefined,
  progress: RefreshProgress,
): Promise<Turn> {
  const { breaker, claims, closing, lock, node, outcomes, probe, source } = dependencies;
  const { bus, clock, health, issuer, parameters, random } = node.context;
  const { leaseMs: ttlMs, storeDeadlineMs } = parameters;
  const startedMs = clock.monotonicMs();
  progress.wantsLease();
  const granted = await health.watched("acquire", () =>
    tryLease(lock, issuer.id, { ttlMs, storeDeadlineMs, clock, random }),
  );
  if (!granted.acquired) {
    await markForLeaseHolder(dependencies, goal, snapshot);
    return { kind: "wait", ms: granted.remainingMs + 10 + random.next() * 90 };
  }
  progress.endWait("granted");
  const lease = measured(granted, bus, clock.monotonicMs());
  // An empty store has not reported its time before. Without this the first intent would have this
  // node's wall-clock time.
  node.storeClock.observe(granted.storeNowMs, startedMs);
  source.feed.pause();
  try {
    const { document } = source;
    const leaseContext = { goal, lease, document, parent, claims, probe, closing, startedMs };
    const result = await lead(node, leaseContext, outcomes);
    if (result.kind !== "served") return turnOf(dependencies, result);
    breaker.reset();
    // If this fails, the next refresh claims again.
    await claims.extendClaim(node.local.cached?.stored).catch(() => {});
    return served;
  } finally {
    // An outcome that could not be stored yet keeps the lease.
    if (outcomes.pending?.keeps(lease) !== true) await lease.release();
    source.feed.resume();
  }
}

/** The lease, whose end is measured once: when it is lost, otherwise when it is first released. */
function measured(lease: Lease, bus: EventBus, grantedMs: number): LeaderLease {
  let isMeasured = false;
  const measure = (): void => {
    if (isMeasured) return;
    isMeasured = true;
    bus.measure({ kind: "lock-hold", outcome: lease.lost ?? "released" }, grantedMs);
  };
  lease.signal.addEventListener("abort", measure);
  return {
    fence: lease.fence,
    signal: lease.signal,
    get lost() {
      return lease.lost;
    },
    isHeld: () => lease.isHeld(),
    release() {
      measure();
      return lease.release();
    },
  };
}
