import { describe, expect, it } from "vitest";
import { decideClaim, type Claimant, type ClaimFacts } from "./claim-decision.ts";
import {
  noClaims,
  staleAfterMs,
  withoutClaim,
  type Claim,
  type Registry,
} from "./claim-registry.ts";

const hourMs = 3_600_000;
const nowMs = 20_000 * 24 * hourMs;

function claimant(environment: string, onConflict: Claimant["onConflict"] = "error"): Claimant {
  return { environment, path: [environment], node: "n1", onConflict, lifetimeMs: 2 * hourMs };
}

function claimed(environment: string, sinceMs: number): Claim {
  return { environment, path: [environment], node: "n1", sinceMs, renewedMs: nowMs - hourMs };
}

const production = claimant("production");
const staging = claimed("staging", nowMs - 60_000);
const registry: Registry = { ...noClaims, claims: [staging] };
const credential = {
  sentAtMs: nowMs - hourMs,
  expiresAtMs: nowMs + hourMs,
  by: { node: "n2", environment: "production", reason: "advisory" },
};
const facts: ClaimFacts = { registry, coveredMs: 0, nowMs };

describe("an environment whose claim the store has lost", () => {
  it("keeps its precedence if it holds a living credential that is older than the other claim", () => {
    expect(decideClaim(production, facts).verdict).toEqual({ kind: "refused", by: staging });
    const { conflict, verdict } = decideClaim(production, { ...facts, credential });
    expect(conflict).toEqual({ other: staging, action: "keep" });
    expect(verdict).toMatchObject({
      kind: "own",
      renewal: { own: { environment: "production", sinceMs: credential.sentAtMs } },
    });
  });

  it("comes first if its living credential was fetched under an earlier claim", () => {
    const by = { ...credential.by, reason: "manual", claimedMs: nowMs - 50 * hourMs };
    const late = { ...facts, credential: { ...credential, sentAtMs: nowMs - 1, by } };
    expect(decideClaim(production, late).verdict).toMatchObject({
      kind: "own",
      renewal: { own: { environment: "production", sinceMs: by.claimedMs } },
    });
  });

  it("comes first again after a process without that knowledge has claimed for it", () => {
    const claims = [staging, claimed("production", nowMs - 1)];
    const stored = { ...facts, registry: { ...noClaims, claims } };
    expect(decideClaim(production, stored).verdict).toMatchObject({ kind: "refused" });
    const remembered = { sinceMs: nowMs - 5 * hourMs, endsMs: nowMs + 1 };
    expect(decideClaim(production, { ...stored, remembered }).verdict).toMatchObject({
      kind: "own",
      renewal: { own: { sinceMs: remembered.sinceMs } },
    });
    const lapsed = { ...remembered, endsMs: nowMs };
    expect(decideClaim(production, { ...stored, remembered: lapsed }).verdict).toMatchObject({
      kind: "refused",
    });
  });

  it.each([
    ["is younger than the other claim", { sentAtMs: nowMs - 59_000 }],
    ["has ended", { expiresAtMs: nowMs }],
    ["was stored by hand", { by: { ...credential.by, reason: "manual" } }],
  ])("loses its precedence if its credential %s", (_, change) => {
    const late = { ...facts, credential: { ...credential, ...change } };
    expect(decideClaim(production, late).verdict).toMatchObject({ kind: "refused" });
  });

  it("loses its precedence if an operator has released its claim since", () => {
    const both = { ...noClaims, claims: [claimed("production", nowMs - 2 * hourMs), staging] };
    const released = withoutClaim(both, ["production"], nowMs)!;
    const after = { ...facts, credential, registry: released };
    expect(decideClaim(production, after).verdict).toEqual({ kind: "refused", by: staging });
    // Credentials that it fetches after it claims again count.
    const warns = decideClaim(claimant("production", "warn"), after).verdict;
    expect(warns).toMatchObject({ renewal: { registry: { released: [] } } });
  });
});

describe("a release of this environment's claim", () => {
  it.each<[string, string, number, boolean]>([
    ["from before it fetched what it has", "production", -1, true],
    ["at the instant when it fetched that", "production", 0, false],
    ["of another environment", "testing", hourMs, true],
  ])("%s: its credential shows who came first, %s %i %s", (_, environment, afterMs, isFirst) => {
    const releases = [
      { path: [environment], atMs: credential.sentAtMs + afterMs },
      { path: ["other"], atMs: nowMs },
    ];
    const after = { ...facts, credential, registry: { ...registry, released: releases } };
    expect(decideClaim(production, after).verdict.kind).toBe(isFirst ? "own" : "refused");
  });
});

describe("a claim that this process remembers", () => {
  it.each([
    [1, "own"],
    [0, "refused"],
  ])("counts as its own until it ends: in %i ms", (leftMs, kind) => {
    const remembered = { sinceMs: nowMs - 2 * staleAfterMs, endsMs: nowMs + leftMs };
    expect(decideClaim(production, { ...facts, remembered }).verdict.kind).toBe(kind);
  });
});

describe("what is stored for an environment that may fetch", () => {
  const dayMs = 24 * hourMs;
  const old = { ...claimed("production", nowMs - 3 * dayMs), renewedMs: nowMs - dayMs };
  const mayHold = { later: "release", renewedMs: nowMs - hourMs };
  const lapsed = { later: "release", renewedMs: nowMs - 3 * dayMs };
  const renewalFor = (stored: Partial<Registry>, from: Partial<Claimant> = {}) => {
    const { verdict } = decideClaim(
      { ...production, ...from },
      { ...facts, credential, registry: { ...noClaims, ...stored } },
    );
    if (verdict.kind !== "own" || verdict.renewal === undefined) throw new Error(verdict.kind);
    return verdict.renewal;
  };

  it("covers the life that its issuer announces, to a whole ms", () => {
    const { own } = renewalFor({}, { lifetimeMs: 90 * dayMs + 0.5 });
    expect(own.untilMs).toBe(nowMs + 90 * dayMs + 1);
  });

  it("stays until two days after the last claim has ended", () => {
    const untilMs = nowMs + 30 * dayMs;
    const long = { ...staging, untilMs };
    expect(renewalFor({ claims: [long] }).ttlMs).toBe(30 * dayMs + staleAfterMs);
    expect(renewalFor({}).ttlMs).toBe(2 * staleAfterMs);
  });

  it("keeps entries that it cannot read, except lapsed ones once its own claim is stored", () => {
    const unreadable = [mayHold, lapsed];
    expect(renewalFor({ unreadable }).registry.unreadable).toEqual([mayHold, lapsed]);
    const again = renewalFor({ claims: [old], unreadable }).registry;
    expect(again.unreadable).toEqual([mayHold]);
  });

  it("keeps the releases of other environments, and ends its own", () => {
    const released = ["production", "testing"].map((path) => ({ path: [path], atMs: 1 }));
    expect(renewalFor({ released }).registry.released).toEqual([released[1]]);
    expect(renewalFor({}).registry.released).toEqual([]);
  });

  it("keeps the age of its claim", () => {
    const { own } = renewalFor({ claims: [old] });
    expect(own).toMatchObject({ sinceMs: old.sinceMs, renewedMs: nowMs });
  });

  it("is written again before twelve hours have passed only for a credential that outlives it", () => {
    const fresh = { ...noClaims, claims: [claimed("production", nowMs - hourMs)] };
    const endsMs = nowMs - hourMs + staleAfterMs;
    const renewal = (coveredMs: number) => {
      const { verdict } = decideClaim(production, { registry: fresh, coveredMs, nowMs });
      return verdict.kind === "own" && verdict.renewal?.own.untilMs;
    };
    expect(renewal(endsMs)).toBeUndefined();
    expect(renewal(nowMs + 9 * dayMs)).toBe(nowMs + 9 * dayMs);
  });
});
