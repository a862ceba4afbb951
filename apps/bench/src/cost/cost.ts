/**
 * Measures the cost of keeping a credential: the commands that each node of a fleet sends in an
 * hour.
 */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import {
  credential,
  delay,
  systemClock,
  systemRandom,
  type Cache,
  type Credential,
} from "@lingpai/core";
import { Redis } from "ioredis";
import type { Bench } from "../bench.ts";
import { judged, ratioAtMost, type Figure } from "../measurement.ts";
import { onServer } from "../on-server.ts";
import { rounded } from "../statistics.ts";
import { named } from "../versions.ts";
import { isSetUp, openWire } from "../wire.ts";
import { fastTime, type FastTime } from "./fast-time.ts";

const efforts = {
  full: { speed: 300, lifetimes: 1 },
  quick: { speed: 200, lifetimes: 1 },
} as const;
const nodesCount = 8;
const hourMs = 3_600_000;
const lifetimeMs = 7_200_000;
/**
 * Less than its deadline. At any speed, long enough for the notification of the request to come
 * before that of its outcome.
 */
const platformMs = 8_000;
/**
 * At these speeds a millisecond of the machine is up to 400 ms of the fleet. So the limits of
 * single operations are longer here. That costs nothing.
 */
const parameters = {
  fetchDeadlineMs: 30_000,
  storeDeadlineMs: 480_000,
  leaseMs: 1_000_000,
  drainMs: 40_000,
  mandatoryMs: 300_000,
  waitMs: 4_000_000,
};

/** In real time. The fleet's own deadline above is shorter. */
const patient = { deadlineMs: 5_000 };

/** How long before its end a credential is replaced. */
const cycleS = (lifetimeMs - 900_000) / 1_000;
/**
 * The expected commands of a node in an hour. With push there is a read every 255 s: the longest
 * pause after which a node still ends its longest call within the overlap (P3). Without push there
 * is a read at least every 240 s, less a jitter of a fiftieth, so that a node's copy is never older
 * than an overlap allows. Two more reads come with each refresh.
 */
const designed = { told: 15.7, untold: ((cycleS / (240 * 0.98) + 2) * 3_600) / cycleS };
const tolerance = 1.05;

export const cost: Bench = {
  title: "Cost: commands that a node sends in an hour to keep one credential of 7200 s",
  base: "the design's estimate",
  async run(effort) {
    const { lifetimes, speed } = efforts[effort];
    const [told, untold] = await Promise.all([
      measured(fastTime(speed), lifetimes, true),
      measured(fastTime(speed), lifetimes, false),
    ]);
    return [
      figureOf("with news of changes", told, designed.told),
      figureOf("without news", untold, designed.untold),
    ];
  },
};

/** Runs from one refresh that all nodes have adopted to another that is so many lifetimes later. */
async function measured(time: FastTime, lifetimes: number, isTold: boolean): Promise<number> {
  return onServer(async (server, use) => {
    const clients = Array.from({ length: nodesCount }, () => new Redis(server.url));
    for (const client of clients) use({ [Symbol.asyncDispose]: async () => client.disconnect() });
    await Promise.all(clients.map((client) => client.ping()));
    const wire = use(await openWire(server.url));
    const nodes = clients.map((client) => nodeOn(client, time, isTold));
    await Promise.all(nodes.map((node) => node.get()));
    await reached(nodes, 2);
    await wire.take();
    const startedMs = time.clock.monotonicMs();
    await reached(nodes, 2 + lifetimes);
    const hours = (time.clock.monotonicMs() - startedMs) / hourMs;
    const commands = (await wire.take()).filter((command) => !isSetUp(command)).length;
    await Promise.all(nodes.map((node) => node.close()));
    return commands / nodesCount / hours;
  });
}

function nodeOn(client: Redis, { cache, clock, lock }: FastTime, isTold: boolean): Credential {
  const stored = cache(ioredisCache(client, patient));
  return credential({
    issuer: {
      id: "cost",
      policy: { kind: "supersede", overlapMs: 300_000 },
      lifetimeMs,
      issue: async () => {
        await delay(clock, platformMs);
        return { secret: systemRandom.id(), expiresInMs: lifetimeMs };
      },
    },
    cache: isTold ? stored : withoutPush(stored),
    lock: lock(ioredisLock(client, patient)),
    environment: "bench",
    // Only the bench itself asks for it.
    keepAlive: true,
    parameters: { ...parameters, fleetSize: nodesCount },
    clock,
  });
}

function withoutPush({ watch: _watch, ...cache }: Cache): Cache {
  return {
    ...cache,
    pushesChanges: false,
    withPrefix: (segment) => withoutPush(cache.withPrefix(segment)),
    at: (path) => withoutPush(cache.at(path)),
  };
}

/** Waits until every node has this generation. */
async function reached(nodes: readonly Credential[], generation: number): Promise<void> {
  while (nodes.some((node) => (node.status().generation ?? 0) < generation))
    await delay(systemClock, 20);
}

function figureOf(news: string, commands: number, estimate: number): Figure {
  const figure: Figure = {
    bench: "cost",
    contender: `lingpai adapter-ioredis on ${named("ioredis")}`,
    metric: `commands per node-hour, ${nodesCount} nodes, ${news}`,
    value: rounded(commands),
    unit: "commands",
    ratio: rounded(commands / estimate),
  };
  return judged(figure, ratioAtMost(tolerance));
}
