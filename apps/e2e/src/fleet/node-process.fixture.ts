/** Real node processes, which tests stop, kill and continue. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { listen } from "@lingpai/wechat-simulator/server";
import { onTestFinished } from "vitest";
import type { Driver } from "./redis-clients.fixture.ts";
import { quick, secret } from "./fleet.fixture.ts";
import type { Fleet } from "./fleet.fixture.ts";
import type { RefreshStep } from "./refresh-steps.fixture.ts";
import type { NodeProgramSettings, Report } from "./node-program.fixture.ts";

export interface NodeProcess {
  readonly reports: readonly Report[];
  /**
   * Sends a command without waiting for its result. Any line lets a stopped process go on.
   */
  tell(line: string): void;
  /** Sends a command and returns its report. Rejects with a reported error. */
  ask(command: "token" | "refresh" | "call" | "close"): Promise<Extract<Report, { reply: string }>>;
  /** Resolves when the process has stopped before this step. */
  reached(step: RefreshStep): Promise<void>;
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /** Resolves with its exit code when it has ended. */
  readonly ended: Promise<number | null>;
}

export interface ProcessOptions {
  readonly stopAt?: RefreshStep;
  /** A command that starts Node, such as `faketime`, with its arguments. */
  readonly under?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export type StartProcess = (node: string, options?: ProcessOptions) => NodeProcess;

const program = fileURLToPath(new URL("node-program.fixture.ts", import.meta.url));

/** Starts processes of this fleet. The platform listens on its own port. */
export async function processesOf(
  driver: Driver,
  server: Server,
  { appId, platform, scope }: Fleet,
): Promise<StartProcess> {
  const address = await listen(platform);
  onTestFinished(() => address.close());
  return (
    node: string,
    { stopAt, under = [], environment = {} }: ProcessOptions = {},
  ): NodeProcess => {
    const settings: NodeProgramSettings = {
      driver: driver.name,
      store: { host: server.host, port: server.port },
      scope,
      platform: address.url,
      appId,
      secret,
      node,
      parameters: quick,
      ...(stopAt && { stopAt }),
    };
    const [command = process.execPath, ...args] = [
      ...under,
      process.execPath,
      "--no-warnings",
      program,
      JSON.stringify(settings),
    ];
    return start(command, args, environment);
  };
}

function start(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): NodeProcess {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  const reports: Report[] = [];
  createInterface({ input: child.stdout }).on("line", (line) =>
    reports.push(JSON.parse(line) as Report),
  );
  child.stdin.on("error", () => {});
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  onTestFinished(async () => {
    signal("SIGCONT");
    signal("SIGKILL");
    await ended;
  });
  const tell = (line: string): void => void child.stdin.write(`${line}\n`);
  return {
    reports,
    ended,
    signal,
    tell,
    async ask(wanted) {
      const seen = reports.length;
      tell(wanted);
      const answer = await until(`the process answers "${wanted}"`, async () =>
        reports.slice(seen).find((report) => "reply" in report && report.reply === wanted),
      );
      if (!("reply" in answer) || answer.error !== undefined)
        throw new Error(`The process failed: ${JSON.stringify(answer)}.`);
      return answer;
    },
    reached: async (step) =>
      void (await until(`the process stops at "${step}"`, async () =>
        reports.some((report) => "at" in report && report.at === step),
      )),
  };
}
