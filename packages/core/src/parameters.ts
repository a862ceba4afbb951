/** Durations and limits of one credential, and the rules that they must satisfy together. */
import { ConfigurationError } from "./errors.ts";
import { requireObject, requireOneOf, requireOptions, type KindsOf } from "./options.ts";
import type { Issuer } from "./issuer.ts";

/** Names that end in `Ms` are in ms. The defaults fit a WeChat token of 7200 s. */
export interface Parameters {
  /** How long one request to the platform may take (F). @defaultValue 8_000 */
  readonly fetchDeadlineMs: number;
  /**
   * How long one store command may take before the store counts as unreachable. Never longer than
   * the store's own `deadlineMs`. @defaultValue the store's `deadlineMs`, or 500
   */
  readonly storeDeadlineMs: number;
  /**
   * The length of the refresh lease. Its holder extends it after each third of that time. At least
   * F and two store deadlines (P1).
   * @defaultValue 10_000, or more if the store's `deadlineMs` requires it
   */
  readonly leaseMs: number;
  /**
   * How long after our deadline a request that was sent may still reach the platform.
   * @defaultValue 5_000
   */
  readonly networkDelayMs: number;
  /**
   * How long after its intent a request may still be processed by the platform (D). At least F and
   * the network delay (P2). @defaultValue 15_000
   */
  readonly drainMs: number;
  /**
   * The pause between two readings of the store outside the refresh window. An owner whose store
   * reports no changes reads each half of `waitMs` while consumers need its credential.
   * @defaultValue 240_000
   */
  readonly recheckMs: number;
  /** The pause between two readings of the store inside the refresh window. @defaultValue 60_000 */
  readonly recheckDueMs: number;
  /**
   * The longest business call that may carry a credential. Its sum with `recheckMs` and 10 s may
   * not exceed the overlap (P3). @defaultValue 30_000
   */
  readonly longestCallMs: number;
  /**
   * The latest start of the reconciling refresh, counted from the beginning of the doubt (P4).
   * @defaultValue 200_000, or D without an overlap
   */
  readonly reconcileMs: number;
  /**
   * How long before expiry a refresh may start.
   * @defaultValue a quarter of the lifetime, at most 900_000; stable: 290_000
   */
  readonly advisoryMs: number;
  /**
   * How long before expiry a refresh must have started (P5).
   * @defaultValue a twentieth of the lifetime, at most 120_000; stable: 60_000
   */
  readonly mandatoryMs: number;
  /**
   * The last part of a credential's life, in which it is not served because clocks differ.
   * @defaultValue 30_000
   */
  readonly skewMarginMs: number;
  /**
   * How long a call waits for a credential when there is none. At most 3 s while the store has
   * never answered. @defaultValue 20_000
   */
  readonly waitMs: number;
  /**
   * How many requests one lease may make while the platform answers "busy". Only one once the fleet
   * backs off. @defaultValue 3
   */
  readonly attemptsMax: number;
  /**
   * About how many nodes share the credential. Their proactive refreshes start spread over time, so
   * that about one node starts. Clamped to 2 … 10_000_000. @defaultValue 10
   */
  readonly fleetSize: number;
  /** How many fetches are allowed per day, at least 20. @defaultValue the issuer's */
  readonly quotaPerDay: number;
  /**
   * The part of the quota that proactive refreshes leave for emergencies, 0 … 0.9.
   * @defaultValue 0.1
   */
  readonly quotaReserve: number;
}

const kinds = {
  fetchDeadlineMs: "number",
  storeDeadlineMs: "number",
  leaseMs: "number",
  networkDelayMs: "number",
  drainMs: "number",
  recheckMs: "number",
  recheckDueMs: "number",
  longestCallMs: "number",
  reconcileMs: "number",
  advisoryMs: "number",
  mandatoryMs: "number",
  skewMarginMs: "number",
  waitMs: "number",
  attemptsMax: "number",
  fleetSize: "number",
  quotaPerDay: "number",
  quotaReserve: "number",
} satisfies KindsOf<Parameters>;

/**
 * Returns the parameters of this issuer's credential: the given ones, and for the others defaults
 * that fit the issuer and the store.
 *
 * @param storeDeadlineMs the longest `deadlineMs` of the store's cache and lock.
 * @throws {ConfigurationError} when a parameter is unknown or out of range, or when together they
 *   break one of the rules P1 to P6.
 */
export function parametersFor(
  issuer: Issuer,
  given: Partial<Parameters> = {},
  storeDeadlineMs = 500,
): Parameters {
  requireObject("issuer", issuer);
  requireOptions("parameters", given, kinds);
  const { kind } = (issuer.policy ?? {}) as Partial<Issuer["policy"]>;
  requireOneOf("issuer.policy.kind", String(kind), ["supersede", "stable", "sliding", "rotate"]);
  const { policy, lifetimeMs } = issuer;
  const renews =
    policy.kind === "stable" && policy.renewWithinMs < lifetimeMs
      ? policy.renewWithinMs
      : undefined;
  const drainMs = given.drainMs ?? 15_000;
  const defaults: Parameters = {
    fetchDeadlineMs: 8_000,
    storeDeadlineMs,
    leaseMs: Math.max(10_000, 8_000 + 2 * storeDeadlineMs),
    networkDelayMs: 5_000,
    drainMs,
    recheckMs: 240_000,
    recheckDueMs: 60_000,
    longestCallMs: 30_000,
    reconcileMs: overlapOf(issuer) === 0 ? drainMs : 200_000,
    advisoryMs:
      renews === undefined ? Math.min(900_000, Math.floor(lifetimeMs / 4)) : renews - 10_000,
    mandatoryMs:
      renews === undefined
        ? Math.min(120_000, Math.floor(lifetimeMs / 20))
        : Math.min(60_000, Math.floor(renews / 5)),
    skewMarginMs: 30_000,
    waitMs: 20_000,
    attemptsMax: 3,
    fleetSize: 10,
    quotaPerDay: issuer.quota?.perDay ?? Number.MAX_SAFE_INTEGER,
    quotaReserve: 0.1,
  };
  const chosen: Parameters = { ...defaults, ...definedOnly(given) };
  const parameters = { ...chosen, fleetSize: Math.min(10_000_000, Math.max(2, chosen.fleetSize)) };
  requireParameters(parameters, issuer, overlapOf(issuer));
  return parameters;
}

/**
 * Returns how long the platform accepts a superseded credential, in ms. Infinity when issuing
 * supersedes nothing.
 */
export function overlapOf({ policy }: Pick<Issuer, "policy">): number {
  return policy.kind === "supersede" || policy.kind === "rotate"
    ? policy.overlapMs
    : Number.POSITIVE_INFINITY;
}

function definedOnly<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}

/**
 * A rule is broken when `low > high`. The error names both sides and a setting that satisfies the
 * rule.
 */
interface Rule {
  readonly rule: string;
  readonly low: number;
  readonly high: number;
  readonly says: string;
  readonly remedy: string;
}

/** @throws {ConfigurationError} naming the broken rule and a setting that satisfies it. */
function requireParameters(p: Parameters, issuer: Issuer, overlapMs: number): void {
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
      "the mandatory window must be long enough for all attempts, a drain and the back-offs; fewer attempts or a shorter fetchDeadlineMs need less",
    ),
    atLeast(
      "P5",
      p,
      "advisoryMs",
      p.mandatoryMs,
      "the advisory window must include the mandatory one, mandatoryMs ≤ advisoryMs",
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
      "a credential must not end before it has to be replaced, skewMarginMs ≤ mandatoryMs",
    ),
  ];
  if (policy.kind === "stable" && policy.renewWithinMs < lifetimeMs) {
    rules.push(
      atMost(
        "P5",
        p,
        "advisoryMs",
        policy.renewWithinMs,
        "a stable issuer returns a new credential only in the last renewWithinMs of the present one, advisoryMs ≤ renewWithinMs",
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
      "a reconciling refresh must come after the drain, drainMs ≤ reconcileMs",
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

/** The longest pause between two attempts under one lease. */
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
