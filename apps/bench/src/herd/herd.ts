/** A herd: many callers in many processes find a cold key at the same moment. */
import { systemClock, systemRandom } from "@lingpai/core";
import type { Bench, Effort } from "../bench.ts";
import { Fleet } from "../fleet.ts";
import { atMost, exactly, judged, ratioAtMost, type Figure } from "../measurement.ts";
import { onServer } from "../on-server.ts";
import { inRounds } from "../rounds.ts";
import { median, medianRatio, rounded, spreadOf } from "../statistics.ts";
import { named } from "../versions.ts";
import { isSetUp, openWire, type Wire } from "../wire.ts";
import { herdContenderNames, type HerdContenderName, type HerdOrders } from "./protocol.ts";

const efforts = {
  full: { rounds: 7, processes: 8, callers: 50, loadMs: 200, limits: { commands: 60 } },
  quick: { rounds: 1, processes: 3, callers: 5, loadMs: 100, limits: { commands: 30 } },
} as const satisfies Readonly<Record<Effort, Size>>;
/** The order reaches every process before the moment that it names. */
const leadMs = 100;

/** The other contenders need half a second a round. A peer that polls needs twenty. */
const peerBudgetMs = 8_000;

interface Size {
  readonly rounds: number;
  readonly processes: number;
  readonly callers: number;
  readonly loadMs: number;
  readonly limits: { readonly commands: number };
}

interface Stampede {
  readonly loads: number;
  readonly values: number;
  readonly commands: number;
  readonly setUp: number;
  readonly lastMs: number;
}

export const herd: Bench = {
  title: "A herd: processes × callers on a cold key",
  base: "one load, SET and PUBLISH by one process, the message and GET in all, in the same round",
  async run(effort) {
    const size = efforts[effort];
    return onServer(async (server, use) => {
      const wire = use(await openWire(server.url));
      const fleet = use(
        new Fleet<HerdOrders>(size.processes, new URL("./worker.ts", import.meta.url)),
      );
      const play = (contender: HerdContenderName): Promise<Stampede> =>
        stampede(fleet, wire, server.url, contender, size);
      // Two callers are enough to connect, and to warm up the server and the compiler.
      for (const contender of herdContenderNames)
        await stampede(fleet, wire, server.url, contender, { ...size, callers: 2 });
      const stampedes = await inRounds(herdContenderNames, size.rounds, play, peerBudgetMs);
      const of = (contender: HerdContenderName): readonly Stampede[] =>
        stampedes.get(contender) ?? [];
      return herdContenderNames.flatMap((contender) =>
        figuresOf(contender, of(contender), of("raw"), size),
      );
    });
  },
};

async function stampede(
  fleet: Fleet<HerdOrders>,
  wire: Wire,
  url: string,
  contender: HerdContenderName,
  { callers, loadMs }: Size,
): Promise<Stampede> {
  const key = `herd-${systemRandom.id()}`;
  await fleet.all("join", { contender, url, key, loadMs });
  await wire.take();
  const atWallMs = systemClock.wallMs() + leadMs;
  const rushes = await fleet.all("rush", { callers, atWallMs });
  const sent = await wire.take();
  await fleet.all("leave", undefined);
  const setUp = sent.filter(isSetUp).length;
  return {
    loads: rushes.reduce((sum, { loads }) => sum + loads, 0),
    values: new Set(rushes.flatMap(({ values }) => values)).size,
    commands: sent.length - setUp,
    setUp,
    lastMs: Math.max(...rushes.map(({ lastWallMs }) => lastWallMs)) - atWallMs,
  };
}

function figuresOf(
  contender: HerdContenderName,
  stampedes: readonly Stampede[],
  ideal: readonly Stampede[],
  { callers, limits, processes }: Size,
): readonly Figure[] {
  const suffix = `${processes} × ${callers} callers`;
  const worst = (metric: string, unit: string, value: (one: Stampede) => number): Figure => {
    const values = stampedes.map(value);
    return {
      bench: "herd",
      contender: labels[contender],
      metric: `${metric}, ${suffix}`,
      value: Math.max(...values),
      unit,
      ratio: null,
      spread: spreadOf(values),
    };
  };
  const lastsOf = (all: readonly Stampede[]): number[] => all.map(({ lastMs }) => lastMs);
  const lasts = lastsOf(stampedes);
  const last: Figure = {
    ...worst("last caller served, median", "ms", ({ lastMs }) => lastMs),
    value: median(lasts),
    ratio: rounded(medianRatio(lasts, lastsOf(ideal))),
  };
  const loads = worst("loads, most of all runs", "loads", (one) => one.loads);
  const commands = worst("Redis commands, most of all runs", "commands", (one) => one.commands);
  const setUp = worst(
    "set-up commands of connections, most of all runs",
    "commands",
    (one) => one.setUp,
  );
  const values = worst(
    "different values handed out, most of all runs",
    "values",
    (one) => one.values,
  );
  if (contender !== "lingpai") return [loads, values, commands, setUp, last];
  return [
    judged(loads, exactly(1)),
    judged(values, exactly(1)),
    judged(commands, atMost(limits.commands)),
    setUp,
    judged(last, ratioAtMost(1.15)),
  ];
}

const redis = named("ioredis");
const labels: Readonly<Record<HerdContenderName, string>> = {
  raw: `raw ${redis}, SET NX and PUBLISH`,
  lingpai: `lingpai adapter-ioredis on ${redis}`,
  "layered-loader": named("layered-loader"),
  bentocache: named("bentocache"),
  cacheable: named("cacheable"),
  "cache-manager": named("cache-manager"),
  "async-cache-dedupe": named("async-cache-dedupe"),
  keyv: named("keyv"),
  "keyv + verrou": `${named("keyv")} + ${named("@verrou/core")}`,
};
