#!/usr/bin/env node
/** `pnpm bench [NAME] [--json] [--quick] [--only TEXT]` */
import { parseArgs } from "node:util";
import { systemClock } from "@lingpai/core";
import type { Bench } from "./bench.ts";
import { measurementsOf, type Measurement } from "./measurement.ts";
import { renderFigures } from "./render.ts";
import { platformLine } from "./versions.ts";

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  hot: async () => (await import("./hot/hot.ts")).hot,
  tracing: async () => (await import("./tracing/tracing.ts")).tracing,
  "redis-get": async () => (await import("./redis-get/redis-get.ts")).redisGet,
  "store-get": async () => (await import("./store-get/store-get.ts")).storeGet,
  lease: async () => (await import("./lease/lease.ts")).lease,
  herd: async () => (await import("./herd/herd.ts")).herd,
  adoption: async () => (await import("./adoption/adoption.ts")).adoption,
  failover: async () => (await import("./failover/failover.ts")).failover,
  incident: async () => (await import("./incident/incident.ts")).incident,
  contention: async () => (await import("./contention/contention.ts")).contention,
  siege: async () => (await import("./siege/siege.ts")).siege,
  cost: async () => (await import("./cost/cost.ts")).cost,
  server: async () => (await import("./server/server.ts")).server,
  many: async () => (await import("./many/many.ts")).many,
  "many-processes": async () => (await import("./many/many-processes.ts")).manyProcesses,
};

/**
 * All benches but `failover`, which waits half an hour for servers that fail, `server`, which opens
 * 10 000 sockets, and `many-processes`, which uses all processors for minutes. Those of one group
 * run at the same time, because they count and judge no durations: `contention` is virtual, the
 * others mostly wait.
 */
const all: readonly (readonly string[])[] = [
  ["hot"],
  ["tracing"],
  ["redis-get"],
  ["store-get"],
  ["lease"],
  ["herd"],
  ["adoption"],
  ["many"],
  ["contention", "cost", "siege", "incident"],
];

const usage = `usage: pnpm bench [NAME] [--json] [--quick] [--only TEXT]

NAME     ${Object.keys(benches).join(", ")}, or all (the default), which is all but failover, server and many-processes
--json   prints nothing but the measurements, as a JSON array
--quick  goes through everything once: the counts hold, the times mean nothing
--only   the rows whose title contains the text, as "Cluster, frozen" (failover)
`;

async function main(args: readonly string[]): Promise<void> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [name = "all", ...more] = positionals;
  const groups = name === "all" ? all : [[name]];
  if (values.help) return void process.stdout.write(usage);
  if (more.length > 0 || !groups.flat().every((each) => each in benches)) {
    process.stderr.write(usage);
    process.exitCode = 1;
    return;
  }
  const measurements: Measurement[] = [];
  const startMs = systemClock.monotonicMs();
  for (const group of groups) {
    if (!values.json) console.log(`${platformLine()}\n`);
    await Promise.all(
      group.map(async (each) => {
        const bench = await benches[each]?.();
        if (bench === undefined) return;
        const begunMs = systemClock.monotonicMs();
        const figures = await bench.run(values.quick ? "quick" : "full", values.only);
        measurements.push(...measurementsOf(figures));
        if (!values.json)
          console.log(`${renderFigures(bench, figures)}\n\n${each}: ${secondsSince(begunMs)} s\n`);
      }),
    );
  }
  if (values.json) console.log(JSON.stringify(measurements, undefined, 2));
  else if (name === "all") console.log(`all benches: ${secondsSince(startMs)} s`);
}

function secondsSince(startMs: number): string {
  return ((systemClock.monotonicMs() - startMs) / 1_000).toFixed(1);
}

await main(process.argv.slice(2));
