/** A process that runs contentions in virtual time, one after another. */
import { obey } from "../fleet.ts";
import { contenders } from "./contenders.ts";
import type { ContentionOrders } from "./protocol.ts";
import { openContention, runFleets } from "./fleets.ts";

const orders: ContentionOrders = {
  async runFleets({ contender: name, contention }) {
    const contender = contenders.find((each) => each.name === name);
    if (contender === undefined) throw new Error(`There is no contender "${name}".`);
    const field = openContention({ ...contention, mode: contender.mode });
    const [outcome] = await runFleets(field, [contender.join(field)]);
    if (outcome === undefined) throw new Error("A fight with one fleet has one outcome.");
    const { contended, ...counts } = outcome;
    return { ...counts, contendedCount: contended?.count ?? 0 };
  },
};

obey(orders);
