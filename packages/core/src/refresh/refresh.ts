/**
 * One refresh from start to end: read the document, adopt its credential or lead a refresh under
 * the lease, and wait while a block reason lasts.
 */
import { setDeadline, type Deadline } from "../time/deadline.ts";
import { delay } from "../time/time.ts";
import type { RefreshDependencies } from "./dependencies.ts";
import { isUnavailable } from "../fleet/store-health.ts";
import { asConsumer } from "./consumer.ts";
import { asOwner } from "./owner.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { toCallerError, isPassing, type OnBlocked } from "../leader/block-reason.ts";
import { RefreshProgress } from "./progress.ts";
import { served, type Turn } from "./turn.ts";
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
  const progress = new RefreshProgress(dependencies.node.context);
  try {
    await refreshUntil(dependencies, goal, deadline, onBlocked, progress);
    progress.endWait("newer");
  } catch (error) {
    if (patient && deadline.leftMs() <= 0) progress.endWait("timeout");
    throw error;
  } finally {
    deadline.cancel();
  }
}

async function refreshUntil(
  dependencies: RefreshDependencies,
  goal: Goal,
  deadline: Deadline,
  onBlocked: OnBlocked,
  progress: RefreshProgress,
): Promise<void> {
  const { closing, node } = dependencies;
  const { clock } = node.context;
  let failure: unknown;
  for (let turn = 0; ; turn += 1) {
    closing.throwIfAborted();
    const block = await tryOnce(dependencies, goal, deadline, progress).catch(
      (error: unknown): Turn => {
        if (!isPassing(error)) throw toCallerError(error, node);
        failure = error;
        return { kind: "pause", ms: 50, why: "error" };
      },
    );
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
  deadline: Deadline,
  progress: RefreshProgress,
): Promise<Turn> {
  const { node } = dependencies;
  if (node.local.cachedFor(goal) !== undefined) return served;
  try {
    return await attemptWithStore(dependencies, goal, deadline, progress);
  } catch (error) {
    // The kind of the failure decides what can be done without the store, whichever operation
    // failed.
    if (!isUnavailable(error) || dependencies.parentErrors.has(error)) throw error;
    return node.local.cachedFor(goal) === undefined
      ? withoutStore(dependencies, goal, progress.startedMs, error)
      : served;
  }
}

async function attemptWithStore(
  dependencies: RefreshDependencies,
  goal: Goal,
  deadline: Deadline,
  progress: RefreshProgress,
): Promise<Turn> {
  const { closing, node, source } = dependencies;
  const snapshot = await source.read();
  if (node.local.cachedFor(goal) !== undefined) return served;
  const block =
    source.role === "consumer"
      ? await asConsumer(dependencies, goal, snapshot)
      : await asOwner(dependencies, goal, snapshot, progress);
  // Only a node that waits needs messages at once. The background subscribes for the others, after
  // their callers are served.
  if (block.kind === "wait") {
    if (!source.feed.isSubscribed && snapshot.state?.intent === undefined) {
      const ms = Math.min(untilIntentMs, block.ms, deadline.leftMs());
      if (ms > 0) await delay(node.context.clock, ms, closing);
    }
    await source.subscribeAndRead();
  }
  return block;
}

/**
 * A node that has just acquired the lease writes its intent within this time. Whoever subscribed
 * before would be told of it and read for nothing, just when that node needs the store.
 */
const untilIntentMs = 25;

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
