/**
 * A reporter for vitest beside the default one. It prints the first failure when it happens, and
 * keeps all for the end of a long output.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Reporter } from "vitest/node";
import { root } from "./workspace.ts";

/**
 * The file to which the failures of a run are written at its end, one line for each test file. It
 * is empty if nothing failed.
 */
export const failuresFile = join(root, ".cache/failures.txt");

const lineLengthMax = 400;

interface Failure {
  readonly message: string;
  readonly stack?: string | undefined;
}

/** The members of vitest's TestCase that are read. */
export interface Ended {
  readonly fullName: string;
  readonly module: { readonly moduleId: string };
  result(): { readonly state: string; readonly errors?: readonly Failure[] | undefined };
}

/**
 * The members of vitest's TestSuite that are read. Its errors are those of its hooks. vitest then
 * calls its tests skipped, and its JSON says no more.
 */
export interface EndedSuite extends Pick<Ended, "fullName" | "module"> {
  errors(): readonly Failure[];
}

/**
 * The members of vitest's TestModule that are read. Its errors are those of collecting it, and of
 * hooks outside suites.
 */
export interface EndedModule {
  readonly moduleId: string;
  state(): string;
  errors(): readonly Failure[];
  readonly children: { allTests(): Iterable<Ended>; allSuites(): Iterable<EndedSuite> };
}

export default class Failures implements Reporter {
  #isTold = false;

  onTestCaseResult(test: Ended): void {
    const { state, errors = [] } = test.result();
    if (state === "failed") this.#tell(test, errors);
  }

  onTestSuiteResult(suite: EndedSuite): void {
    if (suite.errors().length > 0) this.#tell(suite, suite.errors());
  }

  onTestRunEnd(modules: readonly EndedModule[], unhandled: readonly Failure[]): void {
    const failed = modules.filter((module) => module.state() === "failed").map(lineOf);
    this.keep([
      ...failed,
      ...unhandled.map(({ message }) => `outside of every test: ${oneLine(message)}`),
    ]);
  }

  #tell(
    { fullName, module }: Pick<Ended, "fullName" | "module">,
    errors: readonly Failure[],
  ): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const where = `${relative(root, module.moduleId)} > ${fullName}`;
    this.print(`\nlingpai: the first failure: ${where}\n${errors.map(textOf).join("\n")}\n`);
  }

  print(text: string): void {
    console.error(text);
  }

  keep(lines: readonly string[]): void {
    mkdirSync(dirname(failuresFile), { recursive: true });
    writeFileSync(failuresFile, lines.join("\n"));
  }
}

/** Without the stack lines of the test's callers. */
function textOf({ message, stack }: Failure): string {
  const lines = (stack?.split("\n") ?? []).filter((line) => !line.includes("node_modules"));
  return stack?.includes(message) ? lines.join("\n") : [message, ...lines].join("\n");
}

/** The file, the number of its failed tests and hooks, and the first failure. */
function lineOf(module: EndedModule): string {
  const tests = [...module.children.allTests()].filter((test) => test.result().state === "failed");
  const suites = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
  const failed = [
    ...module.errors().map((error) => ({ name: "the file", error })),
    ...suites.map((suite) => ({ name: `a hook of ${suite.fullName}`, error: suite.errors()[0] })),
    ...tests.map((test) => ({ name: test.fullName, error: test.result().errors?.[0] })),
  ];
  const how =
    failed[0] === undefined
      ? "nothing says why"
      : `${failed[0].name}: ${failed[0].error?.message ?? "no message"}`;
  return `${relative(root, module.moduleId)}: ${failed.length} failed; ${oneLine(how)}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, lineLengthMax);
}
