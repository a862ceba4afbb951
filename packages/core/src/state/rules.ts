/** What the reducer must know of the platform and of the settings: plain numbers, so that a search can enumerate them. */
import type { Issuer } from "../issuer.ts";
import type { Parameters } from "../parameters.ts";

export interface Rules {
  /** Whether an issue kills what was issued before, so that order and unknown outcomes matter. */
  readonly supersedes: boolean;
  /** How long a superseded credential still works. */
  readonly overlapMs: number;
  /** Whether each issue consumes a single-use input. */
  readonly rotates: boolean;
  /** How long an input works on after an issue has consumed it. */
  readonly inputGraceMs: number;
  readonly drainMs: number;
  readonly quotaPerDay: number;
  readonly quotaReserve: number;
  readonly dayOffsetMs: number;
  readonly forced: { readonly perDay: number; readonly gapMs: number };
  readonly governor: { readonly burst: number; readonly gapMs: number; readonly gapMaxMs: number };
  readonly cool: { readonly firstMs: number; readonly maxMs: number };
}

export function rulesFor(issuer: Issuer, parameters: Parameters): Rules {
  const { policy, quota } = issuer;
  const supersedes = policy.kind === "supersede" || policy.kind === "rotate";
  return {
    supersedes,
    overlapMs: supersedes ? policy.overlapMs : policy.kind === "stable" ? policy.renewWithinMs : issuer.lifetimeMs,
    rotates: policy.kind === "rotate",
    inputGraceMs: policy.kind === "rotate" ? (policy.inputGraceMs ?? policy.overlapMs) : 0,
    drainMs: parameters.drainMs,
    quotaPerDay: parameters.quotaPerDay,
    quotaReserve: parameters.quotaReserve,
    dayOffsetMs: quota?.dayOffsetMs ?? 0,
    forced: quota?.forced ?? { perDay: Number.MAX_SAFE_INTEGER, gapMs: 0 },
    governor: { burst: 2, gapMs: 30_000, gapMaxMs: 600_000 },
    cool: { firstMs: 1_000, maxMs: 60_000 },
  };
}
