/** Ignores control fields with values that no correct node writes. */
import { tryAgainMaxMs } from "./refusal.ts";
import type { BudgetName, Budgets, State } from "./state.ts";

export interface IgnoredField {
  readonly field: string;
  readonly valueMs: number;
  readonly limitMs: number;
}

/** A store clock that stepped back makes honest instants look late. This much is tolerated. */
const toleranceMs = 60_000;
const dayMs = 86_400_000;
const backOffMaxMs = 600_000;
/** Other nodes may use another drain, but none a longer one. */
const drainMaxMs = 600_000;
const quotaRetryMaxMs = 3_600_000;
/** How long an empty budget needs to be full again. */
const budgetMaxMs: Budgets = { refusals: dayMs / 5, manual: dayMs };
/** No correct count reaches this. Above the safe integers a count could not be increased. */
const countMax = 2 ** 40;

/**
 * Ignores control fields that no honest node writes: somebody with write access to the store could
 * stop the fleet with them. The credential itself is not judged here; sealing does that.
 *
 * @param seenMs when this node first saw such a field. The honest value may have described a
 *   request that was under way then, and none that is later.
 */
export function sanitized(
  state: State,
  nowMs: number,
  drainMs: number,
  seenMs: number,
): { state: State; ignored: readonly IgnoredField[] } {
  const limits = new Limits(nowMs, seenMs);
  const { backOffUntilMs, doubtSinceMs, failures, inFlightUntilMs, minEpoch, usedAtMs } = state;
  const drainedMs = seenMs + drainMs;
  const clean: State = {
    ...state,
    backOffUntilMs: limits.within("backOffUntilMs", backOffUntilMs, backOffMaxMs, 0),
    inFlightUntilMs: limits.within("inFlightUntilMs", inFlightUntilMs, drainMaxMs, drainedMs),
    failures: limits.count("failures", failures),
    minEpoch: limits.epoch("minEpoch", minEpoch, 0),
    ...cleanCounters(state, limits),
    ...cleanCredential(state, limits),
    ...(doubtSinceMs !== undefined && { doubtSinceMs: limits.past("doubtSinceMs", doubtSinceMs) }),
    ...cleanMarks(state, limits),
    ...(usedAtMs !== undefined && { usedAtMs: limits.past("usedAtMs", usedAtMs) }),
  };
  const { ignored } = limits;
  return { state: ignored.length === 0 ? state : clean, ignored };
}

/** Returns each value that is within its limit, and a harmless one instead of any other. */
class Limits {
  readonly ignored: IgnoredField[] = [];
  readonly #nowMs: number;
  readonly #seenMs: number;

  constructor(nowMs: number, seenMs: number) {
    this.#nowMs = nowMs;
    this.#seenMs = seenMs;
  }

  /** An instant that lies at most `aheadMs` in the future. */
  within(field: string, atMs: number, aheadMs: number, instead: number): number {
    return this.#limited(field, atMs, this.#nowMs + toleranceMs + aheadMs, instead);
  }

  past(field: string, atMs: number): number {
    return this.within(field, atMs, 0, this.#seenMs);
  }

  budget(name: BudgetName, fullAtMs: number): number {
    return this.within(`budgets.${name}`, fullAtMs, budgetMaxMs[name], 0);
  }

  count(field: string, count: number): number {
    return this.#limited(field, count, countMax, 0);
  }

  epoch(field: string, epoch: number, instead: number = this.#seenMs): number {
    return this.#limited(field, epoch, this.#nowMs + dayMs, instead);
  }

  #limited(field: string, valueMs: number, limitMs: number, instead: number): number {
    if (valueMs <= limitMs) return valueMs;
    this.ignored.push({ field, valueMs, limitMs });
    return instead;
  }
}

/** The fields that count fetches, refusals and foreign refreshes. */
function cleanCounters(
  { budgets, contention, governor, quota }: State,
  limits: Limits,
): Pick<State, "budgets" | "contention" | "governor" | "quota"> {
  return {
    ...(budgets && {
      budgets: {
        ...budgets,
        refusals: limits.budget("refusals", budgets.refusals),
        manual: limits.budget("manual", budgets.manual),
      },
    }),
    governor: {
      ...governor,
      count: limits.count("governor.count", governor.count),
      lastMs: limits.past("governor.lastMs", governor.lastMs),
    },
    contention: {
      ...contention,
      count: limits.count("contention.count", contention.count),
      lastMs: limits.past("contention.lastMs", contention.lastMs),
    },
    quota: {
      ...quota,
      forced: {
        ...quota.forced,
        lastAtMs: limits.past("quota.forced.lastAtMs", quota.forced.lastAtMs),
      },
      ...(quota.gone && {
        gone: {
          ...quota.gone,
          nextMs: limits.within("quota.gone.nextMs", quota.gone.nextMs, quotaRetryMaxMs, 0),
        },
      }),
      ...(quota.otherDay && {
        otherDay: {
          ...quota.otherDay,
          used: limits.count("quota.otherDay.used", quota.otherDay.used),
          forcedUsed: limits.count("quota.otherDay.forcedUsed", quota.otherDay.forcedUsed),
        },
      }),
    },
  };
}

/** The counters of the credential and of the open request. */
function cleanCredential(
  { credential, intent }: State,
  limits: Limits,
): Pick<State, "credential" | "intent"> {
  return {
    ...(credential && {
      credential: {
        ...credential,
        generation: limits.count("credential.generation", credential.generation),
        epoch: limits.epoch("credential.epoch", credential.epoch),
      },
    }),
    ...(intent && {
      intent: {
        ...intent,
        epoch: limits.epoch("intent.epoch", intent.epoch),
        atMs: limits.past("intent.atMs", intent.atMs),
      },
    }),
  };
}

/** What the platform refused, and the input that was consumed. */
function cleanMarks(
  { consumedInput, refusal, suspect }: State,
  limits: Limits,
): Pick<State, "consumedInput" | "refusal" | "suspect"> {
  return {
    ...(suspect && { suspect: { ...suspect, atMs: limits.past("suspect.atMs", suspect.atMs) } }),
    ...(refusal && {
      refusal: {
        ...refusal,
        atMs: limits.past("refusal.atMs", refusal.atMs),
        nextMs: limits.within("refusal.nextMs", refusal.nextMs, tryAgainMaxMs, 0),
        count: limits.count("refusal.count", refusal.count),
      },
    }),
    ...(consumedInput && {
      consumedInput: {
        ...consumedInput,
        atMs: limits.past("consumedInput.atMs", consumedInput.atMs),
      },
    }),
  };
}
