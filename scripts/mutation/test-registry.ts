/**
 * Replaces vitest in the process in which mutants are tested. It collects the tests that files
 * declare, so that single tests can run repeatedly without loading anything again. `expect` and
 * `vi` are vitest's own. A file that uses any other part of vitest fails when it loads, not
 * silently.
 */
import { expect } from "vitest";

export { expect };
export { vi } from "vitest";

type Body = (...args: never[]) => unknown;
type Row = readonly unknown[] | object | string | number | boolean | null | undefined;

export interface Registered {
  /** File, suites and title. A number at the end distinguishes equal names. */
  readonly id: string;
  readonly fileName: string;
  readonly run: () => Promise<void>;
}

interface Suite {
  readonly titles: readonly string[];
  readonly before: Body[];
  readonly after: Body[];
}

interface Registry {
  readonly tests: Map<string, Registered>;
  fileName: string;
  suites: readonly Suite[];
  finished: Body[];
}

// vitest would look for it in its own worker, which does not exist here.
expect.setState({ testPath: "" });

/** One for the process, because test files have no other way to reach it. */
export const registry: Registry = { tests: new Map(), fileName: "", suites: [], finished: [] };

/** Loads a test file. */
export async function collect(fileName: string, load: () => Promise<unknown>): Promise<void> {
  registry.fileName = fileName;
  registry.suites = [{ titles: [], before: [], after: [] }];
  await load();
}

function declareTest(title: string, body: Body, args: readonly unknown[] = []): void {
  const { fileName, suites } = registry;
  const name = `${fileName}#${[...suites.flatMap(({ titles }) => titles), title].join(" > ")}`;
  const count = [...registry.tests.keys()].filter(
    (id) => id === name || id.startsWith(`${name} #`),
  ).length;
  const id = count === 0 ? name : `${name} #${count + 1}`;
  const run = async (): Promise<void> => {
    registry.finished = [];
    try {
      for (const hook of suites.flatMap(({ before }) => before)) await hook();
      await body(...(args as never[]));
    } finally {
      for (const hook of registry.finished.toReversed()) await hook();
      for (const hook of suites.flatMap(({ after }) => after).toReversed()) await hook();
    }
  };
  registry.tests.set(id, { id, fileName, run });
}

function declareSuite(title: string, body: Body, args: readonly unknown[] = []): void {
  const outer = registry.suites;
  registry.suites = [...outer, { titles: [title], before: [], after: [] }];
  const result = body(...(args as never[]));
  if (result instanceof Promise)
    throw new TypeError(
      `The suite "${title}" is declared by a promise, which is not supported here.`,
    );
  registry.suites = outer;
}

function each(declare: typeof declareTest) {
  return (rows: readonly Row[]) =>
    (title: string, ...rest: readonly [Body] | readonly [object, Body]): void => {
      const body = rest.at(-1) as Body;
      // Only a table of rows is spread, as in vitest.
      const isTable = rows.every((row) => Array.isArray(row));
      rows.forEach((row, index) =>
        declare(`${title} #${index + 1}`, body, isTable ? (row as readonly unknown[]) : [row]),
      );
    };
}

type Declare = typeof declareTest & { readonly each: ReturnType<typeof each> };

/** The options of vitest in between only set time limits. */
function declareTimed(title: string, ...rest: readonly [Body] | readonly [object, Body]): void {
  declareTest(title, rest.at(-1) as Body);
}

export const test: typeof declareTimed & Pick<Declare, "each"> = Object.assign(
  declareTimed.bind(undefined),
  { each: each(declareTest) },
);
/** vitest has two names for it. */
export { test as it };
export const describe: Declare = Object.assign(declareSuite.bind(undefined), {
  each: each(declareSuite),
});
export const beforeEach = (hook: Body): unknown => registry.suites.at(-1)?.before.push(hook);
export const afterEach = (hook: Body): unknown => registry.suites.at(-1)?.after.push(hook);
export const onTestFinished = (hook: Body): unknown => registry.finished.push(hook);
