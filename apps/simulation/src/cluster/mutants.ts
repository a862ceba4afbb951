/**
 * Defects in the production code, and an auditor that excuses everything. The simulation must find
 * each of them; otherwise it proves nothing.
 */
import {
  CredentialUnavailableError,
  IssueError,
  type Credential,
  type Secret,
} from "@lingpai/core";
import type { Excuse } from "../audit/availability-audit.ts";
import type { NodeMutation } from "../fleet/fleet-node.ts";
import type { Process } from "../world/process.ts";

export interface Mutant extends NodeMutation {
  readonly name: string;
  /** The scenario that finds it. */
  readonly scenario: string;
  /** The simulated hours of each run that searches for it. @defaultValue 4 */
  readonly hours?: number;
  /** The promise that it breaks. */
  readonly foundBy: RegExp;
  readonly excuse?: Excuse;
}

const burst = 2;
const gapMs = 30_000;
const gapMaxMs = 600_000;

/** Allows two replacements at once and then widens the gaps, however much of the quota is left. */
function oldGovernor(credential: Credential, process: Process): Credential {
  let count = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    ...methodsOf(credential),
    async reject(refused, options) {
      const gap = Math.min(gapMaxMs, gapMs * 2 ** Math.max(0, count - burst));
      if (count >= burst && process.monotonicMs() < lastMs + gap)
        throw new CredentialUnavailableError("The governor spaces the refreshes.", {
          reason: "governor",
        });
      count += 1;
      lastMs = process.monotonicMs();
      return credential.reject(refused, options);
    },
  };
}

/** Returns the same credential as an object whose methods can be replaced. */
function methodsOf(credential: Credential): Credential {
  return {
    id: credential.id,
    environment: credential.environment,
    peek: () => credential.peek(),
    get: (options) => credential.get(options),
    reject: (refused, options) => credential.reject(refused, options),
    refresh: (options) => credential.refresh(options),
    seed: (issued, options) => credential.seed(issued, options),
    reset: (options) => credential.reset(options),
    useFallback: (on, options) => credential.useFallback(on, options),
    check: (options) => credential.check(options),
    reconcileQuota: (observed) => credential.reconcileQuota(observed),
    status: () => credential.status(),
    watch: (listener) => credential.watch(listener),
    close: () => credential.close(),
    [Symbol.asyncDispose]: () => credential.close(),
  };
}

export const mutants: readonly Mutant[] = [
  { name: "the old governor", scenario: "kills", foundBy: /^5$/, credential: oldGovernor },
  {
    name: "an auditor that excuses everything, over the old governor",
    scenario: "kills",
    foundBy: /^honest$/,
    credential: oldGovernor,
    excuse: () => ({ name: "store out of reach" }),
  },
  {
    name: "every complaint is believed",
    scenario: "refusing-api",
    foundBy: /^A2$/,
    issuer: (issuer) => ({ ...issuer, probe: async () => "dead" }),
  },
  {
    name: "a refusal to issue is remembered forever",
    scenario: "mended-refusals",
    foundBy: /^5$/,
    issuer(issuer) {
      let refusal: IssueError | undefined;
      return {
        ...issuer,
        async issue(request) {
          if (refusal !== undefined) throw refusal;
          return issuer.issue(request).catch((error: unknown) => {
            if (error instanceof IssueError && error.outcome === "fatal") refusal = error;
            throw error;
          });
        },
      };
    },
  },
  {
    name: "a call waits for 5 s although nothing is wrong",
    scenario: "foreign",
    foundBy: /^5 \(waiting\)$/,
    credential: (credential, process) => ({
      ...methodsOf(credential),
      async reject(refused, options) {
        await new Promise<void>((resolve) => process.setTimer(5_000, resolve));
        return credential.reject(refused, options);
      },
    }),
  },
  {
    name: "a node goes on with a token that an operator has reset",
    scenario: "operator-resets",
    foundBy: /^F13$/,
    credential(credential, process) {
      let kept: { readonly secret: Secret; readonly untilMs: number } | undefined;
      const get: Credential["get"] = async (options) => {
        if (kept === undefined || process.monotonicMs() >= kept.untilMs)
          kept = {
            secret: await credential.get(options),
            untilMs: process.monotonicMs() + 1_800_000,
          };
        return kept.secret;
      };
      return { ...methodsOf(credential), get };
    },
  },
  {
    name: "an unused credential is refreshed forever",
    scenario: "idle-hours",
    hours: 20,
    foundBy: /^B8$/,
    credential(credential) {
      credential.watch(() => {});
      return credential;
    },
  },
];
