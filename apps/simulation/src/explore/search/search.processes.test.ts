import { describe, expect, it } from "vitest";
import { bounds, small } from "../model/bounds.ts";
import { modelOf } from "../model/model.ts";
import { mutants } from "../mutants.ts";
import { search } from "./search.ts";
import { describe as describeDocument, counterexampleOf } from "../counterexample.ts";

const generousMs = 180_000;

describe("the production reducer", () => {
  it(
    "keeps every invariant in every order of an expiry, a timeout and a crash",
    { timeout: generousMs },
    () => {
      const outcome = search(modelOf(small));
      expect(outcome.violation && counterexampleOf(outcome.violation)).toBeUndefined();
      expect(outcome.states).toBeGreaterThan(50_000);
    },
  );

  it(
    "keeps every invariant in every order of unconfirmed reports, an expiry and a timeout",
    { timeout: generousMs },
    () => {
      const outcome = search(modelOf(bounds.complaints));
      expect(outcome.violation && counterexampleOf(outcome.violation)).toBeUndefined();
      expect(outcome.states).toBeGreaterThan(20_000);
    },
  );

  it(
    "keeps every invariant in every order of an operator's reset, an expiry and a timeout",
    { timeout: generousMs },
    () => {
      const outcome = search(modelOf(bounds.resets));
      expect(outcome.violation && counterexampleOf(outcome.violation)).toBeUndefined();
      expect(outcome.states).toBeGreaterThan(100_000);
    },
  );

  it(
    "keeps every invariant in every order of a failover that loses writes, an expiry and a pause of more than a minute",
    { timeout: generousMs },
    () => {
      const outcome = search(modelOf(bounds.ages));
      expect(outcome.violation && counterexampleOf(outcome.violation)).toBeUndefined();
      expect(outcome.states).toBeGreaterThan(50_000);
    },
  );
});

describe("a mutant", () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    "is found by the search: %s",
    { timeout: generousMs },
    (_, mutant) => {
      const { violation } = search(modelOf(mutant.bounds, mutant.protocol));
      expect(violation?.broken).toMatch(/^(I\d+|promise \d+): /);
      expect(violation?.trace.length).toBeGreaterThan(0);
    },
  );
});

describe("a search", () => {
  const noFaults = { ...small, name: "nothing goes wrong", expiries: 0, timeouts: 0, crashes: 0 };

  it("visits the same situations in every run", () => {
    expect(search(modelOf(noFaults))).toEqual(search(modelOf(noFaults)));
  });

  it("treats processes as interchangeable: a second process in the same state adds no situation", () => {
    const one = search(modelOf({ ...noFaults, processes: 1, refreshes: 0, sends: 1 }));
    const two = search(modelOf({ ...noFaults, processes: 2, refreshes: 0, sends: 1 }));
    // The second process adds only the step that reads the document.
    expect(two.states).toBe(one.states + 1);
  });

  it("stops at its bound", () => {
    const outcome = search(modelOf(small), { statesMax: 1_000 });
    expect(outcome.violation).toBeUndefined();
    expect(outcome.states).toBeLessThan(5_000);
  });

  it("prints the shortest path to a violation", () => {
    const h4 = mutants.find(({ name }) => name.startsWith("H4"));
    if (h4 === undefined) throw new Error("H4 is a mutant.");
    const { violation } = search(modelOf(h4.bounds, h4.protocol));
    expect(violation && counterexampleOf(violation)).toEqual([
      "  1. A gets the lock and reads the document, to refresh (cold).",
      "  2. A writes the intent of epoch 1. → [no credential, open intent of epoch 1]",
      "  3. A still trusts its lease and sends the request.",
      "  4. A's lease ends.",
      "  5. B gets the lock and reads the document, to refresh (cold).",
      "  6. B writes the intent of epoch 2. → [no credential, open intent of epoch 2]",
      "  7. B still trusts its lease and sends the request.",
      "  8. The platform processes B's request and issues T1.",
      "  9. B gets the answer and commits it. → [T1 of epoch 2]",
      "     I7: an earlier request could still be processed when this one left, and the document is not in doubt",
    ]);
    expect(describeDocument(undefined)).toBe("[nothing]");
  });
});
