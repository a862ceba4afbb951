/** A worker thread that runs each seed that it receives. */
import { parentPort, workerData } from "node:worker_threads";
import { runSeed } from "./worker-pool.ts";
import type { Options } from "./options.ts";

const port = parentPort;
if (port === null)
  throw new Error("This module runs in a worker thread; start simulate.ts instead.");
const options = workerData as Options;

port.on("message", (seed: number | undefined) => {
  if (seed === undefined) return port.close();
  void runSeed(options, seed).then((result) => port.postMessage(result));
});
