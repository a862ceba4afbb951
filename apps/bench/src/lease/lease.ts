/** Measures a lock in Redis: its cost without contention, and its hand-over with many waiters. */
import type { Bench } from "../bench.ts";
import { onServer } from "../on-server.ts";
import { openWire } from "../wire.ts";
import { contended } from "./contended.ts";
import { baseName, lockers } from "./contenders.ts";
import { uncontended, uncontendedTime } from "./uncontended.ts";

const efforts = {
  full: { rounds: 15, passes: 200, contests: 9, waiters: 32 },
  quick: { rounds: 1, passes: 5, contests: 1, waiters: 4 },
} as const;

export const lease: Bench = {
  title: "A lock in Redis",
  base: `uncontended: ${baseName}; contended: the same, one after another, nobody waits`,
  async run(effort) {
    const { contests, passes, rounds, waiters } = efforts[effort];
    return onServer(async (server, use) => {
      const locking = use(await lockers(server.url));
      const { contenders } = locking;
      const times = await uncontendedTime(contenders, rounds, passes);
      const wire = use(await openWire(server.url));
      return [
        ...(await uncontended(contenders, wire)),
        ...times,
        ...(await contended(contenders, wire, contests, waiters)),
      ];
    });
  },
};
