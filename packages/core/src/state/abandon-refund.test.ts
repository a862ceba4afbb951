/** The budget that an abandoned request returns, and the fields that it must not change. */
import { describe, expect, it } from "vitest";
import { abandon, after, stateWith, decide, intent, noonMs, rules } from "./state.fixture.ts";

const { refusals, manual } = rules.governor;

describe("the budget of an abandoned request", () => {
  it.each([
    [
      "rejected",
      { refused: "T1", isDead: true },
      { refusals: noonMs + refusals.intervalMs, manual: 0 },
    ],
    ["manual", {}, { refusals: 0, manual: noonMs + manual.intervalMs }],
  ] as const)(
    "for a request that is %s is returned if it was never sent, and stays spent if it was",
    (reason, more, spent) => {
      const announced = after(stateWith(), intent({ reason, ...more }));
      expect(announced.budgets).toEqual(spent);
      for (const outcome of ["unsent", "yielded"] as const) {
        const { budgets } = after(announced, abandon({ outcome }));
        expect(budgets).toEqual({
          refusals: spent.refusals && noonMs,
          manual: spent.manual && noonMs,
        });
      }
      for (const outcome of ["refused", "unknown"] as const)
        expect(after(announced, abandon({ outcome })).budgets).toEqual(spent);
    },
  );

  it("is not changed by a planned request, nor by one whose intent was replaced", () => {
    const budgets = { refusals: noonMs + 50_000_000, manual: noonMs + 50_000_000 };
    expect(
      after({ ...after(stateWith(), intent()), budgets }, abandon({ outcome: "unsent" })).budgets,
    ).toEqual(budgets);
    const failure = {
      code: "40001",
      atMs: noonMs - 5,
      parent: { fingerprint: "P1", sinceMs: noonMs - 5 },
    };
    const other = { epoch: 12, operationId: "other", atMs: noonMs, budget: "refusals" };
    const late = abandon({ outcome: "blamed", parent: "P1" });
    expect(after(stateWith({ intent: other, budgets, failure }), late)).toMatchObject({
      budgets,
      intent: other,
    });
    // Of two requests that used no budget the document records nothing.
    expect(
      decide(stateWith({ intent: other, budgets }), abandon({ outcome: "unsent" })).state,
    ).toBeUndefined();
  });
});

describe("the verdict on an abandoned request", () => {
  it("names the time until which the fleet waits", () => {
    expect(decide(after(stateWith(), intent()), abandon()).verdict).toEqual({
      kind: "abandoned",
      backOffUntilMs: noonMs + 1_000,
    });
  });
});

describe("a parent that may be the cause", () => {
  const announced = after(stateWith(), intent());

  it("is unknown if the request named none", () => {
    expect(after(announced, abandon({ outcome: "parent" }))).toMatchObject({
      failures: 0,
      backOffUntilMs: noonMs,
    });
  });

  it("that is alive does not turn a request that was never sent into a failure", () => {
    const failure = {
      code: "40001",
      atMs: noonMs - 5,
      parent: { fingerprint: "P1", sinceMs: noonMs - 5 },
    };
    const unsent = after({ ...announced, failure }, abandon({ outcome: "unsent", parent: "P1" }));
    expect(unsent).toMatchObject({ failures: 0, failure: { parent: failure.parent } });
  });

  it("counts as alive since it was first found so, and a new parent since now", () => {
    const failure = {
      code: "40001",
      atMs: noonMs - 5,
      parent: { fingerprint: "P1", sinceMs: noonMs - 5 },
    };
    const blamed = (parent: string) =>
      after({ ...announced, failure }, abandon({ outcome: "blamed", parent }), 700).failure?.parent;
    expect(blamed("P1")).toEqual({ fingerprint: "P1", sinceMs: noonMs - 5 });
    expect(blamed("P2")).toEqual({ fingerprint: "P2", sinceMs: noonMs + 700 });
  });
});
