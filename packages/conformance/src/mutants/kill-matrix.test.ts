import { describe, expect, test } from "vitest";
import { clauses } from "../clauses/index.ts";
import { attack } from "./kill-matrix.ts";
import { mutants } from "./index.ts";

describe("the kill matrix", () => {
  test("has a mutant for every clause, and no mutant for a clause that does not exist", () => {
    const meant = new Set(mutants.flatMap(({ caughtBy }) => caughtBy));
    expect(clauses.map(({ id }) => id).filter((id) => !meant.has(id))).toEqual([]);
    expect([...meant].filter((id) => !clauses.some((clause) => clause.id === id))).toEqual([]);
  });

  test("has a unique name for each mutant", () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  for (const mutant of mutants) {
    test(`an adapter fails ${mutant.caughtBy.join(", ")} if ${mutant.name}`, async () => {
      expect((await attack(mutant)).missedBy).toEqual([]);
    });
  }
});
