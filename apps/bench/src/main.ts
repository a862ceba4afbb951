#!/usr/bin/env node
/** `pnpm bench NAME [--json] [--quick] [--only TEXT]` */
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { measurementsOf } from "./measurement.ts";
import { renderFigures } from "./render.ts";
import { platformLine } from "./versions.ts";

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  hot: async () => (await import("./hot/hot.ts")).hot,
  "redis-get": async () => (await import("./redis-get/redis-get.ts")).redisGet,
  lease: async () => (await import("./lease/lease.ts")).lease,
  herd: async () => (await import("./herd/herd.ts")).herd,
  adoption: async () => (await import("./adoption/adoption.ts")).adoption,
  failover: async () => (await import("./failover/failover.ts")).failover,
  incident: async () => (await import("./incident/incident.ts")).incident,
  war: async () => (await import("./war/war.ts")).war,
  siege: async () => (await import("./siege/siege.ts")).siege,
  cost: async () => (await import("./cost/cost.ts")).cost,
  many: async () => (await import("./many/many.ts")).many,
};

/** These wait for real time to pass, minutes of it. */
const lasting: readonly string[] = ["failover", "siege"];

const usage = `usage: pnpm bench NAME [--json] [--quick] [--only TEXT]

NAME     ${Object.keys(benches).join(", ")}, or all, which is all but ${lasting.join(", ")}
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
  const [name = "", ...more] = positionals;
  const names =
    name === "all" ? Object.keys(benches).filter((each) => !lasting.includes(each)) : [name];
  if (values.help) return void process.stdout.write(usage);
  if (more.length > 0 || !names.every((each) => each in benches)) {
    process.stderr.write(usage);
    process.exitCode = 1;
    return;
  }
  const measurements = [];
  for (const each of names) {
    const bench = await benches[each]?.();
    if (bench === undefined) continue;
    if (!values.json) console.log(`${platformLine()}\n`);
    const figures = await bench.run(values.quick ? "quick" : "full", values.only);
    measurements.push(...measurementsOf(figures));
    if (!values.json) console.log(`${renderFigures(bench, figures)}\n`);
  }
  if (values.json) console.log(JSON.stringify(measurements, undefined, 2));
}

await main(process.argv.slice(2));
