/** Injects the faults of the store. */
import type { FaultTarget } from "./fault-target.ts";

/** Each client finds the new primary within this time. */
const noticedWithinMs = 3_000;
/** A node tries at least this often to store a token that the store refused. */
export const offeredEveryMs = 2_000;

/** Promotes a replica that lacks the last writes. Each node notices in its own time. */
export function failOver({
  world,
  chance,
  rates,
  auditor,
  faults,
  fetches,
  nodes,
  store,
}: FaultTarget): void {
  const lagMs = chance.happens(0.8) ? chance.magnitude(1, 500) : chance.magnitude(500, 10_000);
  const skewMs = Math.round(chance.between(-rates.promotedSkewMs, 0));
  const isSplit = chance.happens(rates.splitBrain);
  const old = store.primary;
  const { primary, lost } = old.promoted(lagMs, skewMs);
  store.primary = primary;
  const revivedMs = primary.revivedLeaseMs(old);
  if (revivedMs > 0) faults.add({ name: "lease back after its release", forMs: revivedMs });
  world.note(
    "store",
    `fails over${isSplit ? ", the old primary goes on" : ""}; ${lost} writes of the last ${(lagMs / 1000).toFixed(1)} s are lost, its clock is ${-skewMs} ms behind`,
  );
  auditor.exceptions.disturbed(undefined, 10_000);
  auditor.lostWrites(primary);
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

export function evict({ world, chance, auditor, fetches, store: { primary } }: FaultTarget): void {
  const names = [...primary.entries.keys(), ...primary.leases.keys()];
  const name = names[chance.whole(0, names.length - 1)];
  if (name === undefined) return;
  world.note("store", `evicts ${name}`);
  primary.evict(name);
  auditor.exceptions.disturbed(undefined, 1_000);
  auditor.lostWrites(primary);
  fetches.lostWrites(1_000);
}

export function flush({ world, auditor, fetches, store: { primary } }: FaultTarget): void {
  world.note("store", "is flushed and loses everything");
  primary.flush();
  auditor.claims.lost();
  auditor.exceptions.disturbed(undefined, 1_000);
  auditor.lostWrites(primary);
  fetches.lostWrites(1_000);
}

export function stepStore({ world, chance, auditor, store: { primary } }: FaultTarget): void {
  const ms = Math.round(chance.between(-10_000, 10_000));
  world.note("store", `its clock steps by ${ms} ms`);
  auditor.exceptions.disturbed(undefined, 15_000);
  primary.stepClock(ms);
  auditor.lostWrites(primary);
}

/**
 * Puts the store out of memory. No intent can be written, so nothing is fetched, and no answer can
 * be stored.
 */
export function fillStore({ world, chance, auditor, faults, store }: FaultTarget): void {
  if (store.primary.refusal !== undefined) return;
  const forMs = chance.magnitude(1_000, 600_000);
  store.primary.refusal = "out-of-memory";
  world.note("store", `is out of memory for ${(forMs / 1000).toFixed(1)} s`);
  faults.add({ name: "store refuses writes", forMs });
  auditor.exceptions.disturbed(undefined, forMs + offeredEveryMs);
  world.after(forMs, () => {
    store.primary.refusal = undefined;
    world.note("store", "has room again");
    return "quiet";
  });
}
