/**
 * Many credentials in one process: what each costs at its start, at rest and at a refresh, and
 * whether that depends on how many there are.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import {
  credential,
  delay,
  systemClock,
  systemRandom,
  type Cache,
  type Credential,
  type Lock,
} from "@lingpai/core";
import { Redis } from "ioredis";
import type { Bench } from "../bench.ts";
import { atMost, judged, ratioAtMost, type Figure } from "../measurement.ts";
import { onServer } from "../on-server.ts";
import { rounded } from "../statistics.ts";
import { named } from "../versions.ts";

/** The first is what the others are compared with. */
const efforts = { full: [100, 1_000, 10_000], quick: [50, 200] } as const;
const lifetimeMs = 7_200_000;
/** So many are refreshed; and so many start at a time, as from a pool of workers. */
const refreshed = 50;
const atATime = 200;
/** By then every subscription stands and nothing is under way. */
const settleMs = 1_500;

interface Store {
  readonly contender: string;
  readonly cache: Cache;
  readonly lock: Lock;
  /**
   * Whether what it stores lies in this process too, and would be counted as the credentials'
   * memory.
   */
  readonly isInside: boolean;
}

interface Costs {
  readonly startMs: number;
  readonly refreshMs: number;
  readonly idleBytes: number;
}

export const many: Bench = {
  title: "Many credentials in one process: CPU and memory of each",
  base: "the same with the least number of credentials",
  async run(effort) {
    const counts = efforts[effort];
    const store = memoryStore({ maxEntries: 10 * Math.max(...counts), maxBytes: 2 ** 30 });
    const inMemory: Store = {
      contender: "lingpai adapter-memory",
      cache: memoryCache(store),
      lock: memoryLock(store),
      isInside: true,
    };
    const memory = await figuresOn(inMemory, counts);
    const redis = await onServer(async (server, use) => {
      const client = new Redis(server.url);
      use({ [Symbol.asyncDispose]: async () => client.disconnect() });
      const contender = `lingpai adapter-ioredis on ${named("ioredis")}`;
      return figuresOn(
        { contender, cache: ioredisCache(client), lock: ioredisLock(client), isInside: false },
        counts,
      );
    });
    return [...memory, ...redis];
  },
};

async function figuresOn(store: Store, counts: readonly number[]): Promise<readonly Figure[]> {
  // The cost of compiling belongs to no credential.
  await costsOf(store, counts[0] ?? 1, "warm-up");
  let base: Costs | undefined;
  const figures: Figure[] = [];
  for (const count of counts) {
    const costs = await costsOf(store, count, `n${count}`);
    base ??= costs;
    const row = (metric: string, value: number, unit: string, ratio: number | null): Figure => ({
      bench: "many",
      contender: store.contender,
      metric: `${metric}, ${count} credentials`,
      value: rounded(value),
      unit,
      ratio: ratio === null ? null : rounded(ratio),
    });
    figures.push(
      judged(row("start: CPU per credential", costs.startMs, "ms", null), atMost(0.5)),
      judged(
        row("refresh: CPU", costs.refreshMs, "ms", costs.refreshMs / base.refreshMs),
        ratioAtMost(1.2),
      ),
    );
    if (!store.isInside)
      figures.push(
        judged(row("rest: heap per credential", costs.idleBytes / 1_024, "KiB", null), atMost(4)),
      );
  }
  return figures;
}

async function costsOf({ cache, lock }: Store, count: number, round: string): Promise<Costs> {
  const before = heapUsed();
  const started = cpuMs();
  const credentials = Array.from({ length: count }, (_, index) =>
    credentialOf(cache, lock, round, index),
  );
  for (let from = 0; from < count; from += atATime)
    await Promise.all(credentials.slice(from, from + atATime).map((each) => each.get()));
  await delay(systemClock, settleMs);
  const startMs = (cpuMs() - started) / count;
  const idleBytes = (heapUsed() - before) / count;
  const refreshing = cpuMs();
  for (const each of credentials.slice(0, refreshed)) await each.refresh();
  await delay(systemClock, settleMs);
  const refreshMs = (cpuMs() - refreshing) / Math.min(count, refreshed);
  await Promise.all(credentials.map((each) => each.close()));
  return { startMs, refreshMs, idleBytes };
}

function credentialOf(cache: Cache, lock: Lock, round: string, index: number): Credential {
  return credential({
    issuer: {
      id: `many:${round}:${index}`,
      policy: { kind: "supersede", overlapMs: 300_000 },
      lifetimeMs,
      issue: async () => ({ secret: systemRandom.id(), expiresInMs: lifetimeMs }),
    },
    cache,
    lock,
    environment: "bench",
    node: "bench",
    parameters: { waitMs: 60_000 },
  });
}

function cpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1_000;
}

/** After a full collection. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
