/** What all parts of one credential share: who we are, what the platform is like, which clock to read. */
import { hostname } from "node:os";
import { createEventBus, type EventBus } from "../event-bus.ts";
import { ConfigurationError } from "../errors.ts";
import type { Issuer } from "../issuer.ts";
import { parametersFor, type Parameters } from "../parameters.ts";
import { systemRandom, type Random } from "../random.ts";
import { fingerprint } from "../secret.ts";
import { rulesFor, type Rules } from "../state/rules.ts";
import { StoreHealth } from "./store-health.ts";
import { systemClock, type Clock } from "../time.ts";
import type { CredentialOptions } from "./types.ts";

export interface Setting {
  readonly issuer: Issuer;
  readonly environment: string;
  readonly node: string;
  readonly parameters: Parameters;
  readonly rules: Rules;
  /** Whether the platform can be made to replace what it would hand out again. */
  readonly canForce: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly bus: EventBus;
  readonly health: StoreHealth;
  readonly fingerprintOf: (secret: string) => string;
  /** What the issuer calls its configuration now; an issuer that cannot tell has not changed. */
  readonly revision: () => string | undefined;
}

/** Checks the options and fills in the defaults. Reads no clock and does no I/O. */
export function settingFrom(options: CredentialOptions): Setting {
  const { issuer, environment, clock = systemClock, random = systemRandom } = options;
  const node = options.node ?? defaultNode(random);
  requireLabel("environment", environment);
  requireLabel("node", node);
  if (typeof issuer.id !== "string" || issuer.id === "")
    throw new ConfigurationError("The issuer has no id. Give it a stable one that names the credential, without a secret in it.");
  if (options.onConflict === "coexist" && (issuer.policy.kind === "supersede" || issuer.policy.kind === "rotate")) {
    throw new ConfigurationError(
      `onConflict "coexist" needs a credential that several environments can share; each issue of "${issuer.id}" kills the one before. Use "consume", a stable token, or an AppID per environment.`,
    );
  }
  const parameters = parametersFor(issuer, options.parameters);
  const key = options.fingerprintKey ?? issuer.id;
  const bus = createEventBus({ id: issuer.id, environment, node, clock });
  return {
    issuer,
    environment,
    node,
    parameters,
    rules: rulesFor(issuer, parameters),
    canForce: issuer.policy.kind === "stable" && issuer.quota?.forced !== undefined,
    clock,
    random,
    bus,
    health: new StoreHealth(clock, bus),
    fingerprintOf: (secret) => fingerprint(`lingpai/fp/${key}`, secret),
    revision: revisionOf(issuer),
  };
}

function revisionOf(issuer: Issuer): () => string | undefined {
  let last: string | undefined;
  return () => {
    try {
      last = issuer.revision?.();
    } catch {
      // It is asked again the next time.
    }
    return last;
  };
}

const labelPattern = /^[A-Za-z0-9._-]{1,64}$/;

function requireLabel(name: string, label: string): void {
  if (typeof label === "string" && labelPattern.test(label)) return;
  throw new ConfigurationError(`${name} must be 1 to 64 characters of A-Za-z0-9._-, such as "production"; it was ${shownLabel(label)}.`);
}

/** Four characters at most: a secret may have been put here by mistake. */
function shownLabel(label: unknown): string {
  if (typeof label !== "string") return typeof label;
  if (label === "") return "empty";
  return label.length <= 4 ? JSON.stringify(label) : `${JSON.stringify(label.slice(0, 4))} and ${label.length - 4} characters more`;
}

function defaultNode(random: Random): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, "-")
    .slice(0, 40);
  return `${host || "node"}-${process.pid}-${random.id().slice(0, 4)}`;
}
