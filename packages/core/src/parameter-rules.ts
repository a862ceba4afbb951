/** The rules P1 to P6 that the parameters of a credential must satisfy together. */
import { ConfigurationError } from "./errors.ts";
import type { Issuer } from "./issuer.ts";
import type { Parameters } from "./parameters.ts";

/**
 * Broken when `low > high`; the error is built from both sides and from a setting that would
 * satisfy it.
 */
interface Rule {
  readonly rule: string;
  readonly low: number;
  readonly high: number;
  readonly says: string;
  readonly remedy: string;
}

/** @throws {ConfigurationError} naming the broken rule and a setting that would satisfy it. */
export function requireParameters(p: Parameters, issuer: Issuer, overlapMs: number): void {
  requireNumbers(p);
  const rules = [
    ...requestRules(p),
    ...windowRules(p, issuer, overlapMs),
    ...overlapRules(p, overlapMs),
    ...limitRules(p),
  ];
  for (const { rule, low, high, says, remedy } of rules) {
    if (low > high)
      throw new ConfigurationError(`${rule}: ${says} (${low} > ${high}). ${remedy}`, { rule });
  }
}

function requireNumbers(p: Parameters): void {
  for (const [name, value] of Object.entries(p) as [keyof Parameters, unknown][]) {
    const whole = name !== "quotaReserve" && name !== "fleetSize";
    if (
      typeof value === "number" &&
      Number.isFinite(value) &&
      value >= 0 &&
      (!whole || Number.isInteger(value))
    )
      continue;
    const given = typeof value === "string" ? JSON.stringify(value) : String(value);
    throw new ConfigurationError(
      `${name} must be a ${whole ? "whole " : ""}number of at least 0, not ${given}.`,
      { rule: "P6" },
    );
  }
}

function requestRules(p: Parameters): Rule[] {
  const lease = p.fetchDeadlineMs + 2 * p.storeDeadlineMs;
  const drain = p.fetchDeadlineMs + p.networkDelayMs;
  return [
    atLeast(
      "P1",
      p,
      "leaseMs",
      lease,
      "a lease must outlive one fetch and two store commands, fetchDeadlineMs + 2 × storeDeadlineMs ≤ leaseMs",
    ),
    atLeast(
      "P2",
      p,
      "drainMs",
      drain,
      "the drain must outlast a request that is still under way, fetchDeadlineMs + networkDelayMs ≤ drainMs",
    ),
  ];
}

function windowRules(p: Parameters, { policy, lifetimeMs }: Issuer, overlapMs: number): Rule[] {
  const drainMs = Number.isFinite(overlapMs) ? p.drainMs : 0;
  const needed = p.attemptsMax * p.fetchDeadlineMs + drainMs + (p.attemptsMax - 1) * backOffMaxMs;
  const rules = [
    atLeast(
      "P5",
      p,
      "mandatoryMs",
      needed,
      "the mandatory window must leave time for all attempts, a drain and back-offs; fewer attempts or a shorter fetchDeadlineMs need less",
    ),
    atLeast(
      "P5",
      p,
      "advisoryMs",
      p.mandatoryMs,
      "the advisory window holds the mandatory one, mandatoryMs ≤ advisoryMs",
    ),
    atMost(
      "P5",
      p,
      "advisoryMs",
      lifetimeMs - 1,
      `the advisory window must be shorter than the lifetime of ${lifetimeMs} ms`,
    ),
    atMost(
      "P5",
      p,
      "skewMarginMs",
      p.mandatoryMs,
      "skewMarginMs ≤ mandatoryMs, or the credential runs out before it must be replaced",
    ),
  ];
  if (policy.kind === "stable" && policy.renewWithinMs < lifetimeMs) {
    rules.push(
      atMost(
        "P5",
        p,
        "advisoryMs",
        policy.renewWithinMs,
        "before its last renewWithinMs a stable issuer returns the same credential, advisoryMs ≤ renewWithinMs",
      ),
    );
  }
  return rules;
}

function overlapRules(p: Parameters, overlapMs: number): Rule[] {
  if (!Number.isFinite(overlapMs) || overlapMs === 0) return [];
  const recheckMs = overlapMs - p.longestCallMs - 10_000;
  const reconcileMs = overlapMs - 60_000 - p.fetchDeadlineMs;
  return [
    atMost(
      "P3",
      p,
      "recheckMs",
      recheckMs,
      "a node must notice a replacement within the overlap, recheckMs + longestCallMs + 10 000 ≤ overlap",
    ),
    atLeast(
      "P4",
      p,
      "reconcileMs",
      p.drainMs,
      "a reconciling refresh comes after the drain, drainMs ≤ reconcileMs",
    ),
    atMost(
      "P4",
      p,
      "reconcileMs",
      reconcileMs,
      "a reconciling refresh must end well within the overlap, reconcileMs ≤ overlap − 60 000 − fetchDeadlineMs",
    ),
  ];
}

function limitRules(p: Parameters): Rule[] {
  const least = {
    fetchDeadlineMs: 1,
    storeDeadlineMs: 1,
    recheckMs: 1_000,
    recheckDueMs: 1_000,
    attemptsMax: 1,
    quotaPerDay: 20,
  };
  const most = {
    attemptsMax: 10,
    leaseMs: 2 ** 31 - 1,
    waitMs: 86_400_000,
    drainMs: 600_000,
    quotaReserve: 0.9,
  };
  return [
    ...Object.entries(least).map(([name, bound]) =>
      atLeast("P6", p, name as keyof Parameters, bound, `${name} has a lower bound`),
    ),
    ...Object.entries(most).map(([name, bound]) =>
      atMost("P6", p, name as keyof Parameters, bound, `${name} has an upper bound`),
    ),
  ];
}

/** The longest pause between two attempts of one lease. */
const backOffMaxMs = 1_000;

function atLeast(
  rule: string,
  p: Parameters,
  name: keyof Parameters,
  bound: number,
  says: string,
): Rule {
  return { rule, low: bound, high: p[name], says, remedy: `Set ${name} to at least ${bound}.` };
}

function atMost(
  rule: string,
  p: Parameters,
  name: keyof Parameters,
  bound: number,
  says: string,
): Rule {
  return { rule, low: p[name], high: bound, says, remedy: `Set ${name} to at most ${bound}.` };
}
