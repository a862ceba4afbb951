import { describe, expect, it } from "vitest";
import { ClaimAudit } from "./claim-audit.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Executed } from "../store/store-link.ts";

const node = (environment: string, isLaterClaimant: boolean, onConflict?: string): FleetNode =>
  ({ environment, name: environment, plan: { isLaterClaimant, onConflict } }) as FleetNode;
const [first, later] = [node("production", false), node("staging", true, "error")];
const claim = { command: "set", name: "lingpai:claims:{id}" } as Executed;

function audit(): { claims: ClaimAudit; time: { nowMs: number } } {
  const time = { nowMs: 0 };
  return { claims: new ClaimAudit(() => time.nowMs), time };
}

describe("the audit of claims", () => {
  it("reports a later environment that fetches although its setting forbids it", () => {
    const { claims } = audit();
    expect(claims.sent(later)).toMatchObject([{ promise: "C7" }]);
    expect(claims.sent(first)).toEqual([]);
    expect(claims.sent(node("staging", true, "warn"))).toEqual([]);
  });

  it("allows that fetch until an hour after the first claim is back in the store", () => {
    const { claims, time } = audit();
    claims.lost();
    expect(claims.sent(later)).toEqual([]);
    claims.executed(later, claim);
    time.nowMs = 4_000_000;
    expect(claims.sent(later)).toEqual([]);
    claims.executed(first, claim);
    time.nowMs += 3_599_999;
    expect(claims.sent(later)).toEqual([]);
    time.nowMs += 1;
    expect(claims.sent(later)).toHaveLength(1);
  });

  it("lets a setting refuse the later environment, and the first one until its lost claim is back", () => {
    const { claims, time } = audit();
    const strict = node("production", false, "error");
    const mayRefuse = (): readonly boolean[] =>
      [strict, later, node("staging", true, "warn")].map((each) => claims.mayRefuse(each));
    expect(mayRefuse()).toEqual([false, true, false]);
    claims.lost();
    time.nowMs = 300_000;
    expect(mayRefuse()).toEqual([true, true, false]);
    time.nowMs += 1;
    expect(mayRefuse()).toEqual([false, true, false]);
  });

  it("reports events about foreign fetches if there were none", () => {
    const { claims } = audit();
    claims.sent(first);
    expect(claims.summary(false)).toEqual([]);
    claims.contended();
    expect(claims.summary(false)).toMatchObject([{ promise: "A2" }]);
    expect(claims.summary(true)).toEqual([]);
    claims.sent(later);
    expect(claims.summary(false)).toEqual([]);
  });
});
