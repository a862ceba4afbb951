/**
 * A running program in another language. It calls the platform twice a second and prints one line
 * for each call.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Command } from "./toolchains.ts";

/** One call as the program reported it. */
export interface Call {
  readonly atMs: number;
  /** 0, the platform's errcode, or -2 if there was no answer. */
  readonly code: number;
}

export class Program implements AsyncDisposable {
  readonly calls: Call[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #first = Promise.withResolvers<void>();
  #errors = "";

  constructor({ file, args }: Command, environment: Readonly<Record<string, string>>) {
    this.#process = spawn(file, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#first.promise.catch(() => {});
    this.#process.on("error", (error) => this.#first.reject(error));
    this.#process.stderr?.on("data", (chunk) => (this.#errors += String(chunk)));
    const lines = createInterface({ input: this.#process.stdout! });
    lines.on("line", (line) => {
      if (!line.startsWith("{")) return;
      this.calls.push(JSON.parse(line) as Call);
      this.#first.resolve();
    });
    this.#ended = new Promise((resolve) => {
      this.#process.on("close", () => {
        this.#first.reject(
          new Error(`${file} ended before its first call: ${this.#errors.slice(-2_000)}`),
        );
        resolve();
      });
    });
  }

  /** Resolves after its first call. */
  started(): Promise<void> {
    return this.#first.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.#ended;
  }
}
