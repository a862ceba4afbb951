/** The demo's processes: started once, each playing one node after another. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { NodeSpec, Order, Report } from "./protocol.ts";

/** The published package contains compiled code. */
const worker = import.meta.url.endsWith(".ts")
  ? new URL("./worker.ts", import.meta.url)
  : new URL("./worker.js", import.meta.url);

export interface Member {
  boot(): Promise<Report>;
  call(load: { callers: number; rounds: number; paceMs: number }): Promise<Report>;
  leave(): Promise<void>;
}

export class Pool {
  readonly #idle: Worker[] = [];
  readonly #all: Worker[] = [];

  /** A process that plays this node until it leaves. */
  async join(spec: NodeSpec): Promise<Member> {
    const worker = this.#idle.pop() ?? this.#start();
    await worker.order({ type: "join", spec });
    return {
      boot: () => worker.order({ type: "boot" }),
      call: (load) => worker.order({ type: "call", ...load }),
      leave: async () => {
        await worker.order({ type: "leave" });
        this.#idle.push(worker);
      },
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.stop()));
  }

  #start(): Worker {
    const worker = new Worker();
    this.#all.push(worker);
    return worker;
  }
}

type Content<T> = T extends unknown ? Omit<T, "id"> : never;

class Worker {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<Report>>();
  #orders = 0;

  constructor() {
    this.#process = fork(fileURLToPath(worker), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#process.on("message", (report: Report) => {
      this.#waiting.get(report.id)?.resolve(report);
      this.#waiting.delete(report.id);
    });
    this.#process.on("exit", (code) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`A process of the demo ended with ${code}.`));
    });
  }

  order(content: Content<Order>): Promise<Report> {
    const id = (this.#orders += 1);
    const answer = Promise.withResolvers<Report>();
    this.#waiting.set(id, answer);
    this.#process.send({ id, ...content });
    return answer.promise;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.disconnect();
    await gone;
  }
}
