/** Durations and limits of one credential, and the rules that they must satisfy together. */
import { requireKnown, requireObject, requireOneOf } from "./known-options.ts";
import { requireParameters } from "./parameter-rules.ts";
import type { Issuer } from "./issuer.ts";

/** All in ms unless named otherwise. The defaults fit a WeChat token of 7200 s. */
export interface Parameters {
  /** How long one request to the platform may take (F). @defaultValue 8_000 */
  readonly fetchDeadlineMs: number;
  /**
   * How long one store command may take before the store counts as unreachable. @defaultValue 500
   */
  readonly storeDeadlineMs: number;
  /**
   * Length of the refresh lease; extended every third. At least F + 2 store deadlines (P1).
   * @defaultValue 10_000
   */
  readonly leaseMs: number;
  /**
   * The longest that a request, once sent, may stay under way behind our deadline. @defaultValue
   * 5_000
   */
  readonly networkDelayMs: number;
  /**
   * How long after its intent a request may still be processed by the platform (D). At least F +
   * the network's delay (P2). @defaultValue 15_000
   */
  readonly drainMs: number;
  /** How often a node re-reads the store outside the refresh window. @defaultValue 240_000 */
  readonly recheckMs: number;
  /** How often inside it. @defaultValue 60_000 */
  readonly recheckDueMs: number;
  /**
   * The longest business call that may carry a credential. Together with the re-check and 10 s
   * within the overlap (P3). @defaultValue 30_000
   */
  readonly longestCallMs: number;
  /**
   * How long after doubt arose the reconciling refresh is due, at the latest (P4). @defaultValue
   * 200_000, or D without an overlap
   */
  readonly reconcileMs: number;
  /**
   * How long before expiry a refresh may start. @defaultValue a quarter of the lifetime, at most
   * 900_000; stable: 290_000
   */
  readonly advisoryMs: number;
  /**
   * How long before expiry a refresh must have started (P5). @defaultValue a twentieth of the
   * lifetime, at most 120_000; stable: 60_000
   */
  readonly mandatoryMs: number;
  /**
   * A credential is not served in the last moments of its life, because clocks differ.
   * @defaultValue 30_000
   */
  readonly skewMarginMs: number;
  /**
   * How long a call waits for a credential when there is none; while the store has never answered,
   * at most 3 s. @defaultValue 20_000
   */
  readonly waitMs: number;
  /**
   * Requests that one lease may make while the platform answers "busy"; one, once the fleet backs
   * off. @defaultValue 3
   */
  readonly attemptsMax: number;
  /**
   * About how many nodes share the credential: spreads the start of a proactive refresh. Clamped to
   * 2 … 10_000_000. @defaultValue 10
   */
  readonly fleetSize: number;
  /** Fetches a day; at least 20. @defaultValue the issuer's */
  readonly quotaPerDay: number;
  /**
   * The part of the quota that proactive refreshes leave to emergencies, 0 … 0.9. @defaultValue 0.1
   */
  readonly quotaReserve: number;
}

/**
 * The parameters of this issuer's credential: what is given, and defaults that fit the issuer.
 *
 * @throws {ConfigurationError} one is unknown or out of range, or they break one of the rules P1 to
 *   P6 together.
 */
export function parametersFor(issuer: Issuer, given: Partial<Parameters> = {}): Parameters {
  requireObject("issuer", issuer);
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
    storeDeadlineMs: 500,
    leaseMs: 10_000,
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
  requireKnown("parameters", given, Object.keys(defaults));
  const chosen: Parameters = { ...defaults, ...definedOnly(given) };
  const parameters = { ...chosen, fleetSize: Math.min(10_000_000, Math.max(2, chosen.fleetSize)) };
  requireParameters(parameters, issuer, overlapOf(issuer));
  return parameters;
}

/**
 * How long the platform honours a superseded credential, in ms; Infinity when issuing supersedes
 * nothing.
 */
export function overlapOf({ policy }: Pick<Issuer, "policy">): number {
  return policy.kind === "supersede" || policy.kind === "rotate"
    ? policy.overlapMs
    : Number.POSITIVE_INFINITY;
}

function definedOnly<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
