/**
 * One server process of any kind on loopback. It is started in its own directory, broken on
 * purpose, and stopped by its process id.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "./ports.ts";
import { until } from "./until.ts";

export interface Daemon {
  readonly host: "127.0.0.1";
  readonly port: number;
  /**
   * Sends SIGSTOP to it and its children. Connections stay open and nothing answers until
   * {@link Daemon.thaw}.
   */
  freeze(): void;
  thaw(): void;
  /** Stops it cleanly and starts it again on the same port with the data that it keeps. */
  restart(): Promise<void>;
  /** Returns the end of its log. */
  logs(): string;
  /** Ends the process and removes its files. */
  stop(): Promise<void>;
}

export interface DaemonPlan {
  readonly binary: string;
  /** The Debian package, for the message when the binary is missing. */
  readonly debianPackage: string;
  /** Run once in the fresh directory, before the first start: a binary and its arguments. */
  readonly prepare?: (directory: string) => readonly [binary: string, ...args: string[]];
  args(directory: string, port: number, spare: number): readonly string[];
  /** The log text when it accepts connections. Without it, a connection is tried. */
  readonly readyLine?: RegExp;
  /** The signal that stops it cleanly and soon. */
  readonly stopSignal?: "SIGTERM" | "SIGINT";
}

/** The user of servers that refuse to run as root. It owns nothing. */
const nobody = { uid: 65_534, gid: 65_534 };
const startLimitMs = 60_000;
const logLimit = 8_000;

/** @throws {Error} with the end of the log when the server does not take connections in time. */
export async function startDaemon(plan: DaemonPlan): Promise<Daemon> {
  const binary = requireBinary(plan.binary, plan.debianPackage);
  const directory = await mkdtemp(join(tmpdir(), `lingpai-${plan.binary}-`));
  const asRoot = process.getuid?.() === 0;
  // At its start MariaDB removes all temporary tables that it finds, even another server's.
  const place = {
    cwd: directory,
    env: { ...process.env, TMPDIR: directory },
    ...(asRoot ? nobody : {}),
  };
  if (asRoot) await chown(directory, nobody.uid, nobody.gid);
  if (plan.prepare !== undefined) {
    const [preparer, ...args] = plan.prepare(directory);
    await promisify(execFile)(requireBinary(preparer, plan.debianPackage), args, place);
  }
  for (let attempt = 1; ; attempt += 1) {
    const [port, spare] = (await freePorts(2)) as [number, number];
    const daemon = new LocalDaemon(
      plan,
      binary,
      plan.args(directory, port, spare),
      place,
      port,
      directory,
    );
    try {
      await daemon.start();
      return daemon;
    } catch (error) {
      await daemon.end("SIGKILL");
      if (attempt < 3 && /in use/i.test(daemon.logs())) continue;
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }
}

/** Debian keeps PostgreSQL's programs, and daemons in general, off an ordinary user's PATH. */
function requireBinary(name: string, debianPackage: string): string {
  const postgres = "/usr/lib/postgresql";
  const versions = existsSync(postgres)
    ? readdirSync(postgres).map((version) => join(postgres, version, "bin"))
    : [];
  for (const directory of [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    ...versions,
  ]) {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return join(directory, name);
    } catch {
      // Not in this directory.
    }
  }
  throw new Error(`${name} is not on PATH. On Debian: apt-get install ${debianPackage}.`);
}

class LocalDaemon implements Daemon {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #plan: DaemonPlan;
  readonly #binary: string;
  readonly #args: readonly string[];
  readonly #options: SpawnOptions;
  readonly #directory: string;
  #child: ChildProcess | undefined;
  #log = "";
  readonly #killAtExit = (): void => void this.#child?.kill("SIGKILL");

  constructor(
    plan: DaemonPlan,
    binary: string,
    args: readonly string[],
    options: SpawnOptions,
    port: number,
    directory: string,
  ) {
    this.#plan = plan;
    this.#binary = binary;
    this.#args = args;
    this.#options = options;
    this.port = port;
    this.#directory = directory;
  }

  async start(): Promise<void> {
    this.#log = "";
    const child = spawn(this.#binary, this.#args, {
      ...this.#options,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const note = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-logLimit);
    };
    child.stdout?.on("data", note);
    child.stderr?.on("data", note);
    child.once("error", (error) => note(Buffer.from(error.message)));
    process.on("exit", this.#killAtExit);
    const state = await until(
      `${this.#plan.binary} takes connections on port ${this.port}`,
      async () => {
        if (child.exitCode !== null || child.signalCode !== null) return "ended" as const;
        return (
          (this.#plan.readyLine?.test(this.#log) ?? true) &&
          (await accepts(this.port)) &&
          ("up" as const)
        );
      },
      startLimitMs,
    ).catch((error: unknown) => error);
    if (state !== "up")
      throw new Error(`${this.#plan.binary} on port ${this.port} did not start.\n${this.#log}`, {
        cause: state,
      });
  }

  freeze(): void {
    const pids = this.#signalAll(this.#child?.pid, "SIGSTOP");
    // The signal has only been sent. On a busy machine a thread may still run for a while.
    while (!isStopped(pids)) continue;
  }

  thaw(): void {
    this.#signalAll(this.#child?.pid, "SIGCONT");
  }

  /** PostgreSQL has a process for each connection. */
  #signalAll(pid: number | undefined, signal: "SIGSTOP" | "SIGCONT"): readonly number[] {
    if (pid === undefined) return [];
    const { stdout } = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
    const ids = [pid, ...(stdout ?? "").split("\n").filter(Boolean).map(Number)];
    for (const id of ids) {
      try {
        process.kill(id, signal);
      } catch {
        // The process has ended meanwhile.
      }
    }
    return ids;
  }

  async restart(): Promise<void> {
    await this.end(this.#plan.stopSignal ?? "SIGTERM");
    await this.start();
  }

  logs(): string {
    return this.#log;
  }

  async stop(): Promise<void> {
    await this.end(this.#plan.stopSignal ?? "SIGKILL");
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async end(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.off("exit", this.#killAtExit);
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    this.#signalAll(child.pid, "SIGCONT");
    child.kill(signal);
    await ended;
  }
}

function isStopped(pids: readonly number[]): boolean {
  const { stdout } = spawnSync("ps", ["-o", "state=", "-p", pids.join(",")], { encoding: "utf8" });
  return (stdout ?? "")
    .split("\n")
    .filter(Boolean)
    .every((state) => state.trim().startsWith("T"));
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
