/** Fetching while the store cannot be reached: for issuers that hand out the same credential again, or a node without neighbours. */
import { QuotaExhaustedError } from "../errors.ts";
import type { Issued } from "../issuer.ts";
import { Secret } from "../secret.ts";
import { reduce } from "../state/reduce.ts";
import type { Intent, State } from "../state/state.ts";
import { labelOf } from "./adoption.ts";
import { aimAt, type Gate, type Parts } from "./flight.ts";
import type { Goal } from "./local.ts";
import { endingOf } from "./lead.ts";
import { handedOutAgain } from "./obstacle.ts";
import { asEvent, type Ending } from "./recorder.ts";
import { reportFailure } from "./reports.ts";
import type { Probe } from "./probe.ts";
import { termsOn } from "./setting.ts";
import { ask, currentOf, isIssueError } from "./request.ts";

/**
 * Runs the protocol against this process's own copy of the document: the same gates, nobody else to agree with. When the store is back, what it
 * holds is adopted, or repaired if it holds what this fetch replaced.
 */
export async function issueAlone(parts: Parts, goal: Goal, parent: Secret | undefined, probe: Probe): Promise<Gate | undefined> {
  const { setting, storeClock, local } = parts;
  const { clock, fingerprintOf, issuer, random, rules } = setting;
  const startedMs = clock.monotonicMs();
  const ids = { operationId: random.id(), outcomeId: random.id() };
  const aim = aimAt(goal, local.state, parts);
  const event = { type: "intent", fence: 0, forced: false, revision: setting.revision(), ...aim, ...ids } as const;
  const { verdict, state } = reduce(local.state, event, storeClock.nowMs(), rules);
  if (verdict.kind === "wait") return verdict;
  if (verdict.kind === "exhausted")
    throw new QuotaExhaustedError(
      `The ledger of "${issuer.id}" is at its cap, so nothing was sent.`,
      verdict.resetsAtMs - storeClock.nowMs(),
      verdict.nextMs - storeClock.nowMs(),
    );
  if (verdict.kind !== "send" || state === undefined) return undefined;

  local.note(state);
  if (aim.isFirstHand === true && aim.refused !== undefined) local.refuse(aim.refused);
  const abandoned = (ending: Ending): State => {
    const ended = { operationId: ids.operationId, outcomeId: random.id(), sentAtMs: verdict.intent.atMs, ...asEvent(setting, ending) };
    const next = reduce(state, { type: "abandon", ...ended }, storeClock.nowMs(), rules).state ?? state;
    local.note(next);
    return next;
  };
  const current = currentOf(setting, state.credential);
  const issued = await ask({ ...setting, ...termsOn(setting, state) }, { reason: aim.reason, forced: false, current, parent }).catch(
    (error: unknown) => {
      if (isIssueError(error)) {
        const { failures } = abandoned(endingOf(error, false));
        reportFailure(setting.bus, error, { reason: aim.reason, failures, durationMs: clock.monotonicMs() - startedMs });
      }
      throw error;
    },
  );
  const fingerprint = fingerprintOf(issued.secret);
  const isSame = aim.reason === "rejected" && fingerprint === aim.refused;
  const mayLive = isSame && (await probe.verdict(new Secret(issued.secret, fingerprint))) !== "dead";
  if (local.wasRefused(fingerprint) && !mayLive) {
    // Asking with force would kill what the others use, and they cannot be told: back off.
    abandoned({ outcome: "refused", code: "REFUSED_AGAIN" });
    throw handedOutAgain(issuer.id);
  }
  local.readmit(fingerprint);
  const stored = committed(parts, { state, aim, intent: verdict.intent, ids, issued });
  if (stored?.credential === undefined) return undefined;
  local.adopt(stored, stored.credential);
  const durationMs = clock.monotonicMs() - startedMs;
  setting.bus.emit("refreshed", {
    ...labelOf(stored.credential),
    reason: aim.reason,
    durationMs,
    remainingMs: issued.expiresInMs,
    unchanged: isSame,
  });
  if (isSame) throw handedOutAgain(issuer.id);
  return undefined;
}

interface Answered {
  readonly state: State;
  readonly aim: Goal;
  readonly intent: Intent;
  readonly ids: { readonly operationId: string; readonly outcomeId: string };
  readonly issued: Issued;
}

/** The document as it is when the answer counts. */
function committed({ setting, storeClock }: Parts, { state, aim, intent, ids, issued }: Answered): State | undefined {
  const { environment, fingerprintOf, node, random, rules } = setting;
  const commit = {
    type: "commit",
    epoch: intent.epoch,
    operationId: ids.operationId,
    intentOutcomeId: ids.outcomeId,
    outcomeId: random.id(),
    leaseHeld: true,
    issued: {
      secret: issued.secret,
      ...(issued.carry === undefined ? {} : { carry: issued.carry }),
      fingerprint: fingerprintOf(issued.secret),
      sentAtMs: intent.atMs,
      issuedAtMs: storeClock.nowMs(),
      expiresAtMs: intent.atMs + issued.expiresInMs,
      by: { node, environment, reason: aim.reason },
    },
  } as const;
  return reduce(state, commit, storeClock.nowMs(), rules).state;
}
