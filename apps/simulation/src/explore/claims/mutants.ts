/** The decision about claims without one of its rules. The search must find each mutant. */
import {
  decideClaim,
  validClaims,
  renewedBy,
  type Claimant,
  type ClaimFacts,
  type Renewal,
} from "@lingpai/core/internal/claims";
import { longLives, lossOf, releases, spoilt, warns } from "./bounds.ts";
import type { ClaimBounds, ClaimProtocol } from "./model.ts";

export interface ClaimMutant {
  readonly name: string;
  /** The missing rule. */
  readonly lacks: string;
  readonly bounds: ClaimBounds;
  readonly protocol: Partial<ClaimProtocol>;
}

/** Changes the input of the production decision. */
function knowing(change: (facts: ClaimFacts) => ClaimFacts): Partial<ClaimProtocol> {
  return { decide: (claimant, facts) => decideClaim(claimant, change(facts)) };
}

/** Changes the claim that the production decision stores. */
function storing(
  change: (renewal: Renewal, facts: ClaimFacts) => Partial<Renewal["own"]>,
): Partial<ClaimProtocol> {
  const changed = (renewal: Renewal, facts: ClaimFacts): Renewal => {
    const own = { ...renewal.own, ...change(renewal, facts) };
    const claims = renewal.registry.claims.map((claim) => (claim === renewal.own ? own : claim));
    return { ...renewal, own, registry: { ...renewal.registry, claims } };
  };
  return {
    first: (claimant, facts) => changed(renewedBy(claimant, facts), facts),
    decide: (claimant, facts) => {
      const decision = decideClaim(claimant, facts);
      const { verdict } = decision;
      return verdict.kind === "own" && verdict.renewal !== undefined
        ? { ...decision, verdict: { kind: "own", renewal: changed(verdict.renewal, facts) } }
        : decision;
    },
  };
}

function anyOtherOf({ path }: Claimant, facts: ClaimFacts) {
  return validClaims(facts).find((claim) => claim.path.join() !== path.join());
}

export const claimMutants: readonly ClaimMutant[] = [
  {
    name: "any other claim is a conflict",
    lacks: "only an earlier claim counts against an environment",
    bounds: { ...warns, onConflict: ["error", "warn"] },
    protocol: {
      decide: (claimant, facts) => {
        const by = anyOtherOf(claimant, facts);
        const decision = decideClaim(claimant, facts);
        return by === undefined || claimant.onConflict !== "error"
          ? decision
          : { ...decision, verdict: { kind: "refused", by } };
      },
    },
  },
  {
    name: "a renewal moves a claim back",
    lacks: "a claim stays as old as it is when it is renewed",
    bounds: { ...warns, onConflict: ["error", "warn"], ticks: 2 },
    protocol: storing(({ own }, { nowMs, registry }) => ({
      sinceMs: Math.max(nowMs, ...(registry?.claims ?? []).map(({ sinceMs }) => sinceMs + 1)),
      renewedMs: own.renewedMs,
    })),
  },
  {
    name: "claims hold for two days",
    lacks: "a claim holds as long as its credential lives",
    bounds: longLives[0]!,
    protocol: storing(({ own }) => ({ untilMs: own.renewedMs })),
  },
  {
    name: "only announced lives count",
    lacks: "a claim is extended to the end of a credential that lives longer than its issuer says",
    bounds: longLives[1]!,
    protocol: knowing((facts) => ({ ...facts, coveredMs: 0 })),
  },
  {
    name: "unreadable claims stop everybody",
    lacks: "an environment that is established goes on beside claims that it cannot read",
    bounds: spoilt,
    protocol: {
      decide: (claimant, facts) =>
        facts.registry === undefined || facts.registry.unreadable.length > 0
          ? { verdict: { kind: "unreadable" }, conflict: undefined, earlier: undefined }
          : decideClaim(claimant, facts),
    },
  },
  {
    name: "no compare-and-set of claims",
    lacks: "the registry is written only over the version that was read",
    bounds: { ...longLives[0]!, ticks: 1 },
    protocol: { compares: false },
  },
  {
    name: "conflicts are kept quiet",
    lacks: "two owners of a plain token report their conflict",
    bounds: warns,
    protocol: {
      decide: (claimant, facts) => ({ ...decideClaim(claimant, facts), conflict: undefined }),
    },
  },
  {
    name: "a lost registry makes newcomers of all",
    lacks: "memory and a living credential show who came first",
    bounds: lossOf(["error", "error"]),
    protocol: knowing((facts) => ({ ...facts, remembered: undefined, credential: undefined })),
  },
  {
    name: "a release is forgotten",
    lacks: "a released environment that returns comes after the one that claimed meanwhile",
    bounds: releases,
    protocol: knowing((facts) =>
      facts.registry === undefined
        ? facts
        : { ...facts, registry: { ...facts.registry, released: [] } },
    ),
  },
  {
    name: "a consumer fetches without looking",
    lacks: "a consumer fetches for itself only when the first claim is gone",
    bounds: { ...releases, onConflict: ["consume", "consume"] },
    protocol: { again: () => "gone" },
  },
];
