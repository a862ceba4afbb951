/**
 * For tests: a simulated platform on a port, and servers in this process or in processes of their
 * own.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { objectSource } from "@lingpai/config";
import type { ConfigInput } from "@lingpai/config";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator, SimulatorOptions } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import { serve } from "./serve.ts";
import type { RunningServer, ServeOptions } from "./serve.ts";

export const appId = "wx0123456789abcdef";
export const appSecret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
export const ref: string = `wechat:stable:${appId}`;
const bin = fileURLToPath(new URL("bin.ts", import.meta.url));

export interface AppWorld {
  readonly simulator: Simulator;
  readonly folder: string;
  /** The environment variables that a server needs. */
  readonly env: Readonly<Record<string, string>>;
  readonly settings: ConfigInput;
  /** A server in this process. */
  start(settings?: ConfigInput, options?: Partial<ServeOptions>): Promise<RunningServer>;
  /** `lingpai-server` as a process of its own. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): ServerProcess;
  close(): Promise<void>;
}

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals | null>;
  /** Its output until now, from both streams. */
  printed(): string;
  /** Resolves to the first match in its output. */
  prints(pattern: RegExp): Promise<string>;
}

const silent = { info() {}, warn() {}, error() {} };

export async function appWorld(options: SimulatorOptions = {}): Promise<AppWorld> {
  const simulator = createSimulator({
    accounts: [
      { appId, secret: appSecret },
      { appId: "wxfedcba9876543210", secret: appSecret },
    ],
    ...options,
  });
  const platform = await listen(simulator);
  const folder = await mkdtemp(join(tmpdir(), "lingpai-server-"));
  const running: RunningServer[] = [];
  const children: ServerProcess[] = [];
  const app = { appId, secret: appSecret, baseUrl: platform.url };
  const settings: ConfigInput = {
    apps: { main: app },
    server: { port: 0, dataDirectory: folder, stopWithinMs: 20_000 },
  };
  const env = {
    LINGPAI_ENVIRONMENT: "test",
    LINGPAI_APPS_MAIN_APP_ID: appId,
    LINGPAI_APPS_MAIN_SECRET: appSecret,
    LINGPAI_APPS_MAIN_BASE_URL: platform.url,
    LINGPAI_SERVER_PORT: "0",
    LINGPAI_SERVER_DATA_DIRECTORY: folder,
    LINGPAI_SERVER_STOP_WITHIN_MS: "20000",
  };
  return {
    simulator,
    folder,
    env,
    settings,
    async start(given = settings, more = {}) {
      const server = await serve({
        environment: "test",
        sources: [objectSource(given)],
        firstKey: true,
        logger: silent,
        print: () => {},
        ...more,
      });
      running.push(server);
      return server;
    },
    run(args, given = {}) {
      const made = processOf(args, { ...env, ...given }, folder);
      children.push(made);
      return made;
    },
    async close() {
      for (const { child } of children) child.kill("SIGKILL");
      await Promise.all(children.map(({ exited }) => exited));
      for (const server of running) await server.close();
      await platform.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function processOf(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): ServerProcess {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [bin, ...args], { cwd, env: { PATH, ...env } });
  let text = "";
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      for (const look of looks) look();
    });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  return {
    child,
    exited,
    printed: () => text,
    async prints(pattern) {
      const found = Promise.withResolvers<string>();
      const look = (): void => {
        const match = pattern.exec(text);
        if (match !== null) found.resolve(match[1] ?? match[0]);
      };
      looks.add(look);
      look();
      void exited.then((code) => found.reject(new Error(`It ended with ${code}: ${text}`)));
      return found.promise.finally(() => looks.delete(look));
    },
  };
}

/** Sends bytes. Resolves to everything that comes back until the other side closes. */
export function rawExchange(url: string, ...parts: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  for (const part of parts) socket.write(part);
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.once("close", () => resolve(text));
  });
}

export const getOne = (url: string, key: string, more: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/v1/credentials/${ref}`, {
    ...more,
    headers: { authorization: `Bearer ${key}`, ...(more.headers as Record<string, string>) },
  });
