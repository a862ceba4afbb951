/**
 * From "a credential is wanted" to "this process holds one": read, adopt, or refresh under the
 * lease; wait out what stands in the way.
 */
import { setDeadline, type Deadline } from "../time/deadline.ts";
import type { CacheUnavailableError } from "../errors.ts";
import { tryLease } from "../lease/acquire.ts";
import { delay } from "../time/time.ts";
import type { Means } from "./dependencies.ts";
import { closedGate } from "../leader/write-intent.ts";
import type { Claim } from "../fleet/claim-registry.ts";
import { type Snapshot } from "../fleet/document.ts";
import { isUnavailable } from "../fleet/store-health.ts";
import { asConsumer, tellHolder } from "./consumer.ts";
import type { Gate, Leadership } from "../leader/attempt.ts";
import type { Parts } from "../fleet/node.ts";
import { lead } from "../leader/leader.ts";
import type { Goal } from "../fleet/local.ts";
import { explained, isPassing, type Obstacle, type OnObstacle } from "../leader/block-reason.ts";
import { parentOf, refused } from "./parent.ts";
import { isIssueError } from "../leader/issuer-call.ts";
import { termsOn } from "../fleet/context.ts";
import type { Source } from "../fleet/document-source.ts";
import { aloneWith } from "./without-store.ts";

/**
 * Resolves when this process holds what the goal asks for, or a refresh for it has been made.
 *
 * @param patient waits for what stands in the way, up to `waitMs`; otherwise the first obstacle
 *   ends it.
 */
export async function travel(
  means: Means,
  goal: Goal,
  patient: boolean,
  onObstacle: OnObstacle,
): Promise<void> {
  const { clock, parameters } = means.parts.setting;
  const deadline = setDeadline(clock, patient ? parameters.waitMs : 0);
  try {
    await travelUntil(means, goal, deadline, onObstacle);
  } finally {
    deadline.cancel();
  }
}

async function travelUntil(
  means: Means,
  goal: Goal,
  deadline: Deadline,
  onObstacle: OnObstacle,
): Promise<void> {
  const { closing, parts } = means;
  const { clock } = parts.setting;
  const startedMs = clock.monotonicMs();
  let failure: unknown;
  for (let turn = 0; ; turn += 1) {
    closing.throwIfAborted();
    const obstacle = await attempt(means, goal, startedMs).catch((error: unknown): Obstacle => {
      if (!isPassing(error)) throw explained(error, parts);
      failure = error;
      return { kind: "pause", ms: 50, why: "error" };
    });
    if (obstacle === undefined || parts.local.serves(goal) !== undefined) return;
    const explain = (): unknown => explained(failure, parts, obstacle);
    onObstacle(obstacle, explain);
    const leftMs = deadline.leftMs();
    if (obstacle.ms >= leftMs && (obstacle.kind === "pause" || leftMs <= 0)) throw explain();
    if (obstacle.kind === "pause") await delay(clock, obstacle.ms, closing);
    else await standBy(means, goal, Math.min(leftMs, obstacle.ms, await pollMs(means, turn)));
  }
}

/**
 * Until there is a reason to try again: news that the holder is about to ask the platform is none.
 */
async function standBy({ closing, parts, source }: Means, goal: Goal, ms: number): Promise<void> {
  const { local, setting } = parts;
  const untilMs = setting.clock.monotonicMs() + ms;
  for (let leftMs = ms; leftMs > 0; leftMs = untilMs - setting.clock.monotonicMs()) {
    const isNews = await source.news.next(leftMs);
    if (
      !isNews ||
      closing.aborted ||
      local.state?.intent === undefined ||
      local.serves(goal) !== undefined
    )
      return;
  }
}

/** Undefined when the goal is served, else what stood in the way. */
async function attempt(means: Means, goal: Goal, startedMs: number): Promise<Obstacle | undefined> {
  const { parts } = means;
  if (parts.local.serves(goal) !== undefined) return undefined;
  try {
    return await attemptWithStore(means, goal, startedMs);
  } catch (error) {
    // Whichever operation failed: what can be done without the store is decided by what the failure
    // is.
    if (!isUnavailable(error)) throw error;
    return parts.local.serves(goal) === undefined
      ? withoutStore(means, goal, startedMs, error)
      : undefined;
  }
}

async function attemptWithStore(
  means: Means,
  goal: Goal,
  startedMs: number,
): Promise<Obstacle | undefined> {
  const { parts, source } = means;
  const snapshot = await source.read();
  if (parts.local.serves(goal) !== undefined) return undefined;
  const obstacle =
    source.role === "consumer"
      ? await asConsumer(means, goal, snapshot)
      : await asOwner(means, goal, snapshot, startedMs);
  // Only who waits needs news at once; upkeep subscribes for the others when they have served their
  // callers.
  if (obstacle?.kind === "wait") await source.follow();
  return obstacle;
}

/**
 * An issuer that has to ask for its secret is waited for so long, before the fleet's refusal is
 * taken to concern it.
 */
const unsureMs = 2_000;

async function asOwner(
  means: Means,
  goal: Goal,
  snapshot: Snapshot,
  sinceMs: number,
): Promise<Obstacle | undefined> {
  const { claims, closing, latch, lock, parts, probe, recorder, source } = means;
  const { clock, health, issuer, parameters, random } = parts.setting;
  const closed = latch.closed(goal.reason);
  if (closed !== undefined) {
    if (latch.isUnsure && clock.monotonicMs() - sinceMs < unsureMs)
      return { kind: "pause", ms: 50, why: "refused" };
    await tellHolder(means, goal, snapshot);
    throw closed;
  }
  // Parents first: a child that waited for its parent under its own lease could wait for itself.
  const parent = await parentOf(means);
  const gate = await gateOf(means, goal, snapshot);
  if (gate !== undefined) return obstacleOf(parts, gate);
  // What was issued and could not be stored yet comes first: the input that it replaced must not be
  // sent again.
  if ((await recorder.pending.flush()) && parts.local.serves(goal) !== undefined) return undefined;

  const startedMs = clock.monotonicMs();
  const request = {
    ttlMs: parameters.leaseMs,
    storeDeadlineMs: parameters.storeDeadlineMs,
    clock,
    random,
  };
  const lease = await health.watched("acquire", () => tryLease(lock, issuer.id, request));
  if (!lease.acquired) {
    await tellHolder(means, goal, snapshot);
    return { kind: "wait", ms: lease.remainingMs + 10 + random.next() * 90 };
  }
  // An empty store has told no time before: without this the first intent would bear the time of
  // this node's wall clock.
  parts.storeClock.observe(lease.storeNowMs, startedMs);
  try {
    return await leadOnce(means, {
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
    // The lease is free again: a parent is not waited for under it here either.
    if (isIssueError(error)) return await refused(means, goal, error, parent);
    throw error;
  }
}

/**
 * The gate that is closed now. Who stands before it tells the others at least what the platform
 * refused.
 */
async function gateOf(means: Means, goal: Goal, snapshot: Snapshot): Promise<Gate | undefined> {
  try {
    const gate = closedGate(means.parts, goal, snapshot) ?? means.latch.gate(goal.reason);
    if (gate !== undefined) await tellHolder(means, goal, snapshot);
    return gate;
  } catch (error) {
    await tellHolder(means, goal, snapshot);
    throw error;
  }
}

/** Leads under the lease, and gives it back whatever happens. */
async function leadOnce(means: Means, leadership: Leadership): Promise<Obstacle | undefined> {
  const { claims, latch, parts, recorder, source } = means;
  source.news.mute();
  try {
    const closed = await lead(parts, leadership, recorder);
    if (closed === undefined) {
      latch.open();
      // Should it fail, the next refresh claims again.
      await claims.cover(parts.local.holding?.held.expiresAtMs ?? 0).catch(() => {});
      return undefined;
    }
    return closed.why === "claimed" ? yieldTo(source, closed.by) : obstacleOf(parts, closed);
  } finally {
    // What could not be stored yet keeps the lease.
    if (!recorder.pending.keeps(leadership.lease)) await leadership.lease.release();
    source.news.unmute();
  }
}

/** This environment lives on another one's credential from now on. */
function yieldTo(source: Source, claim: Claim): Obstacle {
  source.consume(claim);
  return { kind: "wait", ms: 0 };
}

async function withoutStore(
  means: Means,
  goal: Goal,
  startedMs: number,
  error: CacheUnavailableError,
): Promise<Obstacle | undefined> {
  const { parts, source, standalone } = means;
  const isHarmless = !termsOn(parts.setting, parts.local.state).rules.supersedes;
  // What a rotating issuer would have to send lies in the store.
  if (
    source.role === "owner" &&
    !parts.setting.rules.rotates &&
    (standalone === "always" || (standalone === "when-harmless" && isHarmless))
  ) {
    return issueWithoutStore(means, goal);
  }
  const { clock, random } = parts.setting;
  // What somebody has to mend is not waited for: the next call tries again.
  if (error.retryable) {
    const ms = Math.min(800, Math.max(100, (clock.monotonicMs() - startedMs) / 8));
    return { kind: "pause", ms: ms * (1 + random.next() / 2), why: "store", cause: error };
  }
  throw explained(error, parts);
}

async function issueWithoutStore(means: Means, goal: Goal): Promise<Obstacle | undefined> {
  const { closing, latch, parts, probe, recorder } = means;
  const closed = latch.closed(goal.reason);
  if (closed !== undefined) throw closed;
  const claim = await means.claims.look(parts.local.state?.credential !== undefined);
  if (claim !== undefined) return yieldTo(means.source, claim);
  const parent = await parentOf(means);
  const back = latch.gate(goal.reason);
  if (back !== undefined) return obstacleOf(parts, back);
  try {
    const gate = await lead(parts, aloneWith(parts, { goal, parent, probe, closing }), recorder);
    if (gate === undefined) latch.open();
    return gate && gate.why !== "claimed" ? obstacleOf(parts, gate) : undefined;
  } catch (error) {
    if (isIssueError(error)) return await refused(means, goal, error, parent);
    throw error;
  }
}

function obstacleOf({ storeClock }: Parts, { why, untilMs }: Gate): Obstacle {
  const ms = Math.max(1, untilMs - storeClock.nowMs());
  return why === "open" ? { kind: "wait", ms } : { kind: "pause", ms, why };
}

const firstPollMs = 50;
const pollMaxMs = 2_000;

/**
 * Without news the document is read at growing intervals; with them a message may still be lost.
 */
async function pollMs({ parts, source }: Means, turn: number): Promise<number> {
  const jitter = 0.75 + parts.setting.random.next() / 2;
  return (
    jitter *
    ((await source.listen())
      ? pollMaxMs
      : Math.min(pollMaxMs / 4, firstPollMs * 2 ** Math.min(turn, 10)))
  );
}
