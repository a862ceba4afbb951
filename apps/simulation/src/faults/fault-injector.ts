/**
 * What befalls a world by itself, as often as its weather says: to the store, to the platform, and
 * to each node.
 */
import type { Plan } from "../fleet/plan.ts";
import type { Auditor } from "../audit/auditor.ts";
import type { Chance } from "../world/chance.ts";
import type { DocumentAudit } from "../audit/document-audit.ts";
import type { FaultLedger } from "../audit/fault-ledger.ts";
import type { FetchAudit } from "../audit/fetch-audit.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Network } from "./network.ts";
import type { Primary } from "../store/primary.ts";
import { evict, failOver, fillStore, flush, readWithinMs, stepStore } from "./store-faults.ts";
import type { Weather } from "../fleet/fault-rates.ts";
import type { Wechat } from "../platform/wechat.ts";
import type { World } from "../world/world.ts";

export interface Misfortunes {
  readonly world: World;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly network: Network;
  readonly wechat: Wechat;
  readonly auditor: Auditor;
  /** What excuses callers. */
  readonly faults: FaultLedger;
  readonly plan: Plan;
  readonly documents: DocumentAudit;
  readonly fetches: FetchAudit;
  readonly nodes: readonly FleetNode[];
  /** The store's present primary; a failover replaces it. */
  readonly store: { primary: Primary };
}

const leaseMs = 10_000;
const fetchDeadlineMs = 8_000;
const reachedAgainMs = 30_000;
/**
 * A process that slept notices by the wall clock when its next timer fires: its token may have run
 * out meanwhile.
 */
const wokenWithinMs = 20_000;
/**
 * A subscription that is under way when its credential is closed stands, and has been ended, within
 * this time.
 */
const subscribedWithinMs = 5_000;

/** Lets them come until `untilMs`. */
export function beginMisfortunes(given: Misfortunes, untilMs: number): void {
  const { weather, world, chance, nodes } = given;
  const repeat = (everyMs: number, strike: () => void): void => {
    if (!Number.isFinite(everyMs)) return;
    world.after(chance.exponential(everyMs), () => {
      if (world.nowMs >= untilMs) return "quiet";
      strike();
      repeat(everyMs, strike);
      return undefined;
    });
  };
  repeat(weather.failoverEveryMs, () => failOver(given));
  repeat(weather.evictionEveryMs, () => evict(given));
  repeat(weather.flushEveryMs, () => flush(given));
  repeat(weather.storeClockStepEveryMs, () => stepStore(given));
  repeat(weather.storeFullEveryMs, () => fillStore(given));
  repeat(weather.platformOutageEveryMs, () => platformOutage(given));
  repeat(weather.foreignIssueEveryMs, () => fetchElsewhere(given));
  repeat(weather.secretResetEveryMs, () => resetSecret(given));
  for (const node of nodes) {
    repeat(weather.storePartitionEveryMs, () => partitionStore(given, node));
    repeat(weather.platformPartitionEveryMs, () => partitionPlatform(given, node));
    repeat(weather.suspendEveryMs, () => suspend(given, node));
    repeat(weather.wallStepEveryMs, () => stepWall(given, node));
    repeat(weather.strikeOffEveryMs, () => strikeOff(given, node));
    repeat(weather.restartEveryMs, () => void restart(given, node));
  }
}

/**
 * What may befall the process that refreshes: drawn when it is granted the lease, so that every
 * step of the protocol is hit.
 */
export function strikeHolder(
  { world, chance, weather, auditor, faults, wechat }: Misfortunes,
  node: FleetNode,
): void {
  const life = node.life;
  const pauses = chance.happens(weather.pause);
  const crashes = chance.happens(weather.crash);
  const whenMs = chance.magnitude(0.5, 12_000);
  const forMs = chance.between(0, 40_000);
  if (life === undefined || (!pauses && !crashes)) return;
  world.after(whenMs, () => {
    if (node.life !== life) return "quiet";
    auditor.circumstances.disturbed(node.name, crashes ? reachedAgainMs : forMs);
    if (crashes) {
      faults.add({ name: "lease holder crashed", forMs: leaseMs });
      node.crash();
    } else {
      // A request that is under way is given its deadline again. Whoever goes on before its lease
      // ends keeps it, and then the others wait for that request too.
      const askedMs =
        wechat.fetches.findLast(({ process }) => process === life.process)?.endedAtMs === undefined
          ? fetchDeadlineMs
          : 0;
      faults.add({
        name: "lease holder paused",
        forMs: forMs < leaseMs ? forMs + askedMs : leaseMs,
      });
      faults.add({ name: "process paused", node: node.name, forMs: forMs + askedMs });
      world.note(node.name, `stands still for ${(forMs / 1000).toFixed(1)} s`);
      life.process.pause(forMs);
    }
    return "quiet";
  });
}

/** Another environment fetches: what the fleet holds dies when the overlap ends, at the latest. */
function fetchElsewhere({ faults, nodes, plan, wechat, world }: Misfortunes): void {
  world.note("foreign", `fetches ${wechat.foreignIssue()}`);
  if (plan.pushesChanges) return;
  for (const { name, role } of nodes) {
    if (role === "consumer")
      faults.add({
        name: "consumer's report waits for an owner's next reading",
        node: name,
        forMs: plan.overlapMs + readWithinMs,
      });
  }
}

/**
 * Attempts that a fleet may make in an outage, however many nodes it has: one after 2, 4, 8, 16 and
 * 32 s, and then one a minute.
 */
function attemptsMax(outageMs: number): number {
  return Math.log2(60) + outageMs / 60_000 + 3;
}

function platformOutage({
  world,
  chance,
  auditor,
  documents,
  faults,
  network,
  wechat,
}: Misfortunes): void {
  if (network.outage !== undefined) return;
  const forMs = chance.magnitude(5_000, 600_000);
  const kind = (["busy", "unprocessed", "unsent"] as const)[chance.whole(0, 2)];
  network.outage = kind;
  world.note("platform", `is out for ${(forMs / 1000).toFixed(0)} s: ${kind}`);
  faults.add({ name: "platform out", forMs });
  const sinceMs = world.nowMs;
  const before = wechat.fetches.length;
  world.after(forMs, () => {
    network.outage = undefined;
    // What never left its node is no attempt on the platform.
    const attempts = kind === "unsent" ? 0 : wechat.fetches.length - before;
    if (documents.keptSinceMs < sinceMs && attempts > attemptsMax(forMs))
      auditor.violated(
        "I17",
        `the fleet asked ${attempts} times in an outage of ${Math.round(forMs / 1000)} s`,
      );
    world.note("platform", "is back");
    return "quiet";
  });
}

function partitionStore(
  { world, chance, auditor, faults, store }: Misfortunes,
  node: FleetNode,
): void {
  if (node.isStorePartitioned) return;
  const forMs = chance.magnitude(1_000, 300_000);
  node.isStorePartitioned = true;
  node.life?.link.cut({ refusing: chance.happens(0.3) });
  world.note(node.name, `is cut off from the store for ${(forMs / 1000).toFixed(1)} s`);
  faults.add({ name: "store cut off", node: node.name, forMs });
  auditor.circumstances.disturbed(node.name, forMs + reachedAgainMs);
  world.after(forMs, () => {
    node.isStorePartitioned = false;
    node.life?.link.connect(store.primary);
    return "quiet";
  });
}

function partitionPlatform({ world, chance, auditor, faults }: Misfortunes, node: FleetNode): void {
  if (node.isPlatformPartitioned) return;
  const forMs = chance.magnitude(1_000, 300_000);
  node.isPlatformPartitioned = true;
  world.note(node.name, `is cut off from the platform for ${(forMs / 1000).toFixed(1)} s`);
  faults.add({ name: "platform cut off", node: node.name, forMs });
  auditor.circumstances.disturbed(node.name, forMs + reachedAgainMs);
  world.after(forMs, () => {
    node.isPlatformPartitioned = false;
    return "quiet";
  });
}

/** Each node is given the new AppSecret in its own time, and is refused until then. */
function resetSecret({ world, chance, faults, wechat, nodes }: Misfortunes): void {
  const secret = wechat.resetSecret();
  world.note("platform", "accepts another AppSecret from now on");
  for (const { name, identity } of nodes) {
    const forMs = chance.magnitude(1_000, 1_800_000);
    faults.add({ name: "secret refused", node: name, forMs });
    world.after(forMs, () => {
      if (secret === wechat.secret) identity.secret = secret;
      return "quiet";
    });
  }
}

/**
 * The platform refuses a node's address; an operator has it accepted again, and starts the node
 * anew.
 */
function strikeOff(given: Misfortunes, node: FleetNode): void {
  const { world, chance, faults, wechat, nodes } = given;
  if (node.isStruckOff) return;
  const put = (isStruckOff: boolean): void => {
    node.isStruckOff = isStruckOff;
    wechat.allow(nodes.filter((each) => !each.isStruckOff).map(({ identity }) => identity.address));
  };
  const forMs = chance.magnitude(1_000, 3_600_000);
  put(true);
  world.note(node.name, `has its address refused for ${(forMs / 1000).toFixed(1)} s`);
  faults.add({ name: "address refused", node: node.name, forMs });
  world.after(forMs, () => {
    put(false);
    if (node.life?.process.isAwake === true) void restart(given, node);
    else node.crash();
  });
}

function suspend({ world, chance, auditor, faults }: Misfortunes, node: FleetNode): void {
  const forMs = chance.magnitude(1_000, 3 * 3_600_000);
  world.note(node.name, `sleeps for ${(forMs / 1000).toFixed(1)} s`);
  auditor.circumstances.disturbed(node.name, forMs);
  faults.add({ name: "process suspended", node: node.name, forMs: forMs + wokenWithinMs });
  if (world.nowMs < node.leasedUntilMs)
    faults.add({ name: "lease holder paused", forMs: Math.min(forMs, leaseMs) });
  auditor.circumstances.sleeps.add(node.name, world.nowMs, world.nowMs + forMs);
  node.life?.process.suspend(forMs);
}

function stepWall({ world, chance, auditor }: Misfortunes, node: FleetNode): void {
  const ms = Math.round(chance.magnitude(100, 86_400_000)) * (chance.happens(0.5) ? 1 : -1);
  world.note(node.name, `its wall clock steps by ${ms} ms`);
  auditor.circumstances.disturbed(node.name, 15_000);
  node.life?.process.stepWall(ms);
}

/** A rolling deployment. What was closed leaves nothing behind. */
export async function restart({ auditor, world }: Misfortunes, node: FleetNode): Promise<void> {
  if (node.life?.process.isAwake !== true) return;
  auditor.circumstances.disturbed(node.name, reachedAgainMs);
  const life = await node.shutDown();
  if (life === undefined) return;
  world.after(subscribedWithinMs, () => {
    const left = life.process.pendingTimers;
    if (left > 0) auditor.violated("10", `${node.name} was closed and left ${left} timers`);
    if (life.link.subscriptions > 0)
      auditor.violated("10", `${node.name} was closed and left a subscription`);
    life.process.kill();
    life.link.close();
    node.startLater();
    return "quiet";
  });
}
