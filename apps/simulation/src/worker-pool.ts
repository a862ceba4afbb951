/** Runs many seeds, one at a time in each worker thread. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Options } from "./options.ts";
import { simulate, type RunResult, type RunSettings } from "./cluster/simulation.ts";

export interface SeedResult extends RunResult {
  /** Whether a second run of the seed had another trace; false if it ran once. */
  readonly differs: boolean;
}

/** Runs one seed, or twice with `--twice`. */
export async function runSeed(options: Options, seed: number): Promise<SeedResult> {
  const settings = settingsOf(options, seed);
  const result = await simulate(settings);
  const differs = options.twice && (await simulate(settings)).fingerprint !== result.fingerprint;
  return { ...result, differs };
}

/** Calls `onResult` for each seed as it ends, in no particular order. */
export async function runSeeds(
  options: Options,
  onResult: (result: SeedResult) => void,
): Promise<void> {
  const workers = Math.min(options.workers ?? availableParallelism(), options.seeds);
  const last = options.seed + options.seeds;
  if (workers === 1) {
    for (let seed = options.seed; seed < last; seed += 1) onResult(await runSeed(options, seed));
    return;
  }
  let next = options.seed;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("worker.ts", import.meta.url), { workerData: options });
      const assign = (): void => {
        post(worker, next < last ? next : undefined);
        next += 1;
      };
      worker.on("message", (result: SeedResult) => {
        onResult(result);
        assign();
      });
      worker.on("error", reject);
      worker.on("exit", () => resolve());
      assign();
    });
  await Promise.all(Array.from({ length: workers }, work));
}

function post(worker: Worker, seed: number | undefined): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of ours, not a window: there is no origin
  worker.postMessage(seed);
}

function settingsOf(
  { nodes, hours, faults, referenceOnly, push, reports, callEveryMs, scenarios }: Options,
  seed: number,
): RunSettings {
  return {
    seed,
    nodes,
    hours,
    faults,
    wild: !referenceOnly,
    push,
    reports,
    callEveryMs,
    scenarios,
  };
}
