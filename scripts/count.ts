/**
 * Counts tests from vitest's JSON report, so that the last line of a run claims no more than was
 * proved.
 */

/** The fields of vitest's JSON report that are read. */
export interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly status: string;
  readonly assertionResults: readonly TestReport[];
}

interface TestReport {
  readonly status: string;
}

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Count extends Outcome {
  readonly name: string;
}

/**
 * Counts one vitest run. A file that could not even be collected counts as one failure; so does a
 * run that failed without a failing test (an unhandled rejection, no test found) and a run that
 * left no report. `succeeded` says whether the runner exited with 0.
 */
export function countReport(report: Report | undefined, succeeded: boolean): Outcome {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const broken = report.testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: succeeded || failed > 0 ? failed : 1,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * Returns one line per step, and the total as the last line. A run in which nothing ran has failed.
 */
export function summarise(counts: readonly Count[]): Outcome & { lines: string[] } {
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const skipped = counts.reduce((sum, count) => sum + count.skipped, 0);
  const failures = counts.reduce((sum, count) => sum + count.failed, 0);
  const failed = passed === 0 && failures === 0 ? 1 : failures;
  const lines = counts.map(
    (count) => `${count.failed === 0 ? "ok    " : "FAILED"} ${describe(count)}`,
  );
  return { passed, failed, skipped, lines: [...lines, `${passed} passed, ${failed} failed`] };
}

function describe({ name, passed, failed, skipped }: Count): string {
  return `${name}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
