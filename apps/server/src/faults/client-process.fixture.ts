/** For tests: a service in a process of its own, whose wall clock is another one. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Workload } from "./workload.fixture.ts";

export interface ClientPlan {
  readonly urls: readonly string[];
  readonly key: string;
  readonly appId: string;
  readonly baseUrl: string;
}

export interface ClientReport {
  readonly done: number;
  readonly failed: readonly string[];
  /** Requests to token servers. */
  readonly asked: number;
  /** What it takes for the time. */
  readonly wallMs: number;
}

export interface ClientProcess extends Workload {
  readonly latest: ClientReport;
  /** Steps its wall clock: from now on it is wrong by so much. */
  shift(shiftMs: number): void;
}

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export function clientProcess(plan: ClientPlan, shiftMs: number): ClientProcess {
  const child = fork(pathOf("client-program.fixture.ts"), [JSON.stringify(plan)], {
    execArgv: ["--import", new URL("shifted-date.fixture.ts", import.meta.url).href],
    env: { PATH: process.env["PATH"], DATE_SHIFT_MS: String(shiftMs) },
  });
  let latest: ClientReport = { done: 0, failed: [], asked: 0, wallMs: 0 };
  child.on("message", (report: ClientReport) => (latest = report));
  const exited = new Promise((resolve) => child.once("exit", resolve));
  return {
    get latest() {
      return latest;
    },
    get done() {
      return latest.done;
    },
    get failed() {
      return latest.failed;
    },
    shift: (shifted) => void child.send({ shiftMs: shifted }),
    async stop() {
      child.send("stop");
      await exited;
    },
  };
}
