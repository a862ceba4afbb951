import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../process.ts";
import { nodePath, toolPath } from "../tools.ts";
import { root } from "../workspace.ts";
import { editsVariable } from "./edit-plugin.ts";
import { literally, type Regression } from "./regression.ts";

/** Only a failing test has noticed the fault. Code that no longer loads proves nothing. */
export type Outcome =
  | { readonly kind: "noticed" }
  | { readonly kind: "survived" | "undecided"; readonly why: string };

/** The fields of Vitest's JSON report that are read. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly message: string }[];
}

const limitMs = 300_000;

/** Runs the row's test over the code with its edits. */
export async function outcomeOf(row: Regression): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "lingpai-regression-"));
  try {
    const edits = join(folder, "edits.json");
    const report = join(folder, "report.json");
    writeFileSync(edits, JSON.stringify(row.edits));
    const printed = await runTest(row, edits, report);
    return judge(readReport(report), printed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function judge(report: TestReport | undefined, printed: string): Outcome {
  if (report === undefined)
    return { kind: "undecided", why: `no report was written:\n${printed.slice(-2000)}` };
  if (report.numFailedTests > 0) return { kind: "noticed" };
  const broken = report.testResults.map(({ message }) => message).find((message) => message !== "");
  if (broken !== undefined) return { kind: "undecided", why: `the file does not load: ${broken}` };
  if (report.numPassedTests === 0) return { kind: "undecided", why: "no test has this title" };
  return { kind: "survived", why: "every test passed" };
}

/** Resolves to the output of a failed run. */
function runTest(row: Regression, edits: string, report: string): Promise<string> {
  const hook = pathToFileURL(join(import.meta.dirname, "child-process-hook.ts")).href;
  const args = [
    toolPath("vitest"),
    "run",
    `--config=${join(import.meta.dirname, "vitest.config.ts")}`,
    `--project=${/\.([a-z]+)\.test\.ts$/.exec(basename(row.test))?.[1] ?? "unit"}`,
    "--reporter=json",
    `--outputFile=${report}`,
    ...(row.title === undefined ? [] : [`--testNamePattern=${literally(row.title)}`]),
    row.test,
  ];
  const env = {
    LINGPAI_TEST_RUN: "1",
    NODE_OPTIONS: `--import=${hook}`,
    [editsVariable]: edits,
  };
  return run(nodePath(24), args, { cwd: root, env, timeoutMs: limitMs }).catch((error: unknown) =>
    String(error),
  );
}

function readReport(file: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as TestReport;
  } catch {
    return undefined; // the run ended before it wrote one
  }
}
