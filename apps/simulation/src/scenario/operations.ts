/**
 * Scenarios of normal operation: idle hours, clock steps, mixed settings and mixed releases.
 */
import type { Parameters } from "@lingpai/core";
import type { Chance } from "../world/chance.ts";
import { cutOff } from "../faults/fault-injector.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import type { Plan } from "../plan/plan.ts";
import type { Scenario } from "./scenario.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const idleHours: Scenario = {
  name: "idle-hours",
  about: "nobody calls for hours, then somebody does",
  plan(plan: Plan, chance: Chance) {
    const idleFromMs = chance.between(1, 3) * hourMs;
    const idleForMs = chance.between(3, 14) * hourMs;
    plan.idle = { fromMs: idleFromMs, untilMs: idleFromMs + idleForMs };
  },
  judge(target: FaultTarget) {
    target.requireNoFetchWhenIdle();
  },
};

export const wallClockSteps: Scenario = {
  name: "wall-clock-steps",
  about:
    "wall clocks step at any time, also just after a process starts and while its driver knows that the store is unreachable",
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { auditor, faults, nodes, store, world } = target;
    const step = (): void => {
      const node = nodes[chance.whole(0, nodes.length - 1)];
      const life = node?.life;
      if (node === undefined || life === undefined) return;
      if (chance.happens(0.3) && !node.isStorePartitioned) {
        const forMs = chance.magnitude(1_000, 60_000);
        node.isStorePartitioned = true;
        life.link.cut({ refusing: true });
        cutOff(faults, node, world.nowMs, forMs);
        auditor.exceptions.disturbed(node.name, forMs + 15_000);
        world.after(forMs, () => {
          node.isStorePartitioned = false;
          node.life?.link.connect(store.primary);
          return "quiet";
        });
      }
      const ms = Math.round(chance.magnitude(100, dayMs)) * (chance.happens(0.5) ? 1 : -1);
      world.note(node.name, `its wall clock steps by ${ms} ms`);
      auditor.exceptions.disturbed(node.name, 15_000);
      life.process.stepWall(ms);
    };
    const next = (): void => {
      world.after(chance.exponential(300_000), () => {
        if (world.nowMs >= untilMs) return "quiet";
        step();
        next();
        return "quiet";
      });
    };
    next();
    for (const { plan } of nodes) {
      world.after(plan.startsAtMs + chance.between(0, 200), () => {
        step();
        return "quiet";
      });
    }
  },
};

export const mixedParameters: Scenario = {
  name: "mixed-parameters",
  about: "each node has durations and limits of its own",
  plan(plan: Plan, chance: Chance) {
    for (const node of plan.nodes) {
      const parameters: Partial<Parameters> = {
        drainMs: chance.whole(15_000, 40_000),
        recheckMs: chance.whole(120_000, 240_000),
        recheckDueMs: chance.whole(20_000, 60_000),
        fleetSize: chance.whole(2, 50),
        attemptsMax: 1,
      };
      node.parameters = { ...node.parameters, ...parameters };
    }
  },
};

export const laterRelease: Scenario = {
  name: "later-release",
  about: "some nodes run a later release, which writes fields that the others do not know",
  plan(plan: Plan, chance: Chance) {
    for (const [index, node] of plan.nodes.entries())
      node.isLaterRelease = index === 0 || chance.happens(0.3);
  },
};
