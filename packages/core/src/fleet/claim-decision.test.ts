import { describe, expect, it } from "vitest";
import { decideClaim, type Claimant, type ClaimFacts } from "./claim-decision.ts";
import { noClaims, withoutClaim, type Claim, type Registry } from "./claim-registry.ts";

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
  it("comes first if it holds a living credential that is older than the other claim", () => {
    expect(decideClaim(production, facts).verdict).toEqual({ kind: "refused", by: staging });
    const { conflict, verdict } = decideClaim(production, { ...facts, credential });
    expect(conflict).toEqual({ other: staging, action: "keep" });
    expect(verdict).toMatchObject({
      kind: "own",
      renewal: { own: { environment: "production", sinceMs: credential.sentAtMs } },
    });
  });

  it.each([
    ["is younger than the other claim", { sentAtMs: nowMs - 59_000 }],
    ["has ended", { expiresAtMs: nowMs }],
    ["was stored by hand", { by: { ...credential.by, reason: "manual" } }],
  ])("does not if its credential %s", (_, change) => {
    const late = { ...facts, credential: { ...credential, ...change } };
    expect(decideClaim(production, late).verdict).toMatchObject({ kind: "refused" });
  });

  it("does not if an operator has released its claim since", () => {
    const both = { ...noClaims, claims: [claimed("production", nowMs - 2 * hourMs), staging] };
    const released = withoutClaim(both, ["production"], nowMs)!;
    const after = { ...facts, credential, registry: released };
    expect(decideClaim(production, after).verdict).toEqual({ kind: "refused", by: staging });
    // What it fetches when it claims again counts anew.
    const warns = decideClaim(claimant("production", "warn"), after).verdict;
    expect(warns).toMatchObject({ renewal: { registry: { released: [] } } });
  });
});
