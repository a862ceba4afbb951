/** Durations and limits of one credential, and the rules that they must satisfy together. */
import { ConfigurationError } from "./errors.ts";
import type { Issuer } from "./issuer.ts";

/** All in ms unless named otherwise. The defaults fit a WeChat token of 7200 s. */
export interface Parameters {
  /** How long one request to the platform may take (F). @defaultValue 8_000 */
  readonly fetchDeadlineMs: number;
  /** How long one store command may take before the store counts as unreachable. @defaultValue 500 */
  readonly storeDeadlineMs: number;
  /** Length of the refresh lease; extended every third. At least F + 2 store deadlines (P1). @defaultValue 10_000 */
  readonly leaseMs: number;
  /** The longest that a request, once sent, may stay under way behind our deadline. @defaultValue 5_000 */
  readonly networkDelayMs: number;
  /** How long after its intent a request may still be processed by the platform (D). At least F + the network's delay (P2). @defaultValue 15_000 */
  readonly drainMs: number;
  /** How often a node re-reads the store outside the refresh window. @defaultValue 240_000 */
  readonly recheckMs: number;
  /** How often inside it. @defaultValue 60_000 */
  readonly recheckDueMs: number;
  /** The longest business call that may carry a credential. Together with the re-check and 10 s within the overlap (P3). @defaultValue 30_000 */
  readonly longestCallMs: number;
  /** How long after doubt arose the reconciling refresh is due, at the latest (P4). @defaultValue 200_000, or D without an overlap */
  readonly reconcileMs: number;
  /** How long before expiry a refresh may start. @defaultValue a quarter of the lifetime, at most 900_000; stable: 290_000 */
  readonly advisoryMs: number;
  /** How long before expiry a refresh must have started (P5). @defaultValue a twentieth of the lifetime, at most 120_000; stable: 60_000 */
  readonly mandatoryMs: number;
  /** A credential is not served in the last moments of its life, because clocks differ. @defaultValue 30_000 */
  readonly skewMarginMs: number;
  /** How long a call waits for a credential when there is none. @defaultValue 20_000 */
  readonly waitMs: number;
  /** Requests that one lease may make while the platform answers "busy". @defaultValue 3 */
  readonly attemptsMax: number;
  /** About how many nodes share the credential: spreads the start of a proactive refresh. Clamped to 2 … 10_000_000. @defaultValue 10 */
  readonly fleetSize: number;
  /** A refused credential younger than this is probed before it is replaced. @defaultValue 30_000 */
  readonly youngMs: number;
  /** Fetches a day; at least 20. @defaultValue the issuer's */
  readonly quotaPerDay: number;
  /** The part of the quota that proactive refreshes leave to emergencies, 0 … 0.9. @defaultValue 0.1 */
  readonly quotaReserve: number;
}

const day = 86_400_000;

export function parametersFor(issuer: Issuer, given: Partial<Parameters> = {}): Parameters {
  const { policy, lifetimeMs } = issuer;
  const renews = policy.kind === "stable" && policy.renewWithinMs < lifetimeMs ? policy.renewWithinMs : undefined;
  const drainMs = given.drainMs ?? 15_000;
  const defaults: Parameters = {
    fetchDeadlineMs: 8_000,
    storeDeadlineMs: 500,
    leaseMs: 10_000,
    networkDelayMs: 5_000,
    drainMs,
    recheckMs: 240_000,
    recheckDueMs: 60_000,
    longestCallMs: 30_000,
    reconcileMs: overlapOf(issuer) === 0 ? drainMs : 200_000,
    advisoryMs: renews === undefined ? Math.min(900_000, Math.floor(lifetimeMs / 4)) : renews - 10_000,
    mandatoryMs: renews === undefined ? Math.min(120_000, Math.floor(lifetimeMs / 20)) : Math.min(60_000, Math.floor(renews / 5)),
    skewMarginMs: 30_000,
    waitMs: 20_000,
    attemptsMax: 3,
    fleetSize: 10,
    youngMs: 30_000,
    quotaPerDay: issuer.quota?.perDay ?? Number.MAX_SAFE_INTEGER,
    quotaReserve: 0.1,
  };
  const chosen: Parameters = { ...defaults, ...definedOnly(given) };
  const parameters = { ...chosen, fleetSize: Math.min(10_000_000, Math.max(2, chosen.fleetSize)) };
  validate(parameters, issuer);
  return parameters;
}

/** How long the platform honours a superseded credential, in ms; Infinity when issuing supersedes nothing. */
export function overlapOf({ policy }: Pick<Issuer, "policy">): number {
  return policy.kind === "supersede" || policy.kind === "rotate" ? policy.overlapMs : Number.POSITIVE_INFINITY;
}

function definedOnly<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}

/** A rule is broken when `low > high`; the text is built from both sides and from a setting that would satisfy it. */
interface Rule {
  readonly rule: string;
  readonly low: number;
  readonly high: number;
  readonly says: string;
  readonly remedy: string;
}

function validate(p: Parameters, issuer: Issuer): void {
  for (const [name, value] of Object.entries(p) as [keyof Parameters, unknown][]) {
    const whole = name !== "quotaReserve" && name !== "fleetSize";
    if (typeof value !== "number" || !Number.isFinite(value) || value < 0 || (whole && !Number.isInteger(value))) {
      throw new ConfigurationError(`${name} must be a ${whole ? "whole " : ""}number of at least 0, not ${describe(value)}.`, {
        rule: "P6",
      });
    }
  }
  for (const { rule, low, high, says, remedy } of [...timing(p, issuer), ...bounds(p, issuer)]) {
    if (low > high) throw new ConfigurationError(`${rule}: ${says} (${low} > ${high}). ${remedy}`, { rule });
  }
}

function timing(p: Parameters, issuer: Issuer): Rule[] {
  const overlap = overlapOf(issuer);
  const superseding = Number.isFinite(overlap);
  const needed = p.attemptsMax * p.fetchDeadlineMs + (superseding ? p.drainMs : 0) + backOffMs(p.attemptsMax);
  const leaseNeeds = p.fetchDeadlineMs + 2 * p.storeDeadlineMs;
  const rules: Rule[] = [
    {
      rule: "P1",
      low: leaseNeeds,
      high: p.leaseMs,
      says: "a lease must outlive one fetch and two store commands, fetchDeadlineMs + 2 × storeDeadlineMs ≤ leaseMs",
      remedy: `Set leaseMs to at least ${leaseNeeds}.`,
    },
    {
      rule: "P2",
      low: p.fetchDeadlineMs + p.networkDelayMs,
      high: p.drainMs,
      says: "the drain must outlast a request that is still under way, fetchDeadlineMs + networkDelayMs ≤ drainMs",
      remedy: `Set drainMs to at least ${p.fetchDeadlineMs + p.networkDelayMs}.`,
    },
    {
      rule: "P5",
      low: needed,
      high: p.mandatoryMs,
      says: "the mandatory window must leave time for all attempts, a drain and back-offs",
      remedy: `Set mandatoryMs to at least ${needed}, or lower fetchDeadlineMs or attemptsMax.`,
    },
    {
      rule: "P5",
      low: p.mandatoryMs,
      high: p.advisoryMs,
      says: "mandatoryMs ≤ advisoryMs",
      remedy: `Set advisoryMs to at least ${p.mandatoryMs}.`,
    },
    {
      rule: "P5",
      low: p.advisoryMs + 1,
      high: issuer.lifetimeMs,
      says: `advisoryMs must be below the lifetime of ${issuer.lifetimeMs} ms`,
      remedy: `Set advisoryMs to ${Math.floor(issuer.lifetimeMs / 4)}.`,
    },
    {
      rule: "P5",
      low: p.skewMarginMs,
      high: p.mandatoryMs,
      says: "skewMarginMs ≤ mandatoryMs, or the credential runs out before it must be replaced",
      remedy: `Set skewMarginMs to at most ${p.mandatoryMs}.`,
    },
  ];
  if (superseding && overlap > 0) {
    const latest = overlap - 60_000 - p.fetchDeadlineMs;
    rules.push(
      {
        rule: "P3",
        low: p.recheckMs + p.longestCallMs + 10_000,
        high: overlap,
        says: "a node must notice a replacement within the overlap, recheckMs + longestCallMs + 10 000 ≤ overlap",
        remedy: `Set recheckMs to at most ${overlap - p.longestCallMs - 10_000}, or lower longestCallMs.`,
      },
      {
        rule: "P4",
        low: p.drainMs,
        high: p.reconcileMs,
        says: "drainMs ≤ reconcileMs",
        remedy: `Set reconcileMs to at least ${p.drainMs}.`,
      },
      {
        rule: "P4",
        low: p.reconcileMs,
        high: latest,
        says: "a reconciling refresh must end well within the overlap, reconcileMs ≤ overlap − 60 000 − fetchDeadlineMs",
        remedy: `Set reconcileMs to at most ${latest}.`,
      },
    );
  }
  return rules;
}

function bounds(p: Parameters, issuer: Issuer): Rule[] {
  const atLeast = (name: keyof Parameters, least: number): Rule => ({
    rule: "P6",
    low: least,
    high: p[name],
    says: `${name} must be at least ${least}`,
    remedy: `Set ${name} to ${least} or more.`,
  });
  const atMost = (name: keyof Parameters, most: number): Rule => ({
    rule: "P6",
    low: p[name],
    high: most,
    says: `${name} must be at most ${most}`,
    remedy: `Set ${name} to ${most} or less.`,
  });
  const renewal: Rule[] =
    issuer.policy.kind === "stable" && issuer.policy.renewWithinMs < issuer.lifetimeMs
      ? [
          {
            rule: "P5",
            low: p.advisoryMs,
            high: issuer.policy.renewWithinMs,
            says: "before its last renewWithinMs a stable issuer returns the same credential, advisoryMs ≤ renewWithinMs",
            remedy: `Set advisoryMs to at most ${issuer.policy.renewWithinMs}.`,
          },
        ]
      : [];
  return [
    atLeast("fetchDeadlineMs", 1),
    atLeast("storeDeadlineMs", 1),
    atLeast("recheckMs", 1_000),
    atLeast("recheckDueMs", 1_000),
    atLeast("attemptsMax", 1),
    atLeast("quotaPerDay", 20),
    atMost("attemptsMax", 10),
    atMost("leaseMs", 2 ** 31 - 1),
    atMost("waitMs", day),
    atMost("drainMs", 600_000),
    atMost("quotaReserve", 0.9),
    ...renewal,
  ];
}

/** The longest that the attempts of one lease pause between them. */
function backOffMs(attemptsMax: number): number {
  return (attemptsMax - 1) * 1_000;
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
