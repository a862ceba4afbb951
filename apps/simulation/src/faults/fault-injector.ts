/**
 * Injects faults into the store, the platform and each node, at the rates that the plan of the run
 * gives.
 */
import { failOver, evict, fillStore, flush, stepStore } from "./store-faults.ts";
import type { FaultLedger } from "../audit/fault-ledger.ts";
import type { FaultTarget } from "./fault-target.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";

const leaseMs = 10_000;
const fetchDeadlineMs = 8_000;
const reachedAgainMs = 30_000;
/**
 * A suspended process notices by its wall clock when its next timer fires. Its token may have
 * expired meanwhile.
 */
const wokenWithinMs = 20_000;
/**
 * A subscription that begins when its credential is closed has begun and ended within this time.
 */
const subscribedWithinMs = 5_000;

/** Injects random faults until `untilMs`. */
export function startFaultInjector(target: FaultTarget, untilMs: number): void {
  const { rates, world, chance, nodes } = target;
  const repeat = (everyMs: number, inject: () => void): void => {
    if (!Number.isFinite(everyMs)) return;
    world.after(chance.exponential(everyMs), () => {
      if (world.nowMs >= untilMs) return "quiet";
      inject();
      repeat(everyMs, inject);
      return undefined;
    });
  };
  repeat(rates.failoverEveryMs, () => failOver(target));
  repeat(rates.evictionEveryMs, () => evict(target));
  repeat(rates.flushEveryMs, () => flush(target));
  repeat(rates.storeClockStepEveryMs, () => stepStore(target));
  repeat(rates.storeFullEveryMs, () => fillStore(target));
  repeat(rates.platformOutageEveryMs, () => platformOutage(target));
  repeat(rates.foreignIssueEveryMs, () => foreignFetch(target));
  repeat(rates.secretResetEveryMs, () => resetSecret(target));
  for (const node of nodes) {
    repeat(rates.storePartitionEveryMs, () => partitionStore(target, node));
    repeat(rates.platformPartitionEveryMs, () => partitionPlatform(target, node));
    repeat(rates.suspendEveryMs, () => suspend(target, node));
    repeat(rates.wallStepEveryMs, () => stepWall(target, node));
    repeat(rates.addressRefusalEveryMs, () => refuseAddress(target, node));
    repeat(rates.restartEveryMs, () => void restart(target, node));
  }
}

/**
 * Decides when the lease is granted whether a fault hits the refreshing process, so that faults hit
 * every step of the protocol.
 */
export function injectIntoLeaseHolder(
  { world, chance, rates, auditor, faults, tickets, wechat }: FaultTarget,
  node: FleetNode,
): void {
  const life = node.life;
  const pauses = chance.happens(rates.pause);
  const crashes = chance.happens(rates.crash);
  const whenMs = chance.magnitude(0.5, 12_000);
  const forMs = chance.between(0, 40_000);
  if (life === undefined || (!pauses && !crashes)) return;
  world.after(whenMs, () => {
    if (node.life !== life) return "quiet";
    auditor.exceptions.disturbed(node.name, crashes ? reachedAgainMs : forMs);
    if (crashes) {
      faults.add({ name: "lease holder crashed", forMs: leaseMs });
      node.crash();
    } else {
      // A request in flight gets its whole deadline again. A process that resumes before its lease
      // ends keeps the lease, so the others wait for that request too.
      const isAsking =
        wechat.fetches.findLast(({ process }) => process === life.process)?.endedAtMs ===
          undefined ||
        tickets?.asked.findLast(({ process }) => process === life.process)?.isOver === false;
      const requestMs = isAsking ? fetchDeadlineMs : 0;
      faults.add({
        name: "lease holder paused",
        forMs: forMs < leaseMs ? forMs + requestMs : leaseMs,
      });
      faults.add({ name: "process paused", node: node.name, forMs: forMs + requestMs });
      world.note(node.name, `is paused for ${(forMs / 1000).toFixed(1)} s`);
      life.process.pause(forMs);
    }
    return "quiet";
  });
}

/** Another environment fetches. The fleet's token dies when the overlap ends at the latest. */
function foreignFetch({ wechat, world }: FaultTarget): void {
  world.note("foreign", `fetches ${wechat.foreignIssue()}`);
}

/**
 * Returns the most attempts that a fleet may make in an outage, whatever its number of nodes: after
 * 2, 4, 8, 16 and 32 s, and then one a minute.
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
}: FaultTarget): void {
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
    // A request that never left its node did not reach the platform.
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

/** Records that a node cannot reach the store. Nobody else gets a lease that it holds meanwhile. */
export function cutOff(
  faults: Pick<FaultLedger, "add">,
  { name, leasedUntilMs }: Pick<FleetNode, "name" | "leasedUntilMs">,
  nowMs: number,
  forMs: number,
): void {
  faults.add({ name: "store cut off", node: name, forMs });
  const leaseMs = leasedUntilMs - nowMs;
  if (leaseMs > 0) faults.add({ name: "lease holder cut off", forMs: Math.min(forMs, leaseMs) });
}

function partitionStore(
  { world, chance, auditor, faults, store }: FaultTarget,
  node: FleetNode,
): void {
  if (node.isStorePartitioned) return;
  const forMs = chance.magnitude(1_000, 300_000);
  node.isStorePartitioned = true;
  node.life?.link.cut({ refusing: chance.happens(0.3) });
  world.note(node.name, `is cut off from the store for ${(forMs / 1000).toFixed(1)} s`);
  cutOff(faults, node, world.nowMs, forMs);
  auditor.exceptions.disturbed(node.name, forMs + reachedAgainMs);
  world.after(forMs, () => {
    node.isStorePartitioned = false;
    node.life?.link.connect(store.primary);
    return "quiet";
  });
}

function partitionPlatform({ world, chance, auditor, faults }: FaultTarget, node: FleetNode): void {
  if (node.isPlatformPartitioned) return;
  const forMs = chance.magnitude(1_000, 300_000);
  node.isPlatformPartitioned = true;
  world.note(node.name, `is cut off from the platform for ${(forMs / 1000).toFixed(1)} s`);
  faults.add({ name: "platform cut off", node: node.name, forMs });
  auditor.exceptions.disturbed(node.name, forMs + reachedAgainMs);
  world.after(forMs, () => {
    node.isPlatformPartitioned = false;
    return "quiet";
  });
}

/** Resets the AppSecret. Each node gets the new one at its own time, and is refused until then. */
function resetSecret({ world, chance, faults, wechat, nodes }: FaultTarget): void {
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
 * Removes the address of a node from the allow-list. An operator adds it again and restarts the
 * node.
 */
function refuseAddress(target: FaultTarget, node: FleetNode): void {
  const { world, chance, faults, wechat, nodes } = target;
  if (node.isAddressRefused) return;
  const setRefused = (isAddressRefused: boolean): void => {
    node.isAddressRefused = isAddressRefused;
    wechat.allow(
      nodes.filter((each) => !each.isAddressRefused).map(({ identity }) => identity.address),
    );
  };
  const forMs = chance.magnitude(1_000, 3_600_000);
  setRefused(true);
  world.note(node.name, `has its address refused for ${(forMs / 1000).toFixed(1)} s`);
  faults.add({ name: "address refused", node: node.name, forMs });
  world.after(forMs, () => {
    setRefused(false);
    if (node.life?.process.isAwake === true) void restart(target, node);
    else node.crash();
  });
}

function suspend({ world, chance, auditor, faults }: FaultTarget, node: FleetNode): void {
  const forMs = chance.magnitude(1_000, 3 * 3_600_000);
  world.note(node.name, `is suspended for ${(forMs / 1000).toFixed(1)} s`);
  auditor.exceptions.disturbed(node.name, forMs);
  faults.add({ name: "process suspended", node: node.name, forMs: forMs + wokenWithinMs });
  if (world.nowMs < node.leasedUntilMs)
    faults.add({ name: "lease holder paused", forMs: Math.min(forMs, leaseMs) });
  auditor.exceptions.sleeps.add(node.name, world.nowMs, world.nowMs + forMs);
  node.life?.process.suspend(forMs);
}

function stepWall({ world, chance, auditor }: FaultTarget, node: FleetNode): void {
  const ms = Math.round(chance.magnitude(100, 86_400_000)) * (chance.happens(0.5) ? 1 : -1);
  world.note(node.name, `its wall clock steps by ${ms} ms`);
  auditor.exceptions.disturbed(node.name, 15_000);
  node.life?.process.stepWall(ms);
}

/**
 * Restarts a node as a rolling deployment does. A closed credential must leave no resources behind.
 */
export async function restart({ auditor, world }: FaultTarget, node: FleetNode): Promise<void> {
  if (node.life?.process.isAwake !== true) return;
  auditor.exceptions.disturbed(node.name, reachedAgainMs);
  const life = await node.shutDown();
  if (life === undefined) return;
  world.after(subscribedWithinMs, () => {
    const left = life.process.pendingTimers;
    if (left > 0) auditor.violated("10", `${node.name} left ${left} timers after it was closed`);
    if (life.link.subscriptions > 0)
      auditor.violated("10", `${node.name} left a subscription after it was closed`);
    life.process.kill();
    life.link.close();
    node.startLater();
    return "quiet";
  });
}
