/**
 * The order of test files within one group: files that compute and files that wait run side by
 * side, the slow ones of each first. So no slow file runs alone at the end, and no processor idles
 * while all workers wait.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The slowest files, with how long they take in seconds, about. On a fresh clone no durations are
 * known, and a file's size does not indicate them.
 */
export const slow: readonly (readonly [path: RegExp, seconds: number])[] = [
  [/simulate\.processes/, 100],
  [/tarballs/, 100],
  [/holder-crash/, 90],
  [/node-redis\/.*conformance-standalone|bench\.redis/, 70],
  [/crash\.processes|tenant\.processes|keyv\/.*etcd\.servers|documents\.docs/, 50],
  [/search\.processes|command\.processes|outage|requirements|redis-standalone|faults\.redis/, 40],
  [/new-adapter|release\.packaging|run\.docs|sample\.processes|memcached|alerts|demo\.proc/, 30],
  [/adapter-.*(conformance|mariadb\.servers)|failover\.redis|secret-leaks/, 25],
];
const usualSeconds = 8;

const computing =
  /simulate\.|crash\.processes|search\.processes|explore\.|mutants\.|sample\.|documents\.docs|\.packaging\./;

/** True for a file that keeps a processor busy while it runs. The others mostly wait. */
export function isComputing(path: string): boolean {
  return computing.test(path);
}

/** As many files that compute side by side as there are processors in the smallest machine of CI. */
const computingAtOnce = 2;

/**
 * Sorts files into the order in which they would start if each kind had workers of its own.
 *
 * @param workers for both kinds.
 */
export function startOrder(paths: readonly string[], workers: number): readonly string[] {
  const lanes = {
    computing: Array.from({ length: Math.min(computingAtOnce, workers) }, () => 0),
    waiting: Array.from({ length: Math.max(1, workers - computingAtOnce) }, () => 0),
  };
  const starts = paths
    .toSorted((one, next) => secondsOf(next) - secondsOf(one))
    .map((path) => {
      const lane = isComputing(path) ? lanes.computing : lanes.waiting;
      const startS = Math.min(...lane);
      lane[lane.indexOf(startS)] = startS + secondsOf(path);
      return { path, startS };
    });
  return starts.toSorted((one, next) => one.startS - next.startS).map(({ path }) => path);
}

function secondsOf(path: string): number {
  return slow.find(([pattern]) => pattern.test(path))?.[1] ?? usualSeconds;
}

export class ComputingBesideWaiting extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const groups = Map.groupBy(sorted, ({ project }) => project.config.sequence.groupOrder);
    return [...groups]
      .toSorted(([one], [next]) => one - next)
      .flatMap(([, group]) => {
        const workers = Math.max(...group.map(({ project }) => project.config.maxWorkers));
        const order = startOrder([...new Set(group.map(({ moduleId }) => moduleId))], workers);
        const places = new Map(order.map((path, place) => [path, place]));
        return group.toSorted(
          (one, next) => (places.get(one.moduleId) ?? 0) - (places.get(next.moduleId) ?? 0),
        );
      });
  }
}
