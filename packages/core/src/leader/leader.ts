/**
 * The lease holder's work: read again, write the intent, send, record the outcome. Before the send
 * a lost lease stops the attempt. After the send nothing does: an abort does not revoke what was
 * issued, it only makes the outcome unknown.
 */
import { Secret } from "../secret.ts";
import { delay } from "../time/time.ts";
import { writeIntent } from "./write-intent.ts";
import { markSuspect } from "../fleet/suspect-mark.ts";
import type { Attempt, AttemptPlan, LeaseContext, NotSent, Served } from "./attempt.ts";
import type { FleetNode } from "../fleet/node.ts";
import { handedOutAgain } from "./block-reason.ts";
import { recover, send } from "./send.ts";
import type { OutcomeWriter } from "./write-outcome.ts";
import { termsOn } from "../fleet/context.ts";

/**
 * Nobody can use a credential in its last moments. The leader waits for its end, when the platform
 * issues the next one.
 */
const lastMomentsMs = 2_000;
const attemptsAtEndMax = 3;
/** How often the document is read again during a drain. */
const drainLookMs = 500;

/**
 * Resolves when the goal is served, or when nothing may be sent.
 *
 * @throws {IssueError} the platform refused or did not answer; the fleet's document says so too.
 */
export async function lead(
  node: FleetNode,
  leaseContext: LeaseContext,
  outcomes: OutcomeWriter,
): Promise<Served | NotSent> {
  const { context, storeClock, local } = node;
  const { parameters } = context;
  const { canForce } = termsOn(context, local.state);
  const { goal, isWithoutStore } = leaseContext;
  // A forced request would kill the token that the others use, and nothing could notify them.
  const forcing = isWithoutStore ? "never" : goal.reason === "manual" && canForce ? "must" : "may";
  let plan: AttemptPlan = { forcing, source: { from: "store" } };
  let refused: Secret | undefined;
  for (let attempts = 1; ;) {
    const intent = await writeIntent(node, leaseContext, outcomes, plan);
    if (intent.kind === "closed" && intent.gate.why === "drain") {
      // If the stored credential is refused meanwhile, here or elsewhere, the document shows it,
      // and the wait ends.
      const leftMs = Math.max(1, intent.gate.untilMs - storeClock.nowMs());
      await pause(node, leaseContext, Math.min(drainLookMs, leftMs));
      continue;
    }
    if (intent.kind !== "ready") return intent;
    const { attempt } = intent;
    if (attempt.recovers) {
      const input = await recover(node, attempt, outcomes, refused);
      plan = { ...plan, source: { from: "platform", input } };
      continue;
    }
    // While the fleet backs off, one attempt a turn is enough: an outage must not use up the day's
    // quota.
    const again = attempts < parameters.attemptsMax && attempt.snapshot.state.failures === 0;
    const mayRecover = refused === undefined;
    const answer = await send(node, attempt, outcomes, { again, mayRecover });
    attempts += 1;
    if (answer === "input-refused") {
      refused = attempt.input;
      plan = { ...plan, source: { from: "nowhere" } };
    } else if (answer === "busy")
      await pause(node, leaseContext, 200 + context.random.next() * 800);
    else if (isServed(node, attempt)) return { kind: "served" };
    else if (isAtItsEnd(node, attempt) && attempts <= attemptsAtEndMax)
      await pause(node, leaseContext, Math.max(0, endsInMs(node)) + context.random.next() * 100);
    else if ((await isFoundDead(node, attempt)) && canForce && !attempt.forced && !isWithoutStore)
      plan = { ...plan, forcing: "must" };
    else throw handedOutAgain(context.issuer.id);
  }
}

/** Returns true when the cached credential serves the attempt's goal. */
function isServed({ local }: FleetNode, { resolvedGoal }: Attempt): boolean {
  const goal = resolvedGoal.reason === "rejected" ? resolvedGoal : ({ reason: "cold" } as const);
  return local.cachedFor(goal) !== undefined;
}

/** Returns true when the platform handed out a credential that ends within moments. */
function isAtItsEnd(node: FleetNode, { resolvedGoal }: Attempt): boolean {
  return resolvedGoal.reason !== "rejected" && endsInMs(node) <= lastMomentsMs;
}

/** Returns the remaining life of the stored credential, in ms. */
function endsInMs({ local, storeClock }: FleetNode): number {
  return (local.state?.credential?.expiresAtMs ?? Number.POSITIVE_INFINITY) - storeClock.nowMs();
}

/**
 * Asks about a refused credential that was handed out again. Resolves to true when the platform
 * calls it dead. Otherwise it is in use again.
 */
async function isFoundDead(
  { local }: FleetNode,
  { resolvedGoal, leaseContext: { document, probe } }: Attempt,
): Promise<boolean> {
  const { state } = local;
  if (state?.credential === undefined || state.credential.fingerprint !== resolvedGoal.refused)
    return false;
  const { fingerprint, secret } = state.credential;
  const isDead = (await probe.verdict(new Secret(secret, fingerprint))) === "dead";
  const applied = await markSuspect(document, { fingerprint, found: isDead ? "dead" : "alive" });
  const next = applied?.snapshot.state ?? state;
  if (isDead) {
    local.updateState(next);
    return true;
  }
  local.clearRefused(fingerprint);
  if (next.credential?.fingerprint === fingerprint) local.adopt(next, next.credential);
  return false;
}

/** Waits under the lease; ends early when the lease is lost or everything closes. */
async function pause(
  { context }: FleetNode,
  { lease, closing }: LeaseContext,
  ms: number,
): Promise<void> {
  await delay(context.clock, ms, AbortSignal.any([lease.signal, closing]));
}
