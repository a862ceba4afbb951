/**
 * INTENT: decides whether a request may leave now. It is written before the request leaves, so that
 * a crash leaves a trace.
 */
import type { RefreshReason } from "../issuer.ts";
import { decideAbandon } from "./abandon.ts";
import { allowedAtMs, budgetOf, spendFrom } from "./governor.ts";
import { exhaustedUntilMs, forcedFor, quotaOn, resetsAtMs, spend } from "./quota.ts";
import { refusedUntilMs } from "./refusal.ts";
import type { Rules } from "./rules.ts";
import { change, isLive, owedSinceMs, type Intent, type State } from "./state.ts";
import { suspected, type ForeignRefresh } from "./suspect.ts";

export interface IntentEvent {
  readonly type: "intent";
  /** The lease's fence. */
  readonly fence: number;
  readonly operationId: string;
  readonly outcomeId: string;
  readonly reason: RefreshReason;
  readonly forced: boolean;
  /**
   * The commit to replace. A live credential of any other commit is adopted instead. Undefined when
   * there was none.
   */
  readonly replaces?: string | undefined;
  /**
   * With `rejected`: the fingerprint that the platform refused. A live credential with any other is
   * adopted instead.
   */
  readonly refused?: string | undefined;
  /**
   * With `rejected`: true when the platform calls it dead, or cannot be asked, so that the refusal
   * is its only verdict.
   */
  readonly isDead?: boolean | undefined;
  /**
   * True when a process decides on its own copy of the document. The fleet's recent acts are
   * unknown, so a refusal is no evidence against others.
   */
  readonly isWithoutStore?: true;
  /** True when an operator asks, whatever the resolved reason is. */
  readonly isOrdered?: boolean;
  /** The configuration of the node that asks, see `Issuer.revision`. */
  readonly revision?: string | undefined;
  /** The fingerprint of the single-use input that the request will send (`rotate`). */
  readonly input?: string;
  /**
   * The input itself, when the platform has just named it as the one that works. It replaces the
   * stored one, and may have been sent before.
   */
  readonly recovered?: string | undefined;
  /**
   * Until then an open request that nobody reported is left alone, because its sender may be about
   * to report it. @defaultValue at once
   */
  readonly presumedLostAtMs?: number;
}

export type IntentVerdict =
  /**
   * The request may leave. `undrained`: an earlier one may still be processed, so its order is
   * unknown.
   */
  | {
      readonly kind: "send";
      readonly intent: Intent;
      readonly undrained: boolean;
      readonly foreign: ForeignRefresh | undefined;
    }
  /** The stored credential serves the goal. */
  | { readonly kind: "adopt" }
  | {
      readonly kind: "wait";
      readonly why: "drain" | "open" | "back-off" | "refused" | "governor" | "forced";
      readonly untilMs: number;
    }
  /** `nextMs`: when one fetch may leave again, at the day's end or earlier. */
  | { readonly kind: "exhausted"; readonly resetsAtMs: number; readonly nextMs: number }
  /**
   * The single-use input was sent before, with an unknown outcome. Sending it again could revoke
   * the credential that it obtained.
   */
  | { readonly kind: "input-in-doubt" };

export function decideIntent(
  state: State,
  event: IntentEvent,
  nowMs: number,
  rules: Rules,
): { state?: State; verdict: IntentVerdict } {
  // The intent was written before, and the store's answer was lost. The quota is used once, and the
  // request cannot be in doubt because of itself.
  if (state.intent?.operationId === event.operationId) {
    if (isServed(state, event, nowMs)) return withdrawn(state, event, nowMs, rules);
    return {
      verdict: {
        kind: "send",
        intent: state.intent,
        undrained: state.inFlightUntilMs > state.intent.atMs,
        foreign: undefined,
      },
    };
  }
  const gate = closedGate(state, event, nowMs, rules);
  if (gate) return { verdict: gate };

  const inFlightMs = inFlightUntil(state, rules);
  const undrained = inFlightMs > nowMs;
  // The sender of the open request is gone, and may have been answered. The doubt has to outlast
  // this intent.
  const isUnreported = rules.supersedes && state.intent !== undefined;
  const epoch = Math.max(
    event.fence,
    (state.credential?.epoch ?? 0) + 1,
    (state.intent?.epoch ?? 0) + 1,
    // What is asked for after a reset is written back, should the store lose it.
    state.minEpoch + 1,
  );
  const budget = budgetOf(event.reason, state, rules);
  const intent: Intent = {
    epoch,
    operationId: event.operationId,
    atMs: nowMs,
    ...(budget && { budget }),
  };
  const { state: base, foreign } =
    event.reason === "rejected" && event.refused !== undefined
      ? suspected(
          state,
          event.refused,
          event.isDead === true,
          nowMs,
          event.isWithoutStore ? undefined : rules,
        )
      : { state, foreign: undefined };
  const next = change(base, {
    outcomeId: event.outcomeId,
    intent,
    inFlightUntilMs: rules.supersedes ? inFlightMs : 0,
    quota: spend(quotaOn(state.quota, nowMs, rules), event.forced, nowMs),
    ...(budget && { budgets: spendFrom(budget, state.budgets, nowMs, rules) }),
    ...(undrained || isUnreported ? { doubtSinceMs: state.doubtSinceMs ?? nowMs } : {}),
    ...(base.credential !== undefined && event.recovered !== undefined
      ? { credential: { ...base.credential, nextInput: event.recovered } }
      : {}),
    ...(rules.rotates && event.input !== undefined
      ? {
          consumedInput: wasSent(state, event)
            ? state.consumedInput
            : { fingerprint: event.input, atMs: nowMs },
        }
      : {}),
  });
  return { state: next, verdict: { kind: "send", intent, undrained, foreign } };
}

/**
 * The intent stands, but a repair has since restored another node's commit. Nothing is left to ask
 * for.
 */
function withdrawn(
  state: State,
  { operationId, outcomeId }: IntentEvent,
  nowMs: number,
  rules: Rules,
): { state?: State; verdict: IntentVerdict } {
  const abandon = {
    type: "abandon",
    operationId,
    outcomeId,
    sentAtMs: state.intent?.atMs ?? nowMs,
    outcome: "yielded",
    code: "SERVED",
  } as const;
  return { ...decideAbandon(state, abandon, nowMs, rules), verdict: { kind: "adopt" } };
}

/** Returns until when the platform can still process a request that left, or may have left. */
export function inFlightUntil(state: State, rules: Rules): number {
  if (!rules.supersedes) return 0;
  return Math.max(
    state.inFlightUntilMs,
    state.intent === undefined ? 0 : state.intent.atMs + rules.drainMs,
  );
}

function closedGate(
  state: State,
  event: IntentEvent,
  nowMs: number,
  rules: Rules,
): IntentVerdict | undefined {
  if (isServed(state, event, nowMs)) return { kind: "adopt" };
  if (event.reason !== "manual" && nowMs < state.backOffUntilMs)
    return { kind: "wait", why: "back-off", untilMs: state.backOffUntilMs };
  const refusedMs = refusedUntilMs(
    state,
    event.isOrdered === true ? "manual" : event.reason,
    event.revision,
  );
  if (nowMs < refusedMs) return { kind: "wait", why: "refused", untilMs: refusedMs };
  const allowedMs = allowedAtMs(state, event, rules);
  if (nowMs < allowedMs) return { kind: "wait", why: "governor", untilMs: allowedMs };
  const quota = quotaOn(state.quota, nowMs, rules);
  const exhaustedMs = exhaustedUntilMs(quota, event.reason, nowMs, rules);
  if (exhaustedMs !== undefined)
    return { kind: "exhausted", resetsAtMs: resetsAtMs(nowMs, rules), nextMs: exhaustedMs };
  if (event.forced) {
    if (quota.forced.used >= forcedFor(event.reason, rules))
      return {
        kind: "exhausted",
        resetsAtMs: resetsAtMs(nowMs, rules),
        nextMs: resetsAtMs(nowMs, rules),
      };
    const nextMs = quota.forced.lastAtMs + rules.forced.gapMs;
    if (nowMs < nextMs) return { kind: "wait", why: "forced", untilMs: nextMs };
  }
  const presumedLostAtMs =
    rules.supersedes && state.intent !== undefined ? (event.presumedLostAtMs ?? 0) : 0;
  if (nowMs < presumedLostAtMs) return { kind: "wait", why: "open", untilMs: presumedLostAtMs };
  const isDrained = nowMs >= inFlightUntil(state, rules);
  const isInDoubt =
    rules.rotates &&
    wasSent(state, event) &&
    nowMs >= firstSentMs(state, event, nowMs) + rules.inputGraceMs;
  if (isInDoubt && isDrained) return { kind: "input-in-doubt" };
  const mustDrain =
    !isDrained && (isInDoubt || (isHandedOut(state, nowMs, rules) && event.reason !== "rejected"));
  return mustDrain
    ? { kind: "wait", why: "drain", untilMs: inFlightUntil(state, rules) }
    : undefined;
}

/**
 * Returns true when some node may still hand out the stored credential. In its last moments nobody
 * does, so callers would wait for a drain that spares nobody.
 */
function isHandedOut(state: State, nowMs: number, { marginMs }: Rules): boolean {
  const { credential } = state;
  if (credential === undefined) return false;
  const lifeMs = credential.expiresAtMs - credential.sentAtMs;
  return isLive(state, nowMs + Math.min(marginMs, lifeMs / 20));
}

/**
 * Returns true when this input was sent before, without an answer, and the platform has not named
 * it since.
 */
function wasSent(state: State, { input, recovered }: IntentEvent): boolean {
  return (
    input !== undefined && recovered === undefined && state.consumedInput?.fingerprint === input
  );
}

/** The grace of an input counts from when it was first sent. */
function firstSentMs(state: State, event: IntentEvent, nowMs: number): number {
  return wasSent(state, event) && state.consumedInput !== undefined
    ? state.consumedInput.atMs
    : nowMs;
}

/** Returns true when another node has already done what this refresh was for. */
function isServed(state: State, event: IntentEvent, nowMs: number): boolean {
  if (!isLive(state, nowMs)) return false;
  if (event.reason === "reconcile") return owedSinceMs(state) === undefined;
  return event.reason === "rejected"
    ? state.credential?.fingerprint !== event.refused
    : state.credential?.commitId !== event.replaces;
}
