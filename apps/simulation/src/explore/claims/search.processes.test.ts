import { describe, expect, it } from "vitest";
import { claimBounds } from "./bounds.ts";
import { claimModelOf } from "./model.ts";
import { claimMutants } from "./mutants.ts";
import { searchClaims } from "./search.ts";

const generousMs = 120_000;

describe("the decision about claims", () => {
  const chosen = claimBounds.filter(
    ({ name }) => !/^(plain|stable), (warn|consume|coexist)/.test(name),
  );

  it.each(chosen.map((bounds) => [bounds.name, bounds] as const))(
    "keeps every invariant: %s",
    { timeout: generousMs },
    (_, bounds) => {
      const { counterexample, states } = searchClaims(claimModelOf(bounds));
      expect(counterexample).toBeUndefined();
      expect(states).toBeGreaterThan(1_000);
    },
  );
});

describe("a mutant of the decision about claims", () => {
  it.each(claimMutants.map((mutant) => [mutant.name, mutant] as const))(
    "is found by the search: %s",
    { timeout: generousMs },
    (_, { bounds, protocol }) => {
      const { counterexample } = searchClaims(claimModelOf(bounds, protocol));
      expect(counterexample?.at(-1)?.trim()).toMatch(/^C[1-5]: /);
    },
  );
});

describe("a search over claims", () => {
  it("prints the shortest path to a violation", () => {
    const any = claimMutants.find(({ name }) => name === "any other claim is a conflict")!;
    expect(searchClaims(claimModelOf(any.bounds, any.protocol)).counterexample).toEqual([
      "  1. production 1 claims without reading.",
      "  2. staging 2 reads the claims.",
      "  3. staging 2 decides: it claims.",
      "  4. Half a day passes.",
      "  5. production 1 reads the claims.",
      "  6. production 1 decides: it is refused by staging.",
      "     C1: the earlier environment is refused by the later one",
    ]);
  });
});
