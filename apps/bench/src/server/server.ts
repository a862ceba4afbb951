/** Measures the token server beside a bare route, and with 10 000 waiting callers. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { delay, systemClock } from "@lingpai/core";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import type { Bench } from "../bench.ts";
import { atMost, exactly, judged, ratioAtLeast } from "../measurement.ts";
import type { Figure } from "../measurement.ts";
import { onServer } from "../on-server.ts";
import { rounded } from "../statistics.ts";
import { named } from "../versions.ts";
import { Connection, ask, load } from "./load.ts";
import type { Load, Target } from "./load.ts";
import type { Started, WorkerOrder } from "./protocol.ts";

const efforts = {
  full: { rounds: 3, roundMs: 10_000, clients: 200, polls: 10_000, idleMs: 10_000 },
  quick: { rounds: 1, roundMs: 500, clients: 20, polls: 100, idleMs: 500 },
} as const;
const appId = "wx0123456789abcdef";
const secret = "0123456789abcdef0123456789abcdef";
const path = `/v1/credentials/wechat:stable:${appId}`;
const seal = Buffer.alloc(32, 1).toString("base64");
/** The number of connections that are opened at once, as when another replica ends. */
const openAtOnce = 2_000;

export const server: Bench = {
  title: "Server: two replicas and their callers, beside a bare Fastify route in the same run",
  base: "two processes with a Fastify route that returns a constant: the same clients, by turns",
  async run(effort) {
    return onServer(async (redis, use) => {
      const simulator = createSimulator({ accounts: [{ appId, secret }] });
      const platform = use(await listen(simulator));
      const app = { appId, secret, baseUrl: platform.url };
      const workers = use(new Workers());
      const constant = { secret: "x".repeat(140), expiresInMs: 7_000_000, state: "live" };
      const order: WorkerOrder = { kind: "server", redis: redis.url, seal, app };
      const replicas = [await workers.start(order), await workers.start(order)];
      const bare = [
        await workers.start({ kind: "bare", constant }),
        await workers.start({ kind: "bare", constant }),
      ];
      const figures = await loads(replicas, bare, efforts[effort]);
      const fetches = simulator.log.tally().fetches;
      figures.push(judged(figure("fetches in a lifetime", fetches, "fetches"), exactly(1)));
      const pid = workers.pids[0] ?? 0;
      return [...figures, ...(await waiting(replicas[0]!, { pid, simulator }, efforts[effort]))];
    });
  },
};

type Effort = (typeof efforts)[keyof typeof efforts];

async function loads(
  replicas: readonly Started[],
  bare: readonly Started[],
  { clients, roundMs, rounds }: Effort,
): Promise<Figure[]> {
  const asked = replicas.map(({ key, url }) => ({ url: url + path, headers: bearer(key) }));
  const plain = bare.map(({ url }) => ({
    url: `${url}/constant`,
    headers: bearer(replicas[0]!.key),
  }));
  const measured: { readonly server: Load; readonly bare: Load }[] = [];
  await load(asked, { clients, ms: 300 });
  for (let round = 0; round < rounds; round += 1)
    measured.push({
      bare: await load(plain, { clients, ms: roundMs }),
      server: await load(asked, { clients, ms: roundMs }),
    });
  const median = (pick: (of: (typeof measured)[number]) => number): number =>
    measured.map(pick).toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
  const ratio = median((of) => of.server.perSecond / of.bare.perSecond);
  const errors = measured.reduce((sum, of) => sum + of.server.errors, 0);
  const contender = named("fastify", "a bare route of fastify");
  return [
    {
      ...figure(
        "requests",
        median((of) => of.bare.perSecond),
        "1/s",
      ),
      contender,
    },
    {
      ...figure(
        "p99",
        median((of) => of.bare.p99Ms),
        "ms",
      ),
      contender,
    },
    judged(
      {
        ...figure(
          "requests",
          median((of) => of.server.perSecond),
          "1/s",
        ),
        ratio: rounded(ratio),
      },
      ratioAtLeast(0.6),
    ),
    figure(
      "p99",
      median((of) => of.server.p99Ms),
      "ms",
    ),
    judged(figure("errors", errors, "errors"), exactly(0)),
  ];
}

/**
 * Callers that wait for the next commit on one replica: their cost, and the time until the last of
 * them has it, counted from when the platform issued the new token.
 */
async function waiting(
  { key, url }: Started,
  { pid, simulator }: { readonly pid: number; readonly simulator: Simulator },
  { idleMs, polls }: Effort,
): Promise<readonly Figure[]> {
  const headers = bearer(key);
  const etag = (await fetch(url + path, { headers })).headers.get("etag") ?? "";
  const target: Target = {
    url: `${url}${path}?wait=55`,
    headers: { ...headers, "if-none-match": etag },
  };
  const before = usageOf(pid);
  const open: Promise<number>[] = [];
  const connections: Connection[] = [];
  let arrived = 0;
  while (open.length < polls) {
    const wanted = Math.min(openAtOnce, polls - open.length);
    const made = await Promise.all(Array.from({ length: wanted }, () => Connection.open(target)));
    connections.push(...made);
    open.push(...made.map((each) => each.ask().finally(() => (arrived += 1))));
  }
  await delay(systemClock, 2_000);
  const settled = usageOf(pid);
  await delay(systemClock, idleMs);
  const idle = usageOf(pid);
  const early = arrived;
  const fetched = simulator.log.tally().fetches;
  const refreshed = ask({ url: `${url}${path}/refresh`, headers }, "POST");
  while (simulator.log.tally().fetches === fetched) await delay(systemClock, 1);
  const fetchedAtMs = systemClock.monotonicMs();
  const statuses = await Promise.all(open);
  const lastMs = systemClock.monotonicMs();
  await refreshed;
  for (const each of connections) each.close();
  const wrong = early + statuses.filter((status) => status !== 200).length;
  const label = `of ${polls} idle long polls`;
  return [
    figure(`memory ${label}, each`, (settled.rssKib - before.rssKib) / polls, "KiB"),
    figure(`processor ${label}`, ((idle.cpuMs - settled.cpuMs) / idleMs) * 100, "%"),
    judged(figure(`failures ${label}`, wrong, "polls"), exactly(0)),
    judged(figure("from a fetch to the last of them", lastMs - fetchedAtMs, "ms"), atMost(1_000)),
  ];
}

function figure(metric: string, value: number, unit: string): Figure {
  const contender = "lingpai token-server";
  return { bench: "server", contender, metric, value: rounded(value), unit, ratio: null };
}

const bearer = (key: string): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${key}`,
});

/** Of a process on Linux; a tick is 10 ms. */
function usageOf(pid: number): { readonly rssKib: number; readonly cpuMs: number } {
  const [, rss = "0"] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return { rssKib: Number(rss), cpuMs: (Number(stat[11]) + Number(stat[12])) * 10 };
}

class Workers implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];

  get pids(): readonly number[] {
    return this.#children.map(({ pid = 0 }) => pid);
  }

  start(order: WorkerOrder): Promise<Started> {
    const child = fork(new URL("./worker.ts", import.meta.url));
    this.#children.push(child);
    child.send(order);
    return new Promise((resolve, reject) => {
      child.once("message", (started: Started) => resolve(started));
      child.once("exit", (code) => reject(new Error(`A worker ended with ${code}.`)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
  }
}
