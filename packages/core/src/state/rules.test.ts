import { describe, expect, it } from "vitest";
import type { Issuer, IssuePolicy } from "../issuer.ts";
import { parametersFor } from "../parameters.ts";
import { rulesFor, rulesOn } from "./rules.ts";
import { rules } from "./state.fixture.ts";

const lifetimeMs = 7_200_000;
/** Many credentials are alive at the same time. */
const sliding: IssuePolicy = { kind: "sliding" };
const issue = (): Promise<never> => Promise.reject(new Error("Nobody asks."));

function issuerWith(policy: IssuePolicy, more: Partial<Issuer> = {}): Issuer {
  return { id: "test", policy, lifetimeMs, issue, ...more };
}

function rulesWith(policy: IssuePolicy, more: Partial<Issuer> = {}): ReturnType<typeof rulesFor> {
  const issuer = issuerWith(policy, more);
  return rulesFor(issuer, parametersFor(issuer));
}

describe("the rules of an issuer", () => {
  it("that supersedes let the previous credential live for the overlap, and consume no input", () => {
    const supersede = rulesWith({ kind: "supersede", overlapMs: 300_000 });
    expect(supersede).toMatchObject({
      supersedes: true,
      rotates: false,
      overlapMs: 300_000,
      inputGraceMs: 0,
    });
  });

  it("that rotates consume an input per issue, which stays valid for its grace or else for the overlap", () => {
    expect(rulesWith({ kind: "rotate", overlapMs: 300_000 })).toMatchObject({
      ...{ supersedes: true, rotates: true, overlapMs: 300_000, inputGraceMs: 300_000 },
    });
    expect(
      rulesWith({ kind: "rotate", overlapMs: 300_000, inputGraceMs: 5_000 }).inputGraceMs,
    ).toBe(5_000);
    expect(rulesWith({ kind: "rotate", overlapMs: 300_000, inputGraceMs: 0 }).inputGraceMs).toBe(0);
  });

  it("that returns the same credential, or many at once, kill no previous one", () => {
    const stable = rulesWith({ kind: "stable", renewWithinMs: 290_000 });
    expect(stable).toMatchObject({
      supersedes: false,
      rotates: false,
      overlapMs: 290_000,
      inputGraceMs: 0,
    });
    const many = rulesWith(sliding);
    expect(many).toMatchObject({
      supersedes: false,
      rotates: false,
      overlapMs: lifetimeMs,
      inputGraceMs: 0,
    });
  });

  it("say whether the platform can be probed", () => {
    expect(rulesWith(sliding).canAsk).toBe(false);
    expect(rulesWith(sliding, { probe: async () => "alive" }).canAsk).toBe(true);
  });

  it("take the day and the limits from the issuer's quota, and have no limits without one", () => {
    const forced = { perDay: 20, gapMs: 30_000 };
    const limited = rulesWith(sliding, {
      quota: { perDay: 2_000, dayOffsetMs: 28_800_000, forced },
    });
    expect(limited).toMatchObject({ quotaPerDay: 2_000, dayOffsetMs: 28_800_000, forced });
    expect(rulesWith(sliding)).toMatchObject({
      dayOffsetMs: 0,
      forced: { perDay: Number.MAX_SAFE_INTEGER, gapMs: 0 },
    });
  });

  it("allow an operator a fiftieth of the day's quota, and two revocations at least", () => {
    const manual = (perDay: number): object =>
      rulesWith(sliding, { quota: { perDay, dayOffsetMs: 0 } }).governor.manual;
    expect(manual(2_000)).toEqual({ burst: 40, intervalMs: 86_400_000 / 40 });
    expect(manual(100)).toEqual({ burst: 4, intervalMs: 86_400_000 / 4 });
  });

  it("wait one second after a first refusal or failure, and later minutes at most", () => {
    const { backOff, governor } = rulesWith(sliding);
    expect([backOff, governor.again]).toEqual([
      { firstMs: 1_000, maxMs: 60_000 },
      { firstMs: 1_000, maxMs: 600_000 },
    ]);
  });

  it("report contention unless told otherwise, and include the fallback's rules if there is one", () => {
    const issuer = issuerWith(sliding);
    expect(rulesFor(issuer, parametersFor(issuer))).toMatchObject({ onContention: "report" });
    expect(rulesFor(issuer, parametersFor(issuer))).not.toHaveProperty("fallback");
    const both = rulesFor(issuer, parametersFor(issuer), "fallback", rules);
    expect(both).toMatchObject({ onContention: "fallback", fallback: rules });
    expect(rulesOn(undefined, both)).toBe(both);
    expect(rulesOn({ fallback: { sinceMs: 5 } }, both)).toBe(rules);
  });
});
