/**
 * A test runner for Stryker that loads the tests once and keeps them. A mutant then costs only its
 * tests, some ms, instead of a start of vitest.
 *
 * A kill counts only if the same test passes right afterwards without the mutant. Otherwise the
 * process is started again and the mutant tested once more.
 */
import { globSync } from "node:fs";
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { INSTRUMENTER_CONSTANTS, type StrykerOptions } from "@stryker-mutator/api/core";
import {
  commonTokens,
  declareFactoryPlugin,
  PluginKind,
  tokens,
} from "@stryker-mutator/api/plugin";
import {
  DryRunStatus,
  MutantRunStatus,
  TestStatus,
  type DryRunResult,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
} from "@stryker-mutator/api/test-runner";
import { systemClock } from "@lingpai/core";
import fastCheck from "fast-check";
import { vi } from "vitest";
import { collect, registry, type Registered } from "./test-registry.ts";

/** The state that the mutated code reads and counts. */
interface Instrumenter {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number;
  hitLimit?: number | undefined;
  mutantCoverage?: {
    static: Record<string, number>;
    perTest: Record<string, Record<string, number>>;
  };
}

type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "hung" };

/**
 * How many idle turns of the event loop in a row, every few ms, make a test count as hanging. A
 * busy machine makes few turns.
 */
const turnMs = 5;
const idleTurnsMax = 300;
/** The computing time of one turn. */
const idleMs = 1;

/**
 * How long the tests of one mutant may compute. A mutant that exceeds it counts as surviving. The
 * full run has no limit.
 */
const computingMaxMs = Number(process.env["LINGPAI_MUTATION_MAX_MS"] ?? Number.POSITIVE_INFINITY);

function computedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The name under which mutated code looks for it. */
function codeUnderTest(): Instrumenter {
  const shared = globalThis as { [name: string]: Instrumenter | undefined };
  return (shared[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {});
}

class InProcessRunner implements TestRunner {
  readonly #code = codeUnderTest();
  readonly #tookMs = new Map<string, number>();
  #isLoaded = false;
  readonly #options: Pick<StrykerOptions, "ignoreStatic">;

  constructor(options: Pick<StrykerOptions, "ignoreStatic">) {
    this.#options = options;
  }

  /**
   * Modules are loaded once for a process. If no mutant changes the loading of modules, Stryker
   * need not start a new process.
   */
  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: this.#options.ignoreStatic };
  }

  async dryRun(): Promise<DryRunResult> {
    await this.#load();
    const tests: TestResult[] = [];
    for (const test of registry.tests.values()) {
      this.#code.currentTestId = test.id;
      const startedMs = systemClock.monotonicMs();
      const outcome = await this.#outcomeOf(test);
      this.#code.currentTestId = undefined;
      const timeSpentMs = systemClock.monotonicMs() - startedMs;
      const what = { id: test.id, name: test.id, fileName: test.fileName, timeSpentMs };
      tests.push(
        outcome.kind === "passed"
          ? { ...what, status: TestStatus.Success }
          : {
              ...what,
              status: TestStatus.Failed,
              failureMessage: outcome.kind === "failed" ? outcome.message : "It does not end.",
            },
      );
    }
    const mutantCoverage = this.#code.mutantCoverage ?? { static: {}, perTest: {} };
    return { status: DryRunStatus.Complete, tests, mutantCoverage };
  }

  async mutantRun({
    activeMutant,
    hitLimit,
    mutantActivation,
    testFilter,
  }: MutantRunOptions): Promise<MutantRunResult> {
    Object.assign(this.#code, {
      hitCount: 0,
      hitLimit,
      activeMutant: mutantActivation === "static" ? activeMutant.id : undefined,
    });
    await this.#load();
    this.#code.activeMutant = activeMutant.id;
    const tests = this.#inOrder(testFilter, activeMutant.fileName);
    const startedMs = computedMs();
    for (const [index, test] of tests.entries()) {
      if (computedMs() - startedMs > computingMaxMs) break;
      const outcome = await this.#outcomeOf(test);
      if (hitLimit !== undefined && (this.#code.hitCount ?? 0) > hitLimit)
        return { status: MutantRunStatus.Timeout, reason: "It runs round and round." };
      if (outcome.kind === "passed") continue;
      if (mutantActivation === "runtime") await this.#prove(test);
      if (outcome.kind === "hung")
        return { status: MutantRunStatus.Timeout, reason: `${test.id} does not end.` };
      return {
        status: MutantRunStatus.Killed,
        killedBy: [test.id],
        failureMessage: outcome.message,
        nrOfTests: index + 1,
      };
    }
    return { status: MutantRunStatus.Survived, nrOfTests: tests.length };
  }

  async #prove(test: Registered): Promise<void> {
    Object.assign(this.#code, { activeMutant: undefined, hitLimit: undefined });
    const outcome = await this.#outcomeOf(test);
    if (outcome.kind !== "passed")
      throw new Error(
        `${test.id} fails without the mutant too: one before it left something behind.`,
      );
  }

  async #outcomeOf(test: Registered): Promise<Outcome> {
    const startedMs = computedMs();
    const outcome = await outcomeOf(test);
    if (outcome.kind === "passed") this.#tookMs.set(test.id, computedMs() - startedMs);
    return outcome;
  }

  /** Quick tests first, and before them those beside the mutated file. */
  #inOrder(testFilter: readonly string[] | undefined, mutatedFile: string): Registered[] {
    const stem = mutatedFile.replace(/^.*\/([^/]+)\.ts$/, "/$1.");
    const rank = ({ id, fileName }: Registered): number =>
      (this.#tookMs.get(id) ?? 0) + (fileName.includes(stem) ? 0 : 20);
    const chosen = testFilter
      ?.map((id) => registry.tests.get(id))
      .filter((test) => test !== undefined) ?? [...registry.tests.values()];
    return chosen.toSorted((one, next) => rank(one) - rank(next));
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    // A mutant leaves promises behind that are never awaited, and timers.
    process.on("uncaughtException", () => {});
    // Counterexamples are not minimised. A property gets the same values each time, so that the
    // score does not vary.
    fastCheck.configureGlobal({ endOnFailure: true, seed: 1 });
    const registryUrl = new URL("./test-registry.ts", import.meta.url).href;
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === "vitest" && context.parentURL !== registryUrl
          ? { url: registryUrl, shortCircuit: true }
          : next(specifier, context),
    });
    const patterns = (
      process.env["LINGPAI_MUTATION_TESTS"] ?? "packages/{core,wechat}/src/**/*.test.ts"
    ).split(" ");
    const exclude = patterns
      .filter((pattern) => pattern.startsWith("!"))
      .map((pattern) => pattern.slice(1));
    const files = patterns
      .filter((pattern) => !pattern.startsWith("!"))
      .flatMap((pattern) =>
        globSync(pattern, {
          exclude: ["**/*.{processes,redis,servers,packaging,docs}.test.ts", ...exclude],
        }),
      );
    for (const file of files.toSorted())
      await collect(file, () => import(pathToFileURL(resolve(file)).href));
  }
}

async function outcomeOf(test: Registered): Promise<Outcome> {
  let cancel = (): void => {};
  const hung = new Promise<Outcome>((settle) => {
    let left = idleTurnsMax;
    let lastMs = computedMs();
    const turn = (): void => {
      const nowMs = computedMs();
      left = nowMs - lastMs > idleMs ? idleTurnsMax : left - 1;
      lastMs = nowMs;
      if (left === 0) settle({ kind: "hung" });
      else cancel = systemClock.setTimer(turnMs, turn);
    };
    turn();
  });
  const ended = test.run().then(
    (): Outcome => ({ kind: "passed" }),
    (error: unknown): Outcome => ({
      kind: "failed",
      message: error instanceof Error ? error.message : String(error),
    }),
  );
  const outcome = await Promise.race([ended, hung]);
  cancel();
  if (outcome.kind !== "passed") vi.restoreAllMocks();
  return outcome;
}

function createRunner(options: StrykerOptions): TestRunner {
  return new InProcessRunner(options);
}
createRunner.inject = tokens(commonTokens.options);

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.TestRunner, "in-process", createRunner),
];
