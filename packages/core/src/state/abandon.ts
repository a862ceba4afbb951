/**
 * ABANDON: the request issued no credential, as far as its sender knows. The outcome decides what
 * the fleet has to expect.
 */
import { refundTo } from "./governor.ts";
import { exhaust, quotaOn, refund } from "./quota.ts";
import { remembered, type RefusalEvent } from "./refusal.ts";
import type { Rules } from "./rules.ts";
import { change, type State } from "./state.ts";

export interface AbandonEvent {
  readonly type: "abandon";
  readonly operationId: string;
  readonly outcomeId: string;
  /** When the request left, from the intent's verdict. */
  readonly sentAtMs: number;
  /**
   * `refused`: the platform refused, and issued nothing. `unsent`: the request never left.
   * `unknown`: it may have been processed, or still may be. `yielded`: it was stopped before the
   * send, or for a reason that is no failure of this credential. `parent`: the platform refused the
   * parent's credential; the request counts, and is repeated when the parent has been replaced.
   * `blamed`: it was reported as `parent` before, and the parent turned out to be alive.
   */
  readonly outcome: "refused" | "unsent" | "unknown" | "yielded" | "parent" | "blamed";
  readonly code: string;
  /** How long the platform asked to be left alone, in ms. */
  readonly retryAfterMs?: number;
  /** The platform says that the day's quota is gone. */
  readonly quotaGone?: boolean;
  /**
   * With `parent` and `blamed`: the fingerprint of the parent's credential. One that was found
   * alive is not reported again.
   */
  readonly parent?: string;
  /** The platform will refuse the same request until a person removes the cause. */
  readonly refusal?: RefusalEvent;
  /** Another attempt follows under the same lease: no back-off yet. */
  readonly again?: boolean;
}

export interface AbandonVerdict {
  readonly kind: "abandoned";
  readonly backOffUntilMs: number;
}

export function decideAbandon(
  state: State,
  event: AbandonEvent,
  nowMs: number,
  rules: Rules,
): { state?: State; verdict: AbandonVerdict } {
  const ours = state.intent?.operationId === event.operationId;
  const unknown = event.outcome === "unknown";
  const isRepeated = state.outcomeId === event.outcomeId;
  const isKnown = event.parent !== undefined && state.failure?.parent?.fingerprint === event.parent;
  const blamed = event.outcome === "blamed" || (event.outcome === "parent" && isKnown);
  const isLate = unknown && isOutlived(state, event, rules);
  const unchanged = { kind: "abandoned", backOffUntilMs: state.backOffUntilMs } as const;
  if (isRepeated || (!ours && !blamed && (!unknown || isLate))) return { verdict: unchanged };
  // Its sender has since fetched without the store, and has written that credential back.
  if (isLate)
    return { state: change(state, { outcomeId: event.outcomeId }, ["intent"]), verdict: unchanged };

  // A lasting refusal has its own pace, and is no reason for the others to wait.
  const failed = (event.outcome === "refused" && event.refusal === undefined) || unknown || blamed;
  const failures = failed && !event.again ? state.failures + 1 : state.failures;
  const waits =
    event.outcome !== "yielded" && !event.again && (event.outcome !== "parent" || blamed);
  const backOffUntilMs = Math.max(
    state.backOffUntilMs,
    nowMs + (waits ? backOffMs(event, failures, rules) : 0),
  );
  const quota = quotaOn(state.quota, nowMs, rules);
  const fears = unknown && rules.supersedes;
  const neverLeft = event.outcome === "unsent" || event.outcome === "yielded";
  const spent = neverLeft && ours ? state.intent?.budget : undefined;
  const next = change(
    state,
    {
      outcomeId: event.outcomeId,
      failures,
      backOffUntilMs,
      quota: event.quotaGone
        ? exhaust(quota, nowMs, rules)
        : neverLeft
          ? refund(quota, event.sentAtMs, rules)
          : quota,
      ...(spent === "refusals" || spent === "manual"
        ? { budgets: refundTo(spent, state.budgets, rules) }
        : {}),
      ...(event.outcome === "yielded" ? {} : { failure: failureOf(state, event, nowMs) }),
      ...(event.refusal?.scope === "account"
        ? { refusal: remembered(state, event.code, event.refusal, nowMs) }
        : {}),
      ...(fears
        ? {
            inFlightUntilMs: Math.max(state.inFlightUntilMs, event.sentAtMs + rules.drainMs),
            doubtSinceMs: state.doubtSinceMs ?? nowMs,
          }
        : {}),
    },
    [
      ...(ours ? (["intent"] as const) : []),
      ...(unknown || state.consumedInput?.atMs !== event.sentAtMs
        ? []
        : (["consumedInput"] as const)),
    ],
  );
  return { state: next, verdict: { kind: "abandoned", backOffUntilMs } };
}

/**
 * True if the stored credential was requested when this request could no longer be processed. A
 * report that comes so late is no reason for a doubt or a back-off.
 */
export function isOutlived(
  { credential }: Pick<State, "credential">,
  { sentAtMs }: Pick<AbandonEvent, "sentAtMs">,
  rules: Rules,
): boolean {
  return credential !== undefined && credential.sentAtMs >= sentAtMs + rules.drainMs;
}

function failureOf(
  { failure }: State,
  { code, outcome, parent }: AbandonEvent,
  atMs: number,
): NonNullable<State["failure"]> {
  const before = failure?.parent;
  const since =
    parent !== undefined && before?.fingerprint === parent
      ? before
      : parent && { fingerprint: parent, sinceMs: atMs };
  const known = outcome === "blamed" ? since : before;
  return { code: String(code), atMs, ...(known && { parent: known }) };
}

/**
 * The whole fleet makes one attempt per step. An unsent request only spaces the nodes, because
 * another node's network may work.
 */
function backOffMs(event: AbandonEvent, failures: number, rules: Rules): number {
  const { firstMs, maxMs } = rules.backOff;
  // A lasting refusal has its own pace, and may concern one node alone.
  if (event.refusal !== undefined) return firstMs;
  const steppedMs =
    event.outcome === "unsent"
      ? firstMs
      : Math.min(maxMs, firstMs * 2 ** Math.min(30, failures - 1));
  // The stored value is a whole number, whatever the issuer gives.
  const askedMs = Math.min(600_000, Math.max(0, Math.ceil(event.retryAfterMs ?? 0) || 0));
  return Math.max(steppedMs, askedMs);
}
