/** What befalls the store by itself. */
import type { Misfortunes } from "./misfortune.ts";

/** Each client finds the store's new primary within this time. */
const noticedWithinMs = 3_000;
/** What was issued and could not be stored is offered again at least this often. */
const offeredEveryMs = 15_000;

/** A replica takes over that has not seen the last writes; each node notices in its own time. */
export function failOver({ world, chance, weather, auditor, documents, fetches, nodes, store }: Misfortunes): void {
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
    // A process that has never reached the store waits for it for three seconds only.
    if (node.life?.served.length === 0) auditor.circumstances.excused(node.name, noticedWithinMs);
    if (!isSplit) link.cut();
    world.after(chance.magnitude(50, noticedWithinMs), () => {
      if (node.isStorePartitioned || node.life?.link !== link) return "quiet";
      link.connect(store.primary);
      return "quiet";
    });
  }
}

export function evict({ world, chance, auditor, documents, fetches, store: { primary } }: Misfortunes): void {
  const names = [...primary.entries.keys(), ...primary.leases.keys()];
  const name = names[chance.whole(0, names.length - 1)];
  if (name === undefined) return;
  world.note("store", `evicts ${name}`);
  primary.evict(name);
  auditor.circumstances.disturbed(undefined, 1_000);
  documents.lostWrites(primary);
  fetches.lostWrites(1_000);
}

export function flush({ world, auditor, documents, fetches, store: { primary } }: Misfortunes): void {
  world.note("store", "forgets everything: somebody flushed it");
  primary.flush();
  auditor.circumstances.disturbed(undefined, 1_000);
  documents.lostWrites(primary);
  fetches.lostWrites(1_000);
}

export function stepStore({ world, chance, auditor, documents, store: { primary } }: Misfortunes): void {
  const ms = Math.round(chance.between(-10_000, 10_000));
  world.note("store", `its clock steps by ${ms} ms`);
  auditor.circumstances.disturbed(undefined, 15_000);
  primary.stepClock(ms);
  documents.lostWrites(primary);
}

/** The store is out of memory: nothing can be announced, so nothing is fetched, and what was fetched cannot be stored. */
export function fillStore({ world, chance, auditor, store }: Misfortunes): void {
  if (store.primary.isFull) return;
  const forMs = chance.magnitude(1_000, 600_000);
  store.primary.isFull = true;
  world.note("store", `is out of memory for ${(forMs / 1000).toFixed(1)} s`);
  auditor.circumstances.excused(undefined, forMs);
  auditor.circumstances.disturbed(undefined, forMs + offeredEveryMs);
  world.after(forMs, () => {
    store.primary.isFull = false;
    world.note("store", "has room again");
    return "quiet";
  });
}
