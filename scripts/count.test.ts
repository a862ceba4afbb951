import { expect, test } from "vitest";
import { countReport, summarise } from "./count.ts";

const report = {
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
};
const passing = { status: "passed" };
const broken = { status: "failed", assertionResults: [passing] };
const failing = { status: "failed", assertionResults: [{ status: "failed" }, passing] };

test("a clean run counts its tests", () => {
  expect(countReport(report, true)).toEqual({ passed: 5, failed: 0, skipped: 0 });
});

test("a run that left no report is a failure", () => {
  expect(countReport(undefined, true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("a file that could not be collected counts as a failure", () => {
  expect(countReport({ ...report, testResults: [broken] }, false)).toMatchObject({ failed: 1 });
});

test("a failing test is not counted a second time for its file", () => {
  expect(
    countReport({ ...report, numFailedTests: 1, testResults: [failing] }, false),
  ).toMatchObject({ passed: 5, failed: 1 });
});

test("a run that failed without a failing test is a failure", () => {
  expect(countReport(report, false)).toMatchObject({ passed: 5, failed: 1 });
});

test("skipped and planned tests are reported", () => {
  const count = {
    name: "tests",
    ...countReport({ ...report, numPendingTests: 1, numTodoTests: 2 }, true),
  };
  expect(summarise([count]).lines).toEqual([
    "ok     tests: 5 passed, 0 failed, 3 skipped",
    "5 passed, 0 failed",
  ]);
});

test("the last line is the sum over all steps", () => {
  const lint = { name: "lint", passed: 0, failed: 1, skipped: 0 };
  const tests = { name: "tests", passed: 5, failed: 2, skipped: 0 };
  expect(summarise([lint, tests])).toMatchObject({ passed: 5, failed: 3 });
  expect(summarise([lint, tests]).lines.at(-1)).toBe("5 passed, 3 failed");
});

test("a run in which nothing ran is a failure", () => {
  expect(summarise([])).toMatchObject({ passed: 0, failed: 1 });
});
