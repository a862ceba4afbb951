/** A process that runs contentions in virtual time, one after another. */
import { obey } from "../fleet.ts";
import { contenders, nodes } from "./contenders.ts";
import type { ContentionOrders } from "./protocol.ts";
import { openContention, ours, runFleets, type Outcome } from "./fleets.ts";

const orders: ContentionOrders = {
  async runFleets({ contender: name, contention, hasRival }) {
    const contender = contenders.find((each) => each.name === name);
    if (contender === undefined) throw new Error(`There is no contender "${name}".`);
    const field = openContention({ ...contention, mode: contender.mode });
    const rivals = hasRival === true ? [ours(field, "rival", nodes)] : [];
    const outcomes = await runFleets(field, [contender.join(field), ...rivals]);
    const most = (of: Exclude<keyof Outcome, "contended">): number =>
      Math.max(...outcomes.map((outcome) => outcome[of]));
    return {
      calls: most("calls"),
      failed: most("failed"),
      fetches: most("fetches"),
      deaths: most("deaths"),
      longestOutageMs: most("longestOutageMs"),
      contendedCount: Math.min(...outcomes.map(({ contended }) => contended?.count ?? 0)),
    };
  },
};

obey(orders);
