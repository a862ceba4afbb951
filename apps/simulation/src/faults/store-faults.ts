/** What befalls the store by itself. */
import type { FaultLedger } from "../audit/fault-ledger.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Misfortunes } from "./fault-injector.ts";

/** Each client finds the store's new primary within this time. */
const noticedWithinMs = 3_000;
/** What was issued and could not be stored is offered again at least this often. */
const offeredEveryMs = 15_000;
/** An owner reads the document at least so often. */
export const readWithinMs = 300_000;

/** A replica takes over that has not seen the last writes; each node notices in its own time. */
export function failOver({
  world,
  chance,
  weather,
  auditor,
  documents,
  faults,
  fetches,
  nodes,
  store,
}: Misfortunes): void {
  const lagMs = chance.happens(0.8) ? chance.magnitude(1, 500) : chance.magnitude(500, 10_000);
  const skewMs = Math.round(chance.between(-weather.promotedSkewMs, 0));
  const isSplit = chance.happens(weather.splitBrain);
  const { primary, lost } = store.primary.promoted(lagMs, skewMs);
  store.primary = primary;
  world.note(
    "store",
    `fails over${isSplit ? ", the old primary goes on" : ""}; ${lost} writes of the last ${(lagMs / 1000).toFixed(1)} s are lost, its clock is ${-skewMs} ms behind`,
  );
  auditor.circumstances.disturbed(undefined, 10_000);
  documents.lostWrites(primary);
  fetches.lostWrites(isSplit ? lost + 2 : lost);
  for (const node of nodes) {
    const link = node.life?.link;
    if (link === undefined || node.isStorePartitioned) continue;
    if (!isSplit) link.cut();
    const forMs = chance.magnitude(50, noticedWithinMs);
    faults.add({ name: "store fails over", node: node.name, forMs });
    world.after(forMs, () => {
      if (node.isStorePartitioned || node.life?.link !== link) return "quiet";
      link.connect(store.primary);
      return "quiet";
    });
  }
}

export function evict({
  world,
  chance,
  auditor,
  documents,
  faults,
  fetches,
  nodes,
  store: { primary },
}: Misfortunes): void {
  const names = [...primary.entries.keys(), ...primary.leases.keys()];
  const name = names[chance.whole(0, names.length - 1)];
  if (name === undefined) return;
  world.note("store", `evicts ${name}`);
  primary.evict(name);
  leaveConsumersWaiting(nodes, faults);
  auditor.circumstances.disturbed(undefined, 1_000);
  documents.lostWrites(primary);
  fetches.lostWrites(1_000);
}

export function flush({
  world,
  auditor,
  documents,
  faults,
  fetches,
  nodes,
  store: { primary },
}: Misfortunes): void {
  world.note("store", "forgets everything: somebody flushed it");
  primary.flush();
  leaveConsumersWaiting(nodes, faults);
  auditor.circumstances.disturbed(undefined, 1_000);
  documents.lostWrites(primary);
  fetches.lostWrites(1_000);
}

/**
 * A consumer that starts after the store forgot can but wait until an owner reads again, and writes
 * back what it has.
 */
function leaveConsumersWaiting(nodes: readonly FleetNode[], faults: FaultLedger): void {
  for (const { name, role } of nodes) {
    if (role === "consumer")
      faults.add({
        name: "store forgot, and consumers wait for an owner's next reading",
        node: name,
        forMs: readWithinMs,
      });
  }
}

export function stepStore({
  world,
  chance,
  auditor,
  documents,
  store: { primary },
}: Misfortunes): void {
  const ms = Math.round(chance.between(-10_000, 10_000));
  world.note("store", `its clock steps by ${ms} ms`);
  auditor.circumstances.disturbed(undefined, 15_000);
  primary.stepClock(ms);
  documents.lostWrites(primary);
}

/**
 * The store is out of memory: nothing can be announced, so nothing is fetched, and what was fetched
 * cannot be stored.
 */
export function fillStore({ world, chance, auditor, faults, store }: Misfortunes): void {
  if (store.primary.refusal !== undefined) return;
  const forMs = chance.magnitude(1_000, 600_000);
  store.primary.refusal = "out-of-memory";
  world.note("store", `is out of memory for ${(forMs / 1000).toFixed(1)} s`);
  faults.add({ name: "store refuses writes", forMs });
  auditor.circumstances.disturbed(undefined, forMs + offeredEveryMs);
  world.after(forMs, () => {
    store.primary.refusal = undefined;
    world.note("store", "has room again");
    return "quiet";
  });
}
