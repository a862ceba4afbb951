/**
 * Each node keeps a ticket as a child of its token. A refusal by the ticket endpoint must not
 * replace a token that is alive.
 */
import type { Chance } from "../world/chance.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { ticketOf } from "../platform/tickets.ts";
import { nodeNameOf } from "../world/process.ts";
import { runOccasionally } from "./schedule.ts";
import type { Plan } from "../plan/plan.ts";
import type { Scenario } from "./scenario.ts";

const lastsMs: readonly [number, number] = [10_000, 1_800_000];

/**
 * Returns the most requests: after 1, 2, 4 … 32 s, then one a minute, and a few for late reports.
 */
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
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { auditor, documents, faults, nodes, tickets: endpoint, world } = target;
    if (endpoint === undefined) return;
    runOccasionally(world, chance, untilMs, () => {
      const forMs = chance.magnitude(...lastsMs);
      const [sinceMs, before] = [world.nowMs, endpoint.asked.length];
      endpoint.refuses = true;
      world.note(
        "platform",
        `refuses every token that asks for a ticket, for ${(forMs / 1000).toFixed(0)} s`,
      );
      for (const { name } of nodes)
        faults.add({ name: "token endpoint of the child refuses", node: ticketOf(name), forMs });
      if (chance.happens(0.5)) world.after(chance.between(0, forMs), () => target.revokeTokens());
      world.after(forMs, () => {
        endpoint.refuses = false;
        const senders = endpoint.asked.slice(before).map(({ process }) => nodeNameOf(process.name));
        const environments = senders.map(
          (sender) => nodes.find(({ name }) => name === sender)?.environment,
        );
        // Each environment has a fleet, and a ticket, of its own.
        const asked = Math.max(
          ...["production", "staging"].map(
            (environment) => environments.filter((each) => each === environment).length,
          ),
        );
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
  judge(target: FaultTarget) {
    target.auditor.requireNoContention();
  },
};
