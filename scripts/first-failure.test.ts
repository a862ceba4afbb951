import { join } from "node:path";
import { expect, test } from "vitest";
import FirstFailure, { type Ended } from "./first-failure.ts";
import { root } from "./workspace.ts";

class Collecting extends FirstFailure {
  readonly texts: string[] = [];
  override print(text: string): void {
    this.texts.push(text);
  }
}

const ended = (fullName: string, state: string): Ended => ({
  fullName,
  module: { moduleId: join(root, "scripts/sum.test.ts") },
  result: () => ({ state, errors: [{ message: "expected 3", stack: "Error: expected 3\n  at sum.test.ts:1\n  at node_modules/vitest" }] }),
});

test("the first failure is told when it happens, and no other", () => {
  const reporter = new Collecting();
  reporter.onTestCaseResult(ended("adds", "passed"));
  expect(reporter.texts).toEqual([]);
  for (const name of ["subtracts", "multiplies"]) reporter.onTestCaseResult(ended(name, "failed"));
  expect(reporter.texts).toEqual([
    "\nlingpai: the first failure: scripts/sum.test.ts > subtracts\nError: expected 3\n  at sum.test.ts:1\n",
  ]);
});
