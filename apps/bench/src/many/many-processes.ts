/**
 * The same many credentials in several processes over one Redis server. Each process fetches its
 * part of them and adopts the others. It takes minutes, so it runs nightly.
 */
import type { Bench, Effort } from "../bench.ts";
import { Fleet } from "../fleet.ts";
import { onServer } from "../on-server.ts";
import { named } from "../versions.ts";
import type { Costs } from "./costs.ts";
import { figuresOf } from "./figures.ts";
import type { ManyOrders } from "./protocol.ts";

/** The other count is compared with the first one. */
const efforts = {
  full: { processes: 4, counts: [1_000, 100_000], refreshes: 400 },
  quick: { processes: 2, counts: [50, 200], refreshes: 20 },
} as const satisfies Readonly<
  Record<Effort, { processes: number; counts: readonly number[]; refreshes: number }>
>;

export const manyProcesses: Bench = {
  title: "Many credentials in each of several processes: CPU and memory of each",
  base: "the same process with the least number of credentials",
  async run(effort) {
    const { counts, processes, refreshes } = efforts[effort];
    const costs = await onServer(async (server, use) => {
      const fleet = use(new Fleet<ManyOrders>(processes, new URL("./worker.ts", import.meta.url)));
      const all = new Map<number, readonly Costs[]>();
      for (const count of counts) {
        const orders = fleet.members.map((member, index) => {
          const from = Math.floor((index / processes) * count);
          const order = { url: server.url, count, name: `processes:${count}`, refreshes, from };
          return member.order("measure", order);
        });
        all.set(count, await Promise.all(orders));
      }
      return all;
    });
    const contender = `lingpai adapter-ioredis on ${named("ioredis")}, ${processes} processes`;
    return figuresOf("many-processes", contender, costs, { isAlone: false });
  },
};
