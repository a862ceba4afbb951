/** Worlds in which certain events have happened. */
import { startWorld } from "./dashboard-world.fixture.ts";
import type { World } from "./dashboard-world.fixture.ts";

const hourMs = 3_600_000;

/** The accounts of {@link everyState}, by their state. */
export const accounts = {
  live: 0,
  conflict: 1,
  failing: 2,
  dead: 3,
  idle: 4,
  doubt: 5,
  stale: 6,
} as const;

/** Seven accounts, each in another state. */
export async function everyState(): Promise<World> {
  const world = await startWorld({ accounts: 7, overlapMs: 300_000 });
  const { conflict, dead, doubt, failing, idle, stale } = accounts;
  const used = Object.values(accounts).filter((one) => one !== idle && one !== dead);
  await world.callAll(used);
  world.refuse({ [dead]: 40_013 });
  await world.callAll([dead]);
  // After the start of the refresh window: a credential that cannot be renewed is overdue.
  world.refuse({ [dead]: 40_013, [failing]: 40_164, [stale]: -1 });
  await world.pass(2 * hourMs - 400_000);
  world.simulator.faults.next(
    { loseReply: "silence" },
    { caller: world.appIds[doubt]!, times: 99 },
  );
  const refresh = world.clients[doubt]!.credential.refresh().catch(() => undefined);
  await world.pass(285_000);
  await world.while(refresh);
  await world.steal(conflict);
  await world.steal(conflict);
  await world.pass(1_000);
  await world.complain(conflict);
  await world.pass(2_000);
  return world;
}

/**
 * One account with an ordinary day, which ends with a foreign fetch, a doubt and a store
 * outage.
 */
export async function dayOfLife(): Promise<World> {
  const world = await startWorld({ accounts: 7 });
  await world.callAll();
  for (let hour = 0; hour < 24; hour += 1) {
    await world.pass(hourMs);
    if (hour === 6) {
      world.simulator.faults.next({ loseReply: "silence" }, { caller: world.appIds[2]!, times: 1 });
      await world.while(world.clients[2]!.credential.refresh().catch(() => undefined));
    }
    if (hour === 11) {
      world.plan.unreachable = true;
      await world.pass(20 * 60_000);
      world.plan.unreachable = false;
      await world.pass(60_000);
    }
    if (hour === 16 || hour === 23) {
      await world.steal(2);
      await world.complain(2);
    }
    await world.callAll();
  }
  await world.pass(2_000);
  return world;
}
