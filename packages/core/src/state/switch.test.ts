import { describe, expect, it } from "vitest";
import { after, stateWith, commit, decide, intent, noonMs, rules } from "./state.fixture.ts";
import type { Rules } from "./rules.ts";

const once = { count: 1, lastMs: noonMs - 1_000 };
const { fallback: _, ...own } = rules;
const taking: Rules = {
  ...own,
  onContention: "fallback",
  fallback: { ...own, supersedes: false, quotaPerDay: 500_000 },
};
const dead = intent({ reason: "rejected", refused: "T1", isDead: true });

describe("confirmed contention", () => {
  it("switches the fleet to the fallback in the same write that confirms it, if so configured", () => {
    const next = after(stateWith({ contention: once }), dead, 0, taking);
    expect(next).toMatchObject({ fallback: { sinceMs: noonMs }, contention: { count: 2 } });
    expect(
      after(
        stateWith({ contention: once }),
        { type: "suspect", fingerprint: "T1", found: "dead" },
        0,
        taking,
      ).fallback,
    ).toBeDefined();
  });

  it("changes nothing without that setting, and one death is not contention", () => {
    expect(after(stateWith({ contention: once }), dead)).not.toHaveProperty("fallback");
    expect(
      after(stateWith({ contention: once }), dead, 0, { ...taking, onContention: "report" }),
    ).not.toHaveProperty("fallback");
    expect(after(stateWith(), dead, 0, taking)).not.toHaveProperty("fallback");
  });
});

describe("a fleet on its fallback", () => {
  const fallback = { sinceMs: noonMs - 1 };

  it("follows the fallback's rules: nothing is superseded, so there is no drain, doubt or cost", () => {
    const state = stateWith({
      fallback,
      intent: { epoch: 12, operationId: "other", atMs: noonMs - 5_000 },
      budgets: { refusals: noonMs * 2, manual: 0 },
    });
    const announced = after(state, dead, 0, taking);
    expect(announced).toMatchObject({ inFlightUntilMs: 0, budgets: state.budgets });
    const next = after(
      { ...announced, doubtSinceMs: noonMs },
      commit({ leaseHeld: false }),
      0,
      taking,
    );
    expect(next).not.toHaveProperty("doubtSinceMs");
    expect(next).toMatchObject({ fallback });
  });

  it("goes back if an operator says so, keeps the stored credential, and starts without evidence", () => {
    const next = after(stateWith({ fallback, contention: { ...once, count: 7 } }), {
      type: "switch",
      to: "own",
    });
    expect(next).not.toHaveProperty("fallback");
    expect(next).toMatchObject({ credential: { fingerprint: "T1" }, contention: { count: 0 } });
    expect(decide(next, { type: "switch", to: "own" })).toEqual({ verdict: { kind: "kept" } });
  });

  it("is switched once, however often that is requested", () => {
    const next = after(stateWith(), { type: "switch", to: "fallback" });
    expect(next.fallback).toEqual({ sinceMs: noonMs });
    expect(decide(next, { type: "switch", to: "fallback" }, 5)).toEqual({
      verdict: { kind: "kept" },
    });
  });
});
