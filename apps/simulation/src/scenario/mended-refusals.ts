/**
 * The token endpoint refuses for a reason that a person corrects later. Nothing notifies the fleet,
 * so it must find out by itself.
 */
import type { Chance } from "../world/chance.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { runOccasionally } from "./schedule.ts";
import type { Scenario } from "./scenario.ts";

const hourMs = 3_600_000;
const lastsMs: readonly [number, number] = [60_000, hourMs];
const reasons = ["frozen", "secret", "address", "addresses", "quota"] as const;

export const mendedRefusals: Scenario = {
  name: "mended-refusals",
  about:
    "the account is frozen, the console holds another secret, an address is not on the list, or the day's quota is gone; a person fixes it",
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { faults, nodes, wechat, world } = target;
    const refuse = (): void => {
      const reason = reasons[chance.whole(0, reasons.length - 1)] ?? "frozen";
      const forMs = chance.magnitude(...lastsMs);
      const node = nodes[chance.whole(0, nodes.length - 1)];
      if (node === undefined) return;
      if (reason === "address") faults.add({ name: "address refused", node: node.name, forMs });
      else
        faults.add({
          name:
            reason === "quota"
              ? "quota used up"
              : reason === "addresses"
                ? "address refused"
                : "account refused",
          forMs,
        });
      world.note(
        "platform",
        `refuses to issue for ${(forMs / 1000).toFixed(0)} s: ${reason === "address" ? `address of ${node.name}` : reason}`,
      );
      const fix = wechat.refuseIssues(
        reason,
        node.identity.address,
        nodes.map(({ identity }) => identity.address),
      );
      // The fleet's token may stay alive or die.
      if (chance.happens(0.5)) target.revokeTokens();
      world.after(forMs, () => {
        fix();
        world.note("platform", "issues again");
        return "quiet";
      });
    };
    runOccasionally(world, chance, untilMs, refuse);
  },
};
