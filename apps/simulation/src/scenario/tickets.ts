/**
 * Parents with children: each node keeps a ticket beside its token. Whatever the ticket's endpoint
 * says, the token is not to blame unless it is dead.
 */
import type { Chance } from "../world/chance.ts";
import type { Stage } from "../cluster/cluster.ts";
import { ticketOf } from "../platform/tickets.ts";
import { runNowAndThen } from "./schedule.ts";
import type { Plan } from "../fleet/plan.ts";
import type { Scenario } from "./scenario.ts";

const lastsMs: readonly [number, number] = [10_000, 1_800_000];

/** One after 1, 2, 4 … 32 s, and then one a minute; and a few for what is told late. */
function attemptsMax(refusedMs: number): number {
  return 12 + refusedMs / 50_000;
}

export const tickets: Scenario = {
  name: "tickets",
  about:
    "each node also keeps a ticket, whose endpoint refuses every token at times; tokens die meanwhile, or not",
  plan(plan: Plan, chance: Chance) {
    plan.hasTickets = true;
    if (chance.happens(0.3)) plan.kind = "stable";
  },
  inject(cluster: Stage, chance: Chance, untilMs: number) {
    const { auditor, documents, faults, nodes, tickets: endpoint, world } = cluster;
    if (endpoint === undefined) return;
    runNowAndThen(world, chance, untilMs, () => {
      const forMs = chance.magnitude(...lastsMs);
      const [sinceMs, before] = [world.nowMs, endpoint.asked];
      endpoint.refuses = true;
      world.note(
        "platform",
        `refuses every token that asks for a ticket, for ${(forMs / 1000).toFixed(0)} s`,
      );
      for (const { name } of nodes)
        faults.add({ name: "token endpoint of the child refuses", node: ticketOf(name), forMs });
      if (chance.happens(0.5)) world.after(chance.between(0, forMs), () => cluster.kill());
      world.after(forMs, () => {
        endpoint.refuses = false;
        const asked = endpoint.asked - before;
        if (documents.keptSinceMs < sinceMs && asked > attemptsMax(forMs))
          auditor.violated(
            "T2",
            `${asked} requests for a ticket in ${(forMs / 1000).toFixed(0)} s in which all were refused`,
          );
        world.note("platform", "gives tickets again");
        return "quiet";
      });
    });
  },
  judge(cluster: Stage) {
    cluster.auditor.requireNoContention();
  },
};
