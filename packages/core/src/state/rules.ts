/**
 * What the reducer must know of the platform and of the settings: plain numbers, so that a search
 * can enumerate them.
 */
import type { Issuer } from "../issuer.ts";
import type { Parameters } from "../parameters.ts";
import type { State } from "./state.ts";

export interface Rules {
  /** Whether an issue kills what was issued before, so that order and unknown outcomes matter. */
  readonly supersedes: boolean;
  /** How long a superseded credential still works. */
  readonly overlapMs: number;
  /** Whether the platform can be asked if a credential is alive. */
  readonly canAsk: boolean;
  /** Whether each issue consumes a single-use input. */
  readonly rotates: boolean;
  /** How long an input works on after an issue has consumed it. */
  readonly inputGraceMs: number;
  readonly drainMs: number;
  readonly quotaPerDay: number;
  readonly quotaReserve: number;
  readonly dayOffsetMs: number;
  readonly forced: { readonly perDay: number; readonly gapMs: number };
  readonly governor: {
    readonly refusals: Budget;
    readonly manual: Budget;
    /**
     * How long a refused credential is left alone that the platform goes on handing out: doubling
     * from the first to the longest.
     */
    readonly again: { readonly firstMs: number; readonly maxMs: number };
  };
  /** What a confirmed war makes the fleet do. */
  readonly onContention: "report" | "fallback";
  /** By which rules the fleet lives on the issuer's fallback; undefined where there is none. */
  readonly fallback?: Rules;
  readonly cool: { readonly firstMs: number; readonly maxMs: number };
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

/** The rules by which the fleet lives now. */
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
    cool: { firstMs: 1_000, maxMs: 60_000 },
  };
}
