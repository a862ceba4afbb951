/** Writes the intent into the fleet's document: the last store command before a request leaves. */
import { fingerprintIn, termsOn } from "../fleet/context.ts";
import type { Snapshot } from "../fleet/document.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { FleetNode } from "../fleet/node.ts";
import { Secret } from "../secret.ts";
import type { IntentVerdict } from "../state/intent.ts";
import { shownUse } from "../state/quota.ts";
import { isDead, isHandedOutAgain, type State } from "../state/state.ts";
import { probeBeforeIntent } from "./probe-before-intent.ts";
import {
  resolveGoal,
  type Attempt,
  type AttemptPlan,
  type InputSource,
  type LeaseContext,
  type NotSent,
  type Served,
} from "./attempt.ts";
import { gateOfUnstoredRequest, gateOf, presumedLostAtMs } from "./gate.ts";
import type { OutcomeWriter } from "./write-outcome.ts";
import { reportContention, reportLoss, reportQuota } from "./reports.ts";
import { settle } from "./settle-doubt.ts";

/** `ready`: the intent is stored, and the request may be sent now. */
export type IntentResult = { readonly kind: "ready"; readonly attempt: Attempt } | Served | NotSent;

/**
 * Reads the document once more, and writes the intent unless what is stored serves the goal.
 *
 * @throws {LockLostError} the lease ended first; nothing was sent. @throws {QuotaExhaustedError}
 *   the ledger is at its cap.
 */
export async function writeIntent(
  node: FleetNode,
  leaseContext: LeaseContext,
  outcomes: OutcomeWriter,
  plan: AttemptPlan,
): Promise<IntentResult> {
  const looked = await checkBeforeIntent(node, leaseContext, plan);
  if (looked.kind !== "needed") return looked;
  const { read, resolvedGoal } = looked;
  const { goal, lease, document } = leaseContext;
  const { forcing, source } = plan;
  const forced = isForced(node, plan, resolvedGoal, read);
  const draft = draftOf(node, leaseContext, plan, looked, forced);
  const onlyWhile = (): boolean => lease.isHeld();
  const applied = await document.apply(draft.event, { from: read, onlyWhile });
  if (applied === undefined) throw reportLoss(node, leaseContext, 0, "before-send");

  const { verdict, snapshot } = applied;
  if (verdict.kind === "adopt") {
    node.adoption.adoptNewer(snapshot, document);
    return { kind: "served" };
  }
  if (verdict.kind === "input-in-doubt" && node.context.issuer.recover !== undefined)
    return writeIntent(node, leaseContext, outcomes, { forcing, source: { from: "nowhere" } });
  if (verdict.kind === "exhausted" && forced && forcing === "may")
    return writeIntent(node, leaseContext, outcomes, { forcing: "never", source });
  if (verdict.kind !== "send") return { kind: "closed", gate: gateOf(node, goal, verdict) };
  const attempt: Attempt = {
    resolvedGoal,
    leaseContext,
    forced,
    input: draft.input,
    recovers: draft.recovers,
    ...draft.ids,
    intent: verdict.intent,
    snapshot: withState(snapshot),
  };
  if (resolvedGoal.isFirstHand === true && resolvedGoal.refused !== undefined)
    node.local.markRefused(resolvedGoal.refused);
  report(node, attempt, verdict);
  if (lease.isHeld()) return { kind: "ready", attempt };
  await outcomes.abandon(attempt, { outcome: "yielded", code: "LOCK_LOST" });
  throw reportLoss(node, leaseContext, verdict.intent.epoch, "before-send");
}

/** `needed`: a request must be made, for this goal, on the document as it was read. */
interface RequestNeeded {
  readonly kind: "needed";
  readonly resolvedGoal: Goal;
  readonly read: Snapshot;
}

/** Finds out, under the lease, whether a request is needed, and whether it may be made. */
async function checkBeforeIntent(
  node: FleetNode,
  leaseContext: LeaseContext,
  { forcing }: AttemptPlan,
): Promise<RequestNeeded | Served | NotSent> {
  const { local, adoption } = node;
  const { claims, goal, document } = leaseContext;
  const reading = document.read();
  // The store may have lost what this process still knows.
  const { latest } = local;
  const stored = reading.then(
    ({ state }) => state?.credential ?? latest,
    () => undefined,
  );
  const claiming = claims.claim(stored, local.state === undefined);
  // A failure matters only if the document does not serve the goal.
  claiming.catch(() => {});
  // Another environment may have caused the refusal: its claim gives the report a name.
  const looking = goal.reason === "rejected" ? claims.readOthers() : undefined;
  const read = await reading;
  adoption.adoptNewer(read, document);
  if (forcing !== "must" && local.cachedFor(goal)) return { kind: "served" };

  const by = await claiming;
  await looking;
  if (by !== undefined) return { kind: "claimed", by };
  const goalNow = resolveGoal(goal, read.state, node);
  const resolvedGoal = await probeBeforeIntent(node, leaseContext, goalNow, read);
  if (resolvedGoal.reason === "reconcile" && (await settle(node, leaseContext, read)))
    return { kind: "served" };
  const gate = gateOfUnstoredRequest(node, read);
  return gate === undefined ? { kind: "needed", resolvedGoal, read } : { kind: "closed", gate };
}

/**
 * Returns true when the platform must replace what it would hand out again. If the platform has
 * returned a credential and then called it dead, it would return it once more.
 */
function isForced(
  { context }: FleetNode,
  { forcing }: AttemptPlan,
  { reason }: Goal,
  { state }: Snapshot,
): boolean {
  if (forcing !== "may") return forcing === "must";
  return (
    reason === "rejected" &&
    termsOn(context, state).canForce &&
    state !== undefined &&
    isHandedOutAgain(state) &&
    isDead(state)
  );
}

/** Puts the intent together, with what its attempt needs later. */
function draftOf(
  node: FleetNode,
  { goal, isWithoutStore, lease }: LeaseContext,
  { source }: AttemptPlan,
  { read, resolvedGoal }: RequestNeeded,
  forced: boolean,
) {
  const { context } = node;
  const ids = { operationId: context.random.id(), outcomeId: context.random.id() };
  const input = inputOf(node, source, read);
  const recovers =
    input === undefined && context.rules.rotates && context.issuer.recover !== undefined;
  const event = {
    type: "intent",
    fence: lease.fence,
    forced,
    ...(isWithoutStore ? { isWithoutStore } : { presumedLostAtMs: presumedLostAtMs(node, read) }),
    revision: context.revision.recentFor(read.state),
    isOrdered: goal.reason === "manual",
    ...resolvedGoal,
    ...ids,
    ...(input && {
      input: input.fingerprint,
      recovered: source.from === "platform" ? input.reveal() : undefined,
    }),
  } as const;
  return { event, ids, input, recovers };
}

/** Returns the input that a rotating issuer has to send. Undefined when this node knows none. */
function inputOf(
  { context }: FleetNode,
  source: InputSource,
  { state }: Snapshot,
): Secret | undefined {
  if (source.from === "platform") return source.input;
  const nextInput = source.from === "store" ? state?.credential?.nextInput : undefined;
  return nextInput === undefined
    ? undefined
    : new Secret(nextInput, fingerprintIn(context, nextInput));
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
  const { otherClaimant: claimedBy } = leaseContext.claims;
  if (verdict.foreign !== undefined)
    reportContention(node, verdict.foreign, {
      fingerprint: resolvedGoal.refused ?? "",
      claimedBy,
      state,
    });
  reportQuota(bus, shownUse(state.quota, rules), rules, storeClock.nowMs());
}

function withState({ state, version }: Snapshot): Snapshot & { readonly state: State } {
  if (state === undefined)
    throw new Error("An intent that may be sent was written, so there is a document.");
  return { state, version };
}
