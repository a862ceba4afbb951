/** One run: a fleet, a store, a platform and business traffic under one seed's weather, audited to the end. */
import type { Parameters } from "@lingpai/core";
import { seededRandom } from "@lingpai/core/testing";
import { Auditor, type Violation } from "./auditor.ts";
import { Chance } from "./chance.ts";
import { DocumentAudit } from "./document-audit.ts";
import { FetchAudit } from "./fetch-audit.ts";
import { FleetNode, type FleetSetting } from "./fleet-node.ts";
import { beginMisfortunes, strikeHolder, type Misfortunes } from "./misfortune.ts";
import { Network } from "./network.ts";
import { Primary } from "./primary.ts";
import { emptyTally, type Tally } from "./tally.ts";
import { Traffic } from "./traffic.ts";
import { describeWeather, weatherOf } from "./weather.ts";
import { lifetimeMs, Wechat, type Fetch } from "./wechat.ts";
import { World } from "./world.ts";

export interface RunSettings {
  readonly seed: number;
  readonly nodes: number;
  readonly hours: number;
  /** How strong the faults are: 0 none, 1 usual. */
  readonly faults: number;
  /** Whether other faults than those of the reference figures come too. */
  readonly wild: boolean;
  /** Whether the store tells of changes; undefined: drawn. */
  readonly push: boolean | undefined;
  /** Whether callers report refusals. */
  readonly reports: boolean;
  readonly callEveryMs: number;
  readonly parameters?: Partial<Parameters>;
}

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly tally: Tally;
  /** Equal for equal runs. */
  readonly fingerprint: string;
  readonly weather: string;
}

const hourMs = 3_600_000;
/** The faults end, and the fleet comes to rest. */
const restMs = hourMs / 4;
/** Nodes of a fleet start one after the other, within this time. */
const startsWithinMs = 60_000;
const advisoryMs = 900_000;
const keptLines = 400;

export async function simulate(settings: RunSettings): Promise<RunResult> {
  const { seed, nodes: count, hours } = settings;
  const draw = (what: string): Chance => new Chance(seededRandom(`${seed}/${what}`));
  const startMs = Date.UTC(2026, 0, 1) + Math.floor(draw("start").between(0, 24)) * hourMs;
  const world = new World(startMs, keptLines);
  const weather = weatherOf(draw("weather"), settings.faults, settings.wild);
  const tally = emptyTally();
  const fate = draw("fate");
  const byProcess = (fetch: { readonly name: string }): FleetNode => nodeNamed(nodes, fetch.name);
  const wechat: Wechat = new Wechat({
    world,
    random: seededRandom(`${seed}/platform`),
    quotaPerDay: 2_000,
    passage: (process) => network.passage(byProcess(process)),
    onSent: (fetch) => auditor.sent(fetch),
    onProcessed: (fetch) => auditor.processed(fetch),
  });
  const documents = new DocumentAudit(wechat, () => world.nowMs);
  const fetches = new FetchAudit({ perDay: 2_000 });
  const auditor = new Auditor({ world, wechat, tally }, documents, fetches);
  const network = new Network(draw("network"), weather, {
    onTrouble: (node) => auditor.disturbed(node.name, 15_000),
    onQuota: () => auditor.excused(undefined, 25 * hourMs),
  });
  const store = { primary: new Primary(() => world.nowMs, 0) };
  const setting: FleetSetting = {
    world,
    chance: fate,
    wechat,
    seed,
    pushesChanges: settings.push ?? draw("push").happens(0.75),
    parameters: { fleetSize: count, ...settings.parameters },
    primary: () => store.primary,
    trip: (node) => network.trip(node),
    message: () => network.message(),
    onExecuted: (node, command) => auditor.executed(node, command),
    onSent: (node, command) => (command === "acquire" ? strikeHolder(misfortunes, node) : undefined),
    onEvent: (node, event) => auditor.event(node, event),
  };
  const nodes = Array.from({ length: count }, (_, index) => new FleetNode(setting, `node-${index + 1}`));
  const misfortunes: Misfortunes = { world, chance: draw("misfortune"), weather, network, wechat, auditor, documents, fetches, nodes, store };
  const endMs = startMs + hours * hourMs;
  const traffic = { world, chance: draw("traffic"), wechat, auditor, tally, callEveryMs: settings.callEveryMs, longCall: weather.longCall, reports: settings.reports };
  for (const [index, node] of nodes.entries()) {
    world.after((index / count) * startsWithinMs, () => {
      node.start();
      return "quiet";
    });
    new Traffic(traffic, node).begin();
  }
  beginMisfortunes(misfortunes, endMs);
  await world.runUntil(endMs);
  tally.nodeMs = count * hours * hourMs;
  const { commands } = tally;
  await world.runUntil(endMs + restMs);
  tally.commands = commands;
  for (const { promise, what } of fetches.summary()) auditor.violated(promise, what);
  tally.fetches = wechat.fetches.filter((fetch) => (fetch.processedAtMs ?? fetch.sentAtMs) < endMs).length;
  tally.lifetimes = lifetimesOf(wechat.fetches.filter((fetch) => fetch.sentAtMs < endMs));
  return { seed, violations: auditor.violations, tally, fingerprint: world.chronicle.fingerprint, weather: describeWeather(weather) };
}

function nodeNamed(nodes: readonly FleetNode[], processName: string): FleetNode {
  const node = nodes[Number(processName.slice(5, processName.lastIndexOf("."))) - 1];
  if (node === undefined) throw new Error(`There is no node of the process ${processName}.`);
  return node;
}

/** Credentials that had come into their refresh window when the next was asked for, and the last. */
function lifetimesOf(fetches: readonly Fetch[]): number {
  const issued = fetches.filter(({ processedAtMs }) => processedAtMs !== undefined);
  return issued.filter((fetch, index) => {
    const next = issued[index + 1];
    return next === undefined || next.sentAtMs >= fetch.sentAtMs + lifetimeMs - advisoryMs - 5_000;
  }).length;
}
