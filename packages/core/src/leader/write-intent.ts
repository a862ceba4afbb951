/** Announces a request in the fleet's document: the last store command before it leaves. */
import { CredentialUnavailableError, QuotaExhaustedError } from "../errors.ts";
import { dangerUntil, type IntentVerdict } from "../state/intent.ts";
import { Secret } from "../secret.ts";
import { reduce } from "../state/reduce.ts";
import { isDead, isHandedOutAgain, type State } from "../state/state.ts";
import { askAgain } from "./ask-again.ts";
import type { Snapshot } from "../fleet/document.ts";
import {
  resolveGoal,
  type AttemptPlan,
  type Claimed,
  type Attempt,
  type Gate,
  type InputSource,
  type LeaseContext,
} from "./attempt.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Goal } from "../fleet/local.ts";
import type { OutcomeWriter } from "./outcome.ts";
import { termsOn } from "../fleet/context.ts";
import { reportForeign, reportLoss, reportQuota } from "./reports.ts";
import { settle } from "./settle-doubt.ts";

/**
 * The flight that may now be sent, or the gate that is closed; undefined when what is stored serves
 * the goal.
 *
 * @throws {LockLostError} the lease ended first; nothing was sent. @throws {QuotaExhaustedError}
 *   the ledger is at its cap.
 */
export async function writeIntent(
  node: FleetNode,
  leaseContext: LeaseContext,
  outcomes: OutcomeWriter,
  plan: AttemptPlan,
): Promise<Attempt | Gate | Claimed | undefined> {
  const { context, local, adoption } = node;
  const { claims, goal, isWithoutStore, lease, document } = leaseContext;
  const { force, source } = plan;
  const reading = document.read();
  const isEstablished = reading
    .then(({ state }) => state?.credential !== undefined)
    .catch(() => false);
  const claiming = claims.ensure(isEstablished, local.state === undefined);
  // Whether it failed matters only if the document does not serve the goal.
  claiming.catch(() => {});
  // A refused credential may be another environment's doing: to name it, who else claims it has to
  // be known.
  const looking = goal.reason === "rejected" ? claims.seeOthers() : undefined;
  const read = await reading;
  adoption.take(read, document);
  if (force !== "must" && local.serves(goal)) return undefined;

  const by = await claiming;
  await looking;
  if (by !== undefined) return { why: "claimed", by };
  const resolvedGoal = await askAgain(
    node,
    leaseContext,
    resolveGoal(goal, read.state, node),
    read,
  );
  if (resolvedGoal.reason === "reconcile" && (await settle(node, leaseContext, read)))
    return undefined;
  const forgotten = forgottenRequest(node, read);
  if (forgotten !== undefined) return forgotten;
  // It was handed out again, and is dead by the platform's own word since: asking without force
  // would bring it a third time.
  const isStuck =
    resolvedGoal.reason === "rejected" &&
    termsOn(context, read.state).canForce &&
    read.state !== undefined &&
    isHandedOutAgain(read.state) &&
    isDead(read.state);
  const forced = force === "must" || (force === "may" && isStuck);
  const ids = { operationId: context.random.id(), outcomeId: context.random.id() };
  const input = inputOf(node, source, read);
  const recovers =
    input === undefined && context.rules.rotates && context.issuer.recover !== undefined;
  const event = {
    type: "intent",
    fence: lease.fence,
    forced,
    ...(isWithoutStore ? { isWithoutStore } : { overrunAtMs: overrunAtMs(node, read) }),
    revision: context.revision(),
    isOrdered: goal.reason === "manual",
    ...resolvedGoal,
    ...ids,
    ...(input && {
      input: input.fingerprint,
      recovered: source.from === "platform" ? input.reveal() : undefined,
    }),
  } as const;
  const applied = await document.apply(event, { from: read, onlyWhile: () => lease.isHeld() });
  if (applied === undefined) throw reportLoss(node, leaseContext, 0, "before-send");

  const { verdict, snapshot } = applied;
  if (verdict.kind === "adopt") return void adoption.take(snapshot, document);
  if (verdict.kind === "input-in-doubt" && context.issuer.recover !== undefined)
    return writeIntent(node, leaseContext, outcomes, { force, source: { from: "nowhere" } });
  if (verdict.kind === "exhausted" && forced && force === "may")
    return writeIntent(node, leaseContext, outcomes, { force: "never", source });
  if (verdict.kind !== "send") return refusal(node, goal, verdict);
  const attempt: Attempt = {
    resolvedGoal,
    leaseContext,
    forced,
    input,
    recovers,
    ...ids,
    intent: verdict.intent,
    snapshot: withState(snapshot),
  };
  if (resolvedGoal.isFirstHand === true && resolvedGoal.refused !== undefined)
    local.refuse(resolvedGoal.refused);
  report(node, attempt, verdict);
  if (lease.isHeld()) return attempt;
  await outcomes.abandon(attempt, { outcome: "yielded", code: "LOCK_LOST" });
  throw reportLoss(node, leaseContext, verdict.intent.epoch, "before-send");
}

/** What a rotating issuer has to send; undefined when nobody here knows. */
function inputOf(
  { context }: FleetNode,
  source: InputSource,
  { state }: Snapshot,
): Secret | undefined {
  if (source.from === "platform") return source.input;
  const carry = source.from === "store" ? state?.credential?.carry : undefined;
  return carry === undefined ? undefined : new Secret(carry, context.fingerprintOf(carry));
}

/**
 * The gate that an announcement would find closed now; saves asking for the lock in vain. A drain
 * is waited for under the lease.
 */
export function closedGate(node: FleetNode, goal: Goal, snapshot: Snapshot): Gate | undefined {
  const forgotten = forgottenRequest(node, snapshot);
  if (forgotten !== undefined) return forgotten;
  const resolvedGoal = resolveGoal(goal, snapshot.state, node);
  const ids = { operationId: "", outcomeId: "" };
  const asked = {
    fence: 0,
    forced: false,
    overrunAtMs: overrunAtMs(node, snapshot),
    revision: node.context.revision(),
  };
  const event = {
    type: "intent",
    ...asked,
    isOrdered: goal.reason === "manual",
    ...ids,
    ...resolvedGoal,
  } as const;
  const { verdict } = reduce(snapshot.state, event, node.storeClock.nowMs(), node.context.rules);
  if (
    verdict.kind === "send" ||
    verdict.kind === "adopt" ||
    (verdict.kind === "wait" && verdict.why === "drain")
  )
    return undefined;
  return refusal(node, goal, verdict);
}

/** In the store's time. */
function overrunAtMs({ storeClock, takeover }: FleetNode, { state }: Snapshot): number {
  return storeClock.nowMs() + takeover.waitMs(state);
}

/**
 * A store that was emptied holds no open request, but this node may know of one: whoever sent it is
 * about to report it.
 */
function forgottenRequest(
  { local, context, storeClock, takeover }: FleetNode,
  { state }: Snapshot,
): Gate | undefined {
  const known = local.state;
  const nowMs = storeClock.nowMs();
  if (
    state !== undefined ||
    known?.intent === undefined ||
    nowMs >= dangerUntil(known, context.rules)
  )
    return undefined;
  const waitMs = takeover.waitMs(known);
  return waitMs > 0 ? { why: "open", untilMs: nowMs + waitMs } : undefined;
}

function refusal(
  node: FleetNode,
  goal: Goal,
  verdict: Exclude<IntentVerdict, { kind: "send" | "adopt" }>,
): Gate {
  const { id } = node.context.issuer;
  switch (verdict.kind) {
    case "wait":
      return verdict;
    case "exhausted":
      throw new QuotaExhaustedError(
        `The ledger of "${id}" leaves no fetch for the reason "${goal.reason}" today, so nothing was sent. Find out what refreshes so often: status() and the events tell.`,
        verdict.resetsAtMs - node.storeClock.nowMs(),
        verdict.nextMs - node.storeClock.nowMs(),
      );
    case "input-in-doubt":
      throw new CredentialUnavailableError(
        `The single-use input of "${id}" was sent before, and what became of it is unknown. Recover it from the platform or authorise again; sent twice it could burn what it bought.`,
      );
  }
}

function report(
  node: FleetNode,
  attempt: Attempt,
  verdict: Extract<IntentVerdict, { kind: "send" }>,
): void {
  const { resolvedGoal, intent, leaseContext, snapshot } = attempt;
  const { context, storeClock } = node;
  const { state } = snapshot;
  const { bus } = context;
  const { rules } = termsOn(context, state);
  if (verdict.undrained)
    bus.emit("in-doubt", {
      cause: "undrained",
      epoch: intent.epoch,
      generation: state.credential?.generation,
    });
  const { rival: claimedBy } = leaseContext.claims;
  if (verdict.foreign !== undefined)
    reportForeign(node, verdict.foreign, {
      fingerprint: resolvedGoal.refused ?? "",
      claimedBy,
      state,
    });
  reportQuota(bus, state.quota.used, rules, storeClock.nowMs());
}

function withState({ state, version }: Snapshot): Snapshot & { readonly state: State } {
  if (state === undefined)
    throw new Error("An intent that may be sent was written, so there is a document.");
  return { state, version };
}
