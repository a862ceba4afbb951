/** A process that fights wars in virtual time, one after another. */
import { obey } from "../fleet.ts";
import { contenders } from "./contenders.ts";
import type { WarOrders } from "./protocol.ts";
import { battlefield, fight } from "./world.ts";

const orders: WarOrders = {
  async fight({ contender: name, war }) {
    const contender = contenders.find((each) => each.name === name);
    if (contender === undefined) throw new Error(`There is no contender "${name}".`);
    const field = battlefield({ ...war, mode: contender.mode });
    const [outcome] = await fight(field, [contender.join(field)]);
    if (outcome === undefined) throw new Error("A fight with one fleet has one outcome.");
    const { contended, ...counts } = outcome;
    return { ...counts, contendedCount: contended?.count ?? 0 };
  },
};

obey(orders);
