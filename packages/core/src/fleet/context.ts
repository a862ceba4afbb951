/**
 * The settings that all parts of one credential share: the node, the platform's rules, the clock.
 */
import { hostname } from "node:os";
import { createEventBus, type EventBus } from "../events/event-bus.ts";
import { ConfigurationError } from "../errors.ts";
import {
  requireCache,
  requireLock,
  requireOneOf,
  requireOptions,
  requireShape,
  type KindsOf,
} from "../options.ts";
import type { Cache } from "../cache/cache.ts";
import type { Issuer } from "../issuer.ts";
import { parametersFor, type Parameters } from "../parameters.ts";
import { systemRandom, type Random } from "../random.ts";
import { storeFrom } from "../store.ts";
import { fingerprint } from "../secret.ts";
import { rulesFor, type Rules } from "../state/rules.ts";
import { sharedSettings } from "./shared-per-store.ts";
import { storeDeadlineOf } from "./store-deadline.ts";
import { StoreHealth } from "./store-health.ts";
import type { State } from "../state/state.ts";
import { systemClock, type Clock } from "../time/time.ts";
import type { CredentialOptions } from "../credential.ts";

/** The settings that depend on the issuer that the fleet uses. */
export interface IssuerTerms {
  readonly issuer: Issuer;
  readonly parameters: Parameters;
  readonly rules: Rules;
  readonly canForce: boolean;
}

/** Returns the terms that apply under this document. */
export function termsOn(context: Context, state: Pick<State, "fallback"> | undefined): IssuerTerms {
  return state?.fallback === undefined ? context : (context.fallback ?? context);
}

/** Returns the name by which this fleet speaks of a secret. */
export function fingerprintIn({ fingerprintKey }: Context, secret: string): string {
  return fingerprint(`lingpai/fp/${fingerprintKey}`, secret);
}

export interface Context {
  readonly issuer: Issuer;
  readonly environment: string;
  readonly node: string;
  readonly parameters: Parameters;
  readonly rules: Rules;
  /** The terms while the fleet uses the issuer's fallback. */
  readonly fallback: IssuerTerms | undefined;
  /** True when the platform can be forced to replace what it would hand out again. */
  readonly canForce: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly bus: EventBus;
  readonly health: StoreHealth;
  /** See {@link fingerprintIn}. */
  readonly fingerprintKey: string;
  readonly revision: Revision;
}

/** Checks the options and fills in the defaults. Reads no clock and does no I/O. */
export function contextFrom(options: CredentialOptions): Context {
  requireCredentialOptions(options);
  const { issuer, environment, clock = systemClock, random = systemRandom } = options;
  const node = options.node ?? defaultNode(random);
  requireLabel("environment", environment);
  requireLabel("node", node);
  if (typeof issuer.id !== "string" || issuer.id === "")
    throw new ConfigurationError(
      "The issuer has no id. Give it a stable one that names the credential, without a secret in it.",
    );
  if (
    options.onConflict === "coexist" &&
    (issuer.policy.kind === "supersede" || issuer.policy.kind === "rotate")
  ) {
    throw new ConfigurationError(
      `onConflict "coexist" needs a credential that several environments can share; each issue of "${issuer.id}" kills the one before. Use "consume", a stable token, or an AppID per environment.`,
    );
  }
  const store = storeFrom(options);
  const storeDeadlineMs = storeDeadlineOf(store, options.parameters?.storeDeadlineMs);
  const parameters = parametersFor(issuer, options.parameters, storeDeadlineMs);
  const bus = createEventBus({ id: issuer.id, environment, node, clock });
  if (options.onContention === "fallback" && issuer.fallback === undefined)
    throw new ConfigurationError(
      `onContention "fallback" needs an issuer with a fallback; "${issuer.id}" has none. Use "report".`,
    );
  const { cache } = store;
  const fallback =
    issuer.fallback &&
    termsOf(
      cache,
      issuer.fallback,
      fallbackParameters(issuer.fallback, options.parameters ?? {}, parameters),
    );
  const own = termsOf(cache, issuer, parameters, options.onContention, fallback?.rules);
  return {
    issuer,
    environment,
    node,
    parameters: own.parameters,
    rules: own.rules,
    canForce: own.canForce,
    fallback,
    clock,
    random,
    bus,
    health: new StoreHealth(clock, bus),
    fingerprintKey: options.fingerprintKey ?? issuer.id,
    revision: new Revision(issuer, clock),
  };
}

/** For how long an answer about the configuration is taken for the present one. */
const recentMs = 1_000;

/**
 * The issuer's name for its configuration. The issuer may read a file or ask a vault for it, so it
 * is asked only while a refusal stands, and once a second then.
 */
class Revision {
  readonly #issuer: Pick<Issuer, "revision">;
  readonly #clock: Clock;
  #last: string | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(issuer: Pick<Issuer, "revision">, clock: Clock) {
    this.#issuer = issuer;
    this.#clock = clock;
  }

  /** Asks what it is now. An issuer that cannot tell counts as unchanged. */
  now(): string | undefined {
    this.#askedMs = this.#clock.monotonicMs();
    try {
      this.#last = this.#issuer.revision?.();
    } catch {
      // The next call asks it again.
    }
    return this.#last;
  }

  /** Returns what it was within the last second. An issuer that did not know yet is asked again. */
  recent(): string | undefined {
    const isRecent = this.#clock.monotonicMs() < this.#askedMs + recentMs;
    return isRecent && this.#last !== "" ? this.#last : this.now();
  }

  /** The same, for a decision over this document, which needs it only if a refusal is stored. */
  recentFor(state: State | undefined): string | undefined {
    return state?.refusal === undefined ? undefined : this.recent();
  }
}

/** All of {@link CredentialOptions}: a provider passes these on and removes its own. */
export const credentialOptionKinds: KindsOf<CredentialOptions> = {
  issuer: "object",
  store: "object",
  cache: "cache",
  lock: "lock",
  environment: "text",
  node: "text",
  role: "text",
  onConflict: "text",
  onContention: "text",
  parent: "object",
  standalone: "text",
  keepAlive: "boolean",
  parameters: "object",
  fingerprintKey: "text",
  clock: "clock",
  random: "random",
};

function requireCredentialOptions(options: CredentialOptions): void {
  requireOptions("credential()", options, credentialOptionKinds);
  requireShape("issuer", options.issuer, ["issue"], "A provider makes one; see Issuer.");
  const { cache, lock } = storeFrom(options);
  requireCache(cache);
  requireLock(lock);
  if (options.parent !== undefined)
    requireShape(
      "parent",
      options.parent,
      ["get", "reject"],
      "Give the credential that the issuer needs for its request.",
    );
  requireOneOf("role", options.role, ["owner", "consumer"]);
  requireOneOf("onConflict", options.onConflict, ["error", "warn", "consume", "coexist"]);
  requireOneOf("onContention", options.onContention, ["report", "fallback"]);
  requireOneOf("standalone", options.standalone, ["never", "when-harmless", "always"]);
}

/** A fallback's own: they follow its policy, its lifetime and its quota. */
const ofIssuer: readonly (keyof Parameters)[] = ["advisoryMs", "reconcileMs", "quotaPerDay"];

/**
 * Returns the parameters of an issuer's fallback. It shares those that describe the process, its
 * network and its store, and its mandatory window is as long, if its advisory one allows that.
 *
 * @throws {ConfigurationError} when they break a rule for the fallback.
 */
function fallbackParameters(
  fallback: Issuer,
  given: Partial<Parameters>,
  own: Parameters,
): Parameters {
  const shared = Object.entries(given).filter(
    ([name]) => !ofIssuer.includes(name as keyof Parameters),
  );
  const mandatoryMs = Math.min(own.mandatoryMs, parametersFor(fallback).advisoryMs);
  try {
    return parametersFor(
      fallback,
      { ...Object.fromEntries(shared), mandatoryMs },
      own.storeDeadlineMs,
    );
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(
      `These parameters do not fit the fallback "${fallback.id}", which keeps its own ${ofIssuer.join(", ")}: ${error.message}`,
      { ...(error.rule === undefined ? {} : { rule: error.rule }), cause: error },
    );
  }
}

function termsOf(
  cache: Cache,
  issuer: Issuer,
  parameters: Parameters,
  onContention?: Rules["onContention"],
  fallback?: Rules,
): IssuerTerms {
  const canForce = issuer.policy.kind === "stable" && issuer.quota?.forced !== undefined;
  return {
    issuer,
    parameters: sharedSettings(cache, parameters),
    rules: sharedSettings(cache, rulesFor(issuer, parameters, onContention, fallback)),
    canForce,
  };
}

const labelPattern = /^[A-Za-z0-9._-]{1,64}$/;

function requireLabel(name: string, label: string): void {
  if (typeof label === "string" && labelPattern.test(label)) return;
  throw new ConfigurationError(
    `${name} must be 1 to 64 characters of A-Za-z0-9._-, such as "production"; it was ${shownLabel(label)}.`,
  );
}

/** Four characters at most: a secret may have been put here by mistake. */
function shownLabel(label: unknown): string {
  if (typeof label !== "string") return typeof label;
  if (label === "") return "empty";
  return label.length <= 4
    ? JSON.stringify(label)
    : `${JSON.stringify(label.slice(0, 4))} and ${label.length - 4} characters more`;
}

/** Names a node that has been given no name. A host's name may hold what a label may not. */
export function defaultNode(random: Random, host: string = hostname()): string {
  const label = host.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 40);
  return `${label || "node"}-${process.pid}-${random.id().slice(0, 4)}`;
}
