/** The platform's rules and the settings, as plain numbers, so that a search can enumerate them. */
import type { Issuer } from "../issuer.ts";
import type { Parameters } from "../parameters.ts";
import type { State } from "./state.ts";

export interface Rules {
  /**
   * True when an issue kills the credential issued before, so that order and unknown outcomes
   * matter.
   */
  readonly supersedes: boolean;
  /** How long a superseded credential still works. */
  readonly overlapMs: number;
  /** True when the platform can be asked whether a credential is alive. */
  readonly canAsk: boolean;
  /** True when each issue consumes a single-use input. */
  readonly rotates: boolean;
  /** How long an input still works after an issue has consumed it. */
  readonly inputGraceMs: number;
  readonly drainMs: number;
  /** No node hands a credential out this long before its end, or a twentieth of its life. */
  readonly marginMs: number;
  readonly quotaPerDay: number;
  readonly quotaReserve: number;
  readonly dayOffsetMs: number;
  readonly forced: { readonly perDay: number; readonly gapMs: number };
  readonly governor: {
    readonly refusals: Budget;
    readonly manual: Budget;
    /**
     * The pauses before a refused credential that the platform keeps handing out is requested
     * again: doubling from the first to the longest.
     */
    readonly again: { readonly firstMs: number; readonly maxMs: number };
  };
  /** The fleet's response to a confirmed foreign refresh. */
  readonly onContention: "report" | "fallback";
  /** The rules while the fleet uses the issuer's fallback. Undefined when there is none. */
  readonly fallback?: Rules;
  readonly backOff: { readonly firstMs: number; readonly maxMs: number };
}

/** A token bucket: so many at once, and one more each `intervalMs`. */
export interface Budget {
  readonly burst: number;
  readonly intervalMs: number;
}

const dayMs = 86_400_000;

/**
 * Refusals may spend a tenth of the day's quota at once and half of it as the day passes: 60 % in
 * any 24 h.
 */
const refusalsBurst = 0.1;
const refusalsPerDay = 0.5;
/** What an operator may spend at once, and again in a day: at least two revocations. */
const manualPart = 0.02;
const manualMin = 4;

function budget(burst: number, perDay: number): Budget {
  return { burst: Math.max(1, Math.floor(burst)), intervalMs: Math.ceil(dayMs / perDay) };
}

/** Returns the rules that apply to this document. */
export function rulesOn(state: Pick<State, "fallback"> | undefined, rules: Rules): Rules {
  return state?.fallback === undefined ? rules : (rules.fallback ?? rules);
}

export function rulesFor(
  issuer: Issuer,
  parameters: Parameters,
  onContention: Rules["onContention"] = "report",
  fallback?: Rules,
): Rules {
  const { policy, quota } = issuer;
  const supersedes = policy.kind === "supersede" || policy.kind === "rotate";
  return {
    supersedes,
    overlapMs: supersedes
      ? policy.overlapMs
      : policy.kind === "stable"
        ? policy.renewWithinMs
        : issuer.lifetimeMs,
    canAsk: issuer.probe !== undefined,
    rotates: policy.kind === "rotate",
    inputGraceMs: policy.kind === "rotate" ? (policy.inputGraceMs ?? policy.overlapMs) : 0,
    drainMs: parameters.drainMs,
    marginMs: parameters.skewMarginMs,
    quotaPerDay: parameters.quotaPerDay,
    quotaReserve: parameters.quotaReserve,
    dayOffsetMs: quota?.dayOffsetMs ?? 0,
    forced: quota?.forced ?? { perDay: Number.MAX_SAFE_INTEGER, gapMs: 0 },
    governor: {
      refusals: budget(
        refusalsBurst * parameters.quotaPerDay,
        refusalsPerDay * parameters.quotaPerDay,
      ),
      manual: budget(
        Math.max(manualMin, manualPart * parameters.quotaPerDay),
        Math.max(manualMin, manualPart * parameters.quotaPerDay),
      ),
      again: { firstMs: 1_000, maxMs: 600_000 },
    },
    onContention,
    ...(fallback && { fallback }),
    backOff: { firstMs: 1_000, maxMs: 60_000 },
  };
}
