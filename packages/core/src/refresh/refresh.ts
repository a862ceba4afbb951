/**
 * One refresh from start to end: read the document, adopt its credential or lead a refresh under
 * the lease, and wait while a block reason lasts.
 */
import { setDeadline, type Deadline } from "../time/deadline.ts";
import { tryLease } from "../lease/acquire.ts";
import { delay } from "../time/time.ts";
import type { RefreshDependencies } from "./dependencies.ts";
import { gateBeforeLease } from "../leader/gate.ts";
import { type Snapshot } from "../fleet/document.ts";
import { isUnavailable } from "../fleet/store-health.ts";
import { asConsumer, markForLeaseHolder } from "./consumer.ts";
import type { Gate, LeaseContext } from "../leader/attempt.ts";
import { lead } from "../leader/leader.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { toCallerError, isPassing, type OnBlocked } from "../leader/block-reason.ts";
import { handleRefusal, parentOf } from "./parent.ts";
import { isIssueError } from "../leader/issuer-call.ts";
import { blockAt, served, turnOf, type Turn } from "./turn.ts";
import { withoutStore } from "./without-store.ts";

/**
 * Resolves when the goal is served, or a refresh for it has been made.
 *
 * @param patient waits for block reasons to pass, up to `waitMs`. Otherwise the first one ends the
 *   refresh.
 */
export async function refresh(
  dependencies: RefreshDependencies,
  goal: Goal,
  patient: boolean,
  onBlocked: OnBlocked,
): Promise<void> {
  const { clock, parameters } = dependencies.node.context;
  const deadline = setDeadline(clock, patient ? parameters.waitMs : 0);
  try {
    await refreshUntil(dependencies, goal, deadline, onBlocked);
  } finally {
    deadline.cancel();
  }
}

async function refreshUntil(
  dependencies: RefreshDependencies,
  goal: Goal,
  deadline: Deadline,
  onBlocked: OnBlocked,
): Promise<void> {
  const { closing, node } = dependencies;
  const { clock } = node.context;
  const startedMs = clock.monotonicMs();
  let failure: unknown;
  for (let turn = 0; ; turn += 1) {
    closing.throwIfAborted();
    const block = await tryOnce(dependencies, goal, startedMs).catch((error: unknown): Turn => {
      if (!isPassing(error)) throw toCallerError(error, node);
      failure = error;
      return { kind: "pause", ms: 50, why: "error" };
    });
    if (block.kind === "served" || node.local.cachedFor(goal) !== undefined) return;
    const toError = (): unknown => toCallerError(failure, node, block);
    onBlocked(block, toError);
    const leftMs = deadline.leftMs();
    if (block.ms >= leftMs && (block.kind === "pause" || leftMs <= 0)) throw toError();
    if (block.kind === "pause") await delay(clock, block.ms, closing);
    else
      await waitForChange(
        dependencies,
        goal,
        Math.min(leftMs, block.ms, await pollMs(dependencies, turn)),
      );
  }
}

/** Waits for a reason to try again. The lease holder's intent is none. */
async function waitForChange(
  { closing, node, source }: RefreshDependencies,
  goal: Goal,
  ms: number,
): Promise<void> {
  const { local, context } = node;
  const untilMs = context.clock.monotonicMs() + ms;
  for (let leftMs = ms; leftMs > 0; leftMs = untilMs - context.clock.monotonicMs()) {
    await source.feed.next(leftMs);
    if (closing.aborted || local.state?.intent === undefined || local.cachedFor(goal) !== undefined)
      return;
  }
}

async function tryOnce(
  dependencies: RefreshDependencies,
  goal: Goal,
  startedMs: number,
): Promise<Turn> {
  const { node } = dependencies;
  if (node.local.cachedFor(goal) !== undefined) return served;
  try {
    return await attemptWithStore(dependencies, goal, startedMs);
  } catch (error) {
    // The kind of the failure decides what can be done without the store, whichever operation
    // failed.
    if (!isUnavailable(error) || dependencies.parentErrors.has(error)) throw error;
    return node.local.cachedFor(goal) === undefined
      ? withoutStore(dependencies, goal, startedMs, error)
      : served;
  }
}

async function attemptWithStore(
  dependencies: RefreshDependencies,
  goal: Goal,
  startedMs: number,
): Promise<Turn> {
  const { node, source } = dependencies;
  const snapshot = await source.read();
  if (node.local.cachedFor(goal) !== undefined) return served;
  const block =
    source.role === "consumer"
      ? await asConsumer(dependencies, goal, snapshot)
      : await asOwner(dependencies, goal, snapshot, startedMs);
  // Only a node that waits needs messages at once. The background subscribes for the others, after
  // their callers are served.
  if (block.kind === "wait") await source.subscribeAndRead();
  return block;
}

/**
 * How long to wait for an issuer that has to fetch its secret, before the fleet's refusal concerns
 * it.
 */
const unsureMs = 2_000;

async function asOwner(
  dependencies: RefreshDependencies,
  goal: Goal,
  snapshot: Snapshot,
  sinceMs: number,
): Promise<Turn> {
  const { claims, closing, breaker, lock, node, probe, outcomes, source } = dependencies;
  const { clock, health, issuer, parameters, random } = node.context;
  const refusal = breaker.callerError(goal.reason);
  if (refusal !== undefined) {
    if (breaker.isUnsure && clock.monotonicMs() - sinceMs < unsureMs)
      return { kind: "pause", ms: 50, why: "refused" };
    await markForLeaseHolder(dependencies, goal, snapshot);
    throw refusal;
  }
  // Parents first: a child that waited for its parent under its own lease could wait for itself.
  const parent = await parentOf(dependencies);
  const gate = await currentGate(dependencies, goal, snapshot);
  if (gate !== undefined) return blockAt(node, gate);
  // An issued credential that could not be stored yet comes first: the input that it replaced must
  // not be sent again.
  if ((await outcomes.pending.flush()) && node.local.cachedFor(goal) !== undefined) return served;

  const startedMs = clock.monotonicMs();
  const request = {
    ttlMs: parameters.leaseMs,
    storeDeadlineMs: parameters.storeDeadlineMs,
    clock,
    random,
  };
  const lease = await health.watched("acquire", () => tryLease(lock, issuer.id, request));
  if (!lease.acquired) {
    await markForLeaseHolder(dependencies, goal, snapshot);
    return { kind: "wait", ms: lease.remainingMs + 10 + random.next() * 90 };
  }
  // An empty store has not reported its time before. Without this the first intent would have this
  // node's wall-clock time.
  node.storeClock.observe(lease.storeNowMs, startedMs);
  try {
    return await leadOnce(dependencies, {
      goal,
      lease,
      document: source.document,
      parent,
      claims,
      probe,
      closing,
      startedMs,
    });
  } catch (error) {
    // The lease is released by now, so no parent is awaited under it.
    if (isIssueError(error)) return await handleRefusal(dependencies, goal, error, parent);
    throw error;
  }
}

/**
 * Returns the gate that is closed now. A node that must wait at least notifies the others of a
 * refused credential.
 */
async function currentGate(
  dependencies: RefreshDependencies,
  goal: Goal,
  snapshot: Snapshot,
): Promise<Gate | undefined> {
  try {
    const gate =
      gateBeforeLease(dependencies.node, goal, snapshot) ??
      dependencies.breaker.backOff(goal.reason);
    if (gate !== undefined) await markForLeaseHolder(dependencies, goal, snapshot);
    return gate;
  } catch (error) {
    await markForLeaseHolder(dependencies, goal, snapshot);
    throw error;
  }
}

/** Leads under the lease, and releases it in any case. */
async function leadOnce(
  dependencies: RefreshDependencies,
  leaseContext: LeaseContext,
): Promise<Turn> {
  const { claims, breaker, node, outcomes, source } = dependencies;
  source.feed.pause();
  try {
    const result = await lead(node, leaseContext, outcomes);
    if (result.kind !== "served") return turnOf(dependencies, result);
    breaker.reset();
    // If this fails, the next refresh claims again.
    await claims.extendClaim(node.local.cached?.stored.expiresAtMs ?? 0).catch(() => {});
    return served;
  } finally {
    // An outcome that could not be stored yet keeps the lease.
    if (!outcomes.pending.keeps(leaseContext.lease)) await leaseContext.lease.release();
    source.feed.resume();
  }
}

const firstPollMs = 50;
const pollMaxMs = 2_000;

/**
 * Returns when to read the document next. Without push the intervals grow; with push a message may
 * still be lost.
 */
async function pollMs({ node, source }: RefreshDependencies, turn: number): Promise<number> {
  const jitter = 0.75 + node.context.random.next() / 2;
  return (
    jitter *
    ((await source.subscribe())
      ? pollMaxMs
      : Math.min(pollMaxMs / 4, firstPollMs * 2 ** Math.min(turn, 10)))
  );
}
