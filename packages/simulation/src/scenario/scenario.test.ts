import { expect, it } from "vitest";
import { Stage } from "../world/stage.ts";
import { scenarios } from "./scenario.ts";

const names = scenarios.map(({ name }) => name);

it.each(names)("a world of %s can be built together with each other scenario, in either order", (first) => {
  for (const second of names) {
    for (let seed = 1; seed <= 6; seed += 1) {
      const settings = { seed, nodes: 3, hours: 1, faults: 1, wild: true, push: undefined, reports: true, callEveryMs: 10_000 };
      const { nodes } = new Stage({ ...settings, scenarios: [first, second] });
      expect(() => nodes.forEach((node) => node.start()), `${first} and ${second}, seed ${seed}`).not.toThrow();
    }
  }
});
