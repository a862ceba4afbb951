/** Announces a request in the fleet's document: the last store command before it leaves. */
import { CredentialUnavailableError, QuotaExhaustedError } from "../errors.ts";
import { dangerUntil, type IntentVerdict } from "../state/intent.ts";
import { Secret } from "../secret.ts";
import { reduce } from "../state/reduce.ts";
import { isDead, isHandedOutAgain, type State } from "../state/state.ts";
import { askAgain } from "./ask-again.ts";
import type { Snapshot } from "../fleet/document.ts";
import {
  aimAt,
  type Approach,
  type Claimed,
  type Flight,
  type Gate,
  type InputSource,
  type Leadership,
} from "./attempt.ts";
import type { Parts } from "../fleet/node.ts";
import type { Goal } from "../fleet/local.ts";
import type { Recorder } from "./outcome.ts";
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
export async function announce(
  parts: Parts,
  leadership: Leadership,
  recorder: Recorder,
  approach: Approach,
): Promise<Flight | Gate | Claimed | undefined> {
  const { setting, local, adoption } = parts;
  const { claims, goal, isAlone, lease, document } = leadership;
  const { force, source } = approach;
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
  const aim = await askAgain(parts, leadership, aimAt(goal, read.state, parts), read);
  if (aim.reason === "reconcile" && (await settle(parts, leadership, read))) return undefined;
  const forgotten = forgottenRequest(parts, read);
  if (forgotten !== undefined) return forgotten;
  // It was handed out again, and is dead by the platform's own word since: asking without force
  // would bring it a third time.
  const isStuck =
    aim.reason === "rejected" &&
    termsOn(setting, read.state).canForce &&
    read.state !== undefined &&
    isHandedOutAgain(read.state) &&
    isDead(read.state);
  const forced = force === "must" || (force === "may" && isStuck);
  const ids = { operationId: setting.random.id(), outcomeId: setting.random.id() };
  const input = inputOf(parts, source, read);
  const recovers =
    input === undefined && setting.rules.rotates && setting.issuer.recover !== undefined;
  const event = {
    type: "intent",
    fence: lease.fence,
    forced,
    ...(isAlone ? { isAlone } : { overrunAtMs: overrunAtMs(parts, read) }),
    revision: setting.revision(),
    isOrdered: goal.reason === "manual",
    ...aim,
    ...ids,
    ...(input && {
      input: input.fingerprint,
      recovered: source.from === "platform" ? input.reveal() : undefined,
    }),
  } as const;
  const applied = await document.apply(event, { from: read, onlyWhile: () => lease.isHeld() });
  if (applied === undefined) throw reportLoss(parts, leadership, 0, "before-send");

  const { verdict, snapshot } = applied;
  if (verdict.kind === "adopt") return void adoption.take(snapshot, document);
  if (verdict.kind === "input-in-doubt" && setting.issuer.recover !== undefined)
    return announce(parts, leadership, recorder, { force, source: { from: "nowhere" } });
  if (verdict.kind === "exhausted" && forced && force === "may")
    return announce(parts, leadership, recorder, { force: "never", source });
  if (verdict.kind !== "send") return refusal(parts, goal, verdict);
  const flight: Flight = {
    aim,
    leadership,
    forced,
    input,
    recovers,
    ...ids,
    intent: verdict.intent,
    snapshot: withState(snapshot),
  };
  if (aim.isFirstHand === true && aim.refused !== undefined) local.refuse(aim.refused);
  report(parts, flight, verdict);
  if (lease.isHeld()) return flight;
  await recorder.abandon(flight, { outcome: "yielded", code: "LOCK_LOST" });
  throw reportLoss(parts, leadership, verdict.intent.epoch, "before-send");
}

/** What a rotating issuer has to send; undefined when nobody here knows. */
function inputOf({ setting }: Parts, source: InputSource, { state }: Snapshot): Secret | undefined {
  if (source.from === "platform") return source.input;
  const carry = source.from === "store" ? state?.credential?.carry : undefined;
  return carry === undefined ? undefined : new Secret(carry, setting.fingerprintOf(carry));
}

/**
 * The gate that an announcement would find closed now; saves asking for the lock in vain. A drain
 * is waited for under the lease.
 */
export function closedGate(parts: Parts, goal: Goal, snapshot: Snapshot): Gate | undefined {
  const forgotten = forgottenRequest(parts, snapshot);
  if (forgotten !== undefined) return forgotten;
  const aim = aimAt(goal, snapshot.state, parts);
  const ids = { operationId: "", outcomeId: "" };
  const asked = {
    fence: 0,
    forced: false,
    overrunAtMs: overrunAtMs(parts, snapshot),
    revision: parts.setting.revision(),
  };
  const event = {
    type: "intent",
    ...asked,
    isOrdered: goal.reason === "manual",
    ...ids,
    ...aim,
  } as const;
  const { verdict } = reduce(snapshot.state, event, parts.storeClock.nowMs(), parts.setting.rules);
  if (
    verdict.kind === "send" ||
    verdict.kind === "adopt" ||
    (verdict.kind === "wait" && verdict.why === "drain")
  )
    return undefined;
  return refusal(parts, goal, verdict);
}

/** In the store's time. */
function overrunAtMs({ storeClock, takeover }: Parts, { state }: Snapshot): number {
  return storeClock.nowMs() + takeover.waitMs(state);
}

/**
 * A store that was emptied holds no open request, but this node may know of one: whoever sent it is
 * about to report it.
 */
function forgottenRequest(
  { local, setting, storeClock, takeover }: Parts,
  { state }: Snapshot,
): Gate | undefined {
  const known = local.state;
  const nowMs = storeClock.nowMs();
  if (
    state !== undefined ||
    known?.intent === undefined ||
    nowMs >= dangerUntil(known, setting.rules)
  )
    return undefined;
  const waitMs = takeover.waitMs(known);
  return waitMs > 0 ? { why: "open", untilMs: nowMs + waitMs } : undefined;
}

function refusal(
  parts: Parts,
  goal: Goal,
  verdict: Exclude<IntentVerdict, { kind: "send" | "adopt" }>,
): Gate {
  const { id } = parts.setting.issuer;
  switch (verdict.kind) {
    case "wait":
      return verdict;
    case "exhausted":
      throw new QuotaExhaustedError(
        `The ledger of "${id}" leaves no fetch for the reason "${goal.reason}" today, so nothing was sent. Find out what refreshes so often: status() and the events tell.`,
        verdict.resetsAtMs - parts.storeClock.nowMs(),
        verdict.nextMs - parts.storeClock.nowMs(),
      );
    case "input-in-doubt":
      throw new CredentialUnavailableError(
        `The single-use input of "${id}" was sent before, and what became of it is unknown. Recover it from the platform or authorise again; sent twice it could burn what it bought.`,
      );
  }
}

function report(
  parts: Parts,
  flight: Flight,
  verdict: Extract<IntentVerdict, { kind: "send" }>,
): void {
  const { aim, intent, leadership, snapshot } = flight;
  const { setting, storeClock } = parts;
  const { state } = snapshot;
  const { bus } = setting;
  const { rules } = termsOn(setting, state);
  if (verdict.undrained)
    bus.emit("in-doubt", {
      cause: "undrained",
      epoch: intent.epoch,
      generation: state.credential?.generation,
    });
  const { rival: claimedBy } = leadership.claims;
  if (verdict.foreign !== undefined)
    reportForeign(parts, verdict.foreign, { fingerprint: aim.refused ?? "", claimedBy, state });
  reportQuota(bus, state.quota.used, rules, storeClock.nowMs());
}

function withState({ state, version }: Snapshot): Snapshot & { readonly state: State } {
  if (state === undefined)
    throw new Error("An intent that may be sent was written, so there is a document.");
  return { state, version };
}
