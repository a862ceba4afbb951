/**
 * Many credentials in one process: the cost of each at its start, at rest and at a refresh, and
 * whether it depends on their number.
 */
import { Redis } from "ioredis";
import type { Bench, Effort } from "../bench.ts";
import { onServer } from "../on-server.ts";
import { named } from "../versions.ts";
import { costsOf, type Costs, type Store } from "./costs.ts";
import { figuresOf } from "./figures.ts";
import { inMemory, onRedis } from "./stores.ts";

/** The other counts are compared with the first one. */
const efforts = {
  // Enough refreshes that the garbage collector costs each count alike.
  full: { rounds: 3, counts: [100, 1_000, 10_000], refreshes: 1_600 },
  quick: { rounds: 1, counts: [50, 200], refreshes: 20 },
} as const satisfies Readonly<Record<Effort, Size>>;

interface Size {
  readonly rounds: number;
  readonly counts: readonly number[];
  readonly refreshes: number;
}

export const many: Bench = {
  title: "Many credentials in one process: CPU and memory of each",
  base: "the same with the least number of credentials, in the same round",
  async run(effort) {
    const size = efforts[effort];
    const memory = await measured(inMemory(10 * Math.max(...size.counts)), size);
    const redis = await onServer(async (server, use) => {
      const client = new Redis(server.url);
      use({ [Symbol.asyncDispose]: async () => client.disconnect() });
      return measured(onRedis(client), size);
    });
    return [
      ...figuresOf("many", "lingpai adapter-memory", memory, { isAlone: true }),
      ...figuresOf("many", `lingpai adapter-ioredis on ${named("ioredis")}`, redis, {
        isAlone: true,
      }),
    ];
  },
};

/** Returns the costs of each round, by the number of credentials. */
async function measured(
  store: Store,
  { counts, refreshes, rounds }: Size,
): Promise<ReadonlyMap<number, readonly Costs[]>> {
  const all = new Map(counts.map((count): [number, Costs[]] => [count, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const count of counts)
      all.get(count)?.push(await costsOf(store, { count, refreshes, name: `${round}:${count}` }));
  return all;
}
