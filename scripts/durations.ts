/** The durations of the files of a test run, from vitest's JSON report. */
import { relative } from "node:path";
import { styleText } from "node:util";

/** The fields of vitest's JSON report that are read. */
export interface TimedReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly startTime: number;
    readonly endTime: number;
  }[];
}

const slowestMax = 10;

/**
 * The slowest files, and the sum for each package, one a line. Files run in parallel, so the sums
 * exceed the elapsed time.
 */
export function durations({ testResults }: TimedReport, root: string): string[] {
  const files = testResults
    .map(({ name, startTime, endTime }) => ({
      path: relative(root, name).replaceAll("\\", "/"),
      ms: Math.max(0, endTime - startTime),
    }))
    .toSorted((one, next) => next.ms - one.ms);
  const packages = new Map<string, number>();
  for (const { path, ms } of files)
    packages.set(packageOf(path), (packages.get(packageOf(path)) ?? 0) + ms);
  const sums = [...packages].toSorted(([, one], [, next]) => next - one);
  return [
    styleText("bold", `lingpai: the ${Math.min(slowestMax, files.length)} slowest files, in s`),
    ...files.slice(0, slowestMax).map(({ path, ms }) => `${seconds(ms)}  ${path}`),
    styleText("bold", "lingpai: the test files of each package together, in s"),
    ...sums.map(([name, ms]) => `${seconds(ms)}  ${name}`),
  ];
}

/** `packages/core` of `packages/core/src/cache.test.ts`; `scripts` of `scripts/count.test.ts`. */
function packageOf(path: string): string {
  return path
    .split("/")
    .slice(0, path.startsWith("scripts/") ? 1 : 2)
    .join("/");
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1).padStart(7);
}
