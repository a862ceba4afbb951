/**
 * What `run.mjs` starts once the workspace is installed: the demo, the daily tests, the full proof,
 * and what is left to the night.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "@lingpai/core";
import { type Count, countReport, type Report, summarise } from "./count.ts";
import { changedFiles, reached } from "./changed.ts";
import { durations, type TimedReport } from "./durations.ts";
import { failuresFile } from "./failures.ts";
import { toolPath } from "./tools.ts";
import { members, root } from "./workspace.ts";

const reportFile = join(root, ".cache/tests.json");
const [caller, command, ...given] = process.argv.slice(2);
const args = given.filter((argument) => argument !== "--");

/** Runs a script under this Node in the foreground and says whether it succeeded. */
function succeeds(script: string, scriptArgs: readonly string[]): boolean {
  const { status } = spawnSync(process.execPath, [script, ...scriptArgs], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return status === 0;
}

/**
 * The steps before the tests, each a turbo task; each counts as one thing that passed or failed.
 */
const gates = {
  lint: "check:lint",
  typecheck: "check:types",
  build: "build",
  knip: "check:unused",
};

function runGate([name, task]: [string, string]): Count {
  console.log(`\nlingpai: ${name}`);
  const startedMs = systemClock.monotonicMs();
  const passed = succeeds(toolPath("turbo"), [
    "run",
    task,
    "--log-prefix=none",
    "--output-logs=new-only",
    "--ui=stream",
  ]);
  return countOf(name, passed, startedMs);
}

/** A bench that is left to the night. It prints which targets it met, and fails when it cannot run. */
function runBench(name: string): Count {
  console.log(`\nlingpai: bench ${name}`);
  const startedMs = systemClock.monotonicMs();
  const passed = succeeds(join(root, "apps/bench/src/main.ts"), [name]);
  return countOf(`bench ${name}`, passed, startedMs);
}

function countOf(name: string, passed: boolean, startedMs: number): Count {
  return {
    name: timed(name, startedMs),
    passed: passed ? 1 : 0,
    failed: passed ? 0 : 1,
    skipped: 0,
  };
}

/** With how long it took. */
function timed(name: string, startedMs: number): string {
  return `${name} (${Math.round((systemClock.monotonicMs() - startedMs) / 1000)} s)`;
}

function runVitest(name: string, vitestArgs: readonly string[]): Count {
  console.log(`\nlingpai: ${name}`);
  const startedMs = systemClock.monotonicMs();
  for (const file of [reportFile, failuresFile]) rmSync(file, { force: true });
  mkdirSync(dirname(reportFile), { recursive: true });
  const succeeded = succeeds(toolPath("vitest"), [
    "run",
    ...vitestArgs,
    "--reporter=default",
    "--reporter=./scripts/failures.ts",
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
  ]);
  const report = readReport();
  if (report !== undefined)
    console.log([...durations(report, root), readFileSync(failuresFile, "utf8")].join("\n"));
  return { name: timed(name, startedMs), ...countReport(report, succeeded) };
}

function readReport(): (Report & TimedReport) | undefined {
  try {
    return JSON.parse(readFileSync(reportFile, "utf8")) as Report & TimedReport;
  } catch {
    return undefined;
  }
}

/**
 * Everything that CI proves. Every step runs even if an earlier one failed, so that one run shows
 * all there is to mend.
 */
function check(): boolean {
  const counts = [
    ...Object.entries(gates).map(runGate),
    // A browser is not asked of every machine, and some tests wait for minutes: those run in
    // `pnpm nightly`, and by name.
    runVitest("tests: unit, servers, packaging, documents", [
      "--project=!browser",
      "--project=!nightly",
    ]),
  ];
  const { lines, failed } = summarise(counts);
  console.log(`\n${lines.join("\n")}`);
  return failed === 0;
}

/**
 * All tests, every clause on every backend, in an order of its own each night; vitest prints the
 * seed, and `--sequence.seed` repeats it. Behind them the bench that takes minutes of all processors.
 */
function nightly(): boolean {
  process.env["LINGPAI_CONFORMANCE"] = "full";
  const { lines, failed } = summarise([
    runVitest("tests: everything, shuffled", ["--sequence.shuffle.tests", ...args]),
    runBench("many-processes"),
  ]);
  console.log(`\n${lines.at(-1)}`);
  return failed === 0;
}

/**
 * `pnpm test`: the unit tests. `pnpm test NAME…`: the tests whose path contains a name, those that
 * need servers included. `pnpm test --changed`: all that what was changed since main can reach.
 */
function daily(): boolean {
  const isChanged = args.includes("--changed");
  const flags = args.filter((argument) => argument.startsWith("-") && argument !== "--changed");
  const names = args
    .filter((argument) => !argument.startsWith("-"))
    .map((name) => name.replace(/^@lingpai\//, ""));
  const changed = isChanged ? changedFiles(root) : [];
  if (isChanged && changed.length === 0) {
    console.log("lingpai: nothing was changed since main.\n\n0 passed, 0 failed");
    return true;
  }
  const chosen = isChanged
    ? reached(changed, members())
    : names.length === 0
      ? ["--project=unit"]
      : names;
  const { lines, failed } = summarise([runVitest("tests", [...flags, ...chosen])]);
  console.log(`\n${lines.at(-1)}`);
  return failed === 0;
}

function main(): boolean {
  if (command === "demo") return succeeds(join(root, "apps/cli/src/main.ts"), ["demo", ...args]);
  if (command !== "test" && command !== "check" && command !== "nightly") {
    console.error(
      `lingpai: "${command ?? ""}" is not a task. There are demo, test, check and nightly.`,
    );
    return false;
  }
  if (process.env["LINGPAI_TEST_RUN"] === "1") {
    console.log(
      "lingpai: this already is a test run (a README block asked for one); not starting another inside it.",
    );
    return true;
  }
  if (command === "nightly") return nightly();
  return command === "check" || (caller === "npm" && args.length === 0) ? check() : daily();
}

process.exitCode = main() ? 0 : 1;
