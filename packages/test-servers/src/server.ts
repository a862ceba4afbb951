/** One redis-server process on loopback, with controls to break it. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePorts } from "./ports.ts";
import { once } from "./resp.ts";
import type { Address, Reply } from "./resp.ts";
import { until } from "./until.ts";

export interface ServerOptions {
  /**
   * Lines of redis.conf, each `directive value`. They come after the defaults, so they override
   * them.
   */
  readonly config?: readonly string[];
  /** Users, as the arguments of `ACL SETUSER`: `prod on >secret ~prod:*`. */
  readonly users?: readonly string[];
}

export interface Server extends Address {
  readonly url: string;
  /** The server's own process; changes with every start. */
  readonly pid: number;
  /** One command over a connection of its own, as the default user. */
  command(...parts: ReadonlyArray<string | Uint8Array>): Promise<Reply>;
  /** Sends SIGKILL: open connections are reset, nothing is saved. */
  kill(): Promise<void>;
  /** Sends SIGSTOP: connections stay open and nothing answers until {@link Server.thaw}. */
  freeze(): void;
  thaw(): void;
  /**
   * Starts it again on the same port, with the data that it had written. A running server is
   * stopped cleanly first. Resolves when it answers.
   */
  restart(): Promise<void>;
  /** The end of its log. */
  logs(): string;
  /** Ends the process and removes its files. */
  stop(): Promise<void>;
}

/** A process that does not answer within ten seconds fails with its log. */
export async function startServer(
  options: ServerOptions = {},
  mode: "server" | "sentinel" = "server",
): Promise<Server> {
  const binary = requireBinary();
  const directory = await mkdtemp(join(tmpdir(), "lingpai-redis-"));
  for (let attempt = 1; ; attempt++) {
    const [port, busPort] = (await freePorts(2)) as [number, number];
    const config = join(directory, "redis.conf");
    await writeFile(config, configuration({ port, busPort, directory, mode, options }));
    const server = new LocalServer(
      binary,
      [config, ...(mode === "sentinel" ? ["--sentinel"] : [])],
      directory,
      port,
    );
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.endProcess("SIGKILL");
      if (attempt < 3 && server.logs().includes("Address already in use")) continue;
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }
}

function configuration(settings: {
  port: number;
  busPort: number;
  directory: string;
  mode: string;
  options: ServerOptions;
}): string {
  const { port, busPort, directory, mode, options } = settings;
  const common = [`port ${port}`, "bind 127.0.0.1", `dir ${directory}`, "protected-mode no"];
  const data = [
    'save ""',
    "appendonly yes",
    "appendfsync everysec",
    // Redis 6 does not know it, and has its Cluster's bus elsewhere.
    ...(options.config?.includes("cluster-enabled yes") ? [`cluster-port ${busPort}`] : []),
    "repl-diskless-sync-delay 0",
    "repl-ping-replica-period 1",
  ];
  const users = (options.users ?? []).map((user) => `user ${user}`);
  return [
    ...common,
    ...(mode === "server" ? data : []),
    ...users,
    ...(options.config ?? []),
    "",
  ].join("\n");
}

function requireBinary(): string {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    const candidate = join(directory, "redis-server");
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this directory.
    }
  }
  throw new Error(
    "redis-server is not on PATH. On Debian: apt-get install redis-server. Elsewhere install Redis 7 or newer and add it to PATH.",
  );
}

const logLimit = 8_000;

class LocalServer implements Server {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #binary: string;
  readonly #args: readonly string[];
  readonly #directory: string;
  #child: ChildProcess | undefined;
  #log = "";
  #up = false;
  readonly #killAtExit = (): void => void this.#child?.kill("SIGKILL");

  constructor(binary: string, args: readonly string[], directory: string, port: number) {
    this.#binary = binary;
    this.#args = args;
    this.#directory = directory;
    this.port = port;
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  get pid(): number {
    if (this.#child?.pid === undefined)
      throw new Error(`The server on port ${this.port} is not running.`);
    return this.#child.pid;
  }

  async start(): Promise<void> {
    const child = spawn(this.#binary, this.#args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#up = false;
    const note = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-logLimit);
    };
    child.stdout?.on("data", note);
    child.stderr?.on("data", note);
    child.once("exit", (code, signal) => {
      if (this.#child !== child || !this.#up) return;
      process.stderr.write(
        `redis-server on port ${this.port} ended by itself (${signal ?? code}). Its log:\n${this.#log}\n`,
      );
    });
    child.once("error", (error) => note(Buffer.from(error.message)));
    process.on("exit", this.#killAtExit);
    try {
      await until(
        "the server answers PING",
        async () => {
          if (child.exitCode !== null || child.signalCode !== null) return "ended" as const;
          return (await this.command("PING")) === "PONG" && ("up" as const);
        },
        60_000,
      ).then((state) => {
        if (state === "ended") throw new Error("redis-server ended at once.");
      });
      this.#up = true;
    } catch (error) {
      throw new Error(`redis-server on port ${this.port} did not start.\n${this.#log}`, {
        cause: error,
      });
    }
  }

  command(...parts: ReadonlyArray<string | Uint8Array>): Promise<Reply> {
    return once(this, ...parts);
  }

  kill(): Promise<void> {
    return this.endProcess("SIGKILL");
  }

  freeze(): void {
    process.kill(this.pid, "SIGSTOP");
  }

  thaw(): void {
    process.kill(this.pid, "SIGCONT");
  }

  async restart(): Promise<void> {
    await this.endProcess("SIGTERM");
    await this.start();
  }

  logs(): string {
    return this.#log;
  }

  async stop(): Promise<void> {
    await this.endProcess("SIGKILL");
    await rm(this.#directory, { recursive: true, force: true });
  }

  async endProcess(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.off("exit", this.#killAtExit);
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGCONT");
    child.kill(signal);
    await ended;
  }
}
