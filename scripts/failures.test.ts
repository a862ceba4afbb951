import { join } from "node:path";
import { expect, test } from "vitest";
import Failures, { type Ended, type EndedModule, type EndedSuite } from "./failures.ts";
import { root } from "./workspace.ts";

class Collecting extends Failures {
  readonly texts: string[] = [];
  lines: readonly string[] = [];
  override print(text: string): void {
    this.texts.push(text);
  }
  override keep(lines: readonly string[]): void {
    this.lines = lines;
  }
}

const moduleId = join(root, "scripts/sum.test.ts");
const error = {
  message: "expected 3",
  stack: "Error: expected 3\n  at sum.test.ts:1\n  at node_modules/vitest",
};

const ended = (fullName: string, state: string): Ended => ({
  fullName,
  module: { moduleId },
  result: () => ({ state, errors: state === "failed" ? [error] : [] }),
});

const suite = (fullName: string, ...messages: string[]): EndedSuite => ({
  fullName,
  module: { moduleId },
  errors: () => messages.map((message) => ({ message })),
});

const module = (
  state: string,
  errors: readonly string[],
  tests: readonly Ended[],
  suites: readonly EndedSuite[],
): EndedModule => ({
  moduleId,
  state: () => state,
  errors: () => errors.map((message) => ({ message })),
  children: { allTests: () => tests, allSuites: () => suites },
});

test("only the first failure is printed when it happens", () => {
  const reporter = new Collecting();
  reporter.onTestCaseResult(ended("adds", "passed"));
  reporter.onTestSuiteResult(suite("sums"));
  expect(reporter.texts).toEqual([]);
  for (const name of ["subtracts", "multiplies"]) reporter.onTestCaseResult(ended(name, "failed"));
  reporter.onTestSuiteResult(suite("quotients", "no server"));
  expect(reporter.texts).toEqual([
    "\nlingpai: the first failure: scripts/sum.test.ts > subtracts\nError: expected 3\n  at sum.test.ts:1\n",
  ]);
});

test("a failed hook is printed like a failed test, because the tests of its suite are only skipped", () => {
  const reporter = new Collecting();
  reporter.onTestSuiteResult(suite("quotients", "no server"));
  expect(reporter.texts).toEqual([
    "\nlingpai: the first failure: scripts/sum.test.ts > quotients\nno server\n",
  ]);
});

test.each([
  [
    "a test",
    module("failed", [], [ended("adds", "passed"), ended("subtracts", "failed")], []),
    "1 failed; subtracts: expected 3",
  ],
  [
    "a hook",
    module("failed", [], [], [suite("sums"), suite("quotients", "no\n server")]),
    "1 failed; a hook of quotients: no server",
  ],
  [
    "a file",
    module("failed", ["Cannot find b.ts"], [], []),
    "1 failed; the file: Cannot find b.ts",
  ],
  [
    "all of them",
    module("failed", ["a"], [ended("adds", "failed")], [suite("sums", "b")]),
    "3 failed; the file: a",
  ],
])("at the end, %s that failed is summarised in a line for its file", (_what, failed, line) => {
  const reporter = new Collecting();
  reporter.onTestRunEnd(
    [module("passed", [], [ended("adds", "passed")], []), failed],
    [{ message: "a rejection\nthat nobody handled" }],
  );
  expect(reporter.lines).toEqual([
    `scripts/sum.test.ts: ${line}`,
    "outside of every test: a rejection that nobody handled",
  ]);
});
