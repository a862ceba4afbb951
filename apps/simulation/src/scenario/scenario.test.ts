import { expect, it } from "vitest";
import { Stage } from "../cluster/cluster.ts";
import { scenarios } from "./scenario.ts";

/**
 * Enough for each thing that a scenario draws; 11 and 22: a stable token that two environments
 * share.
 */
const seeds = [1, 2, 3, 4, 11, 22];
const names = scenarios.map(({ name }) => name);

it.each(names)(
  "a world of %s can be built together with each other scenario, in either order",
  (first) => {
    for (const second of names) {
      for (const seed of seeds) {
        const settings = {
          seed,
          nodes: 3,
          hours: 1,
          faults: 1,
          wild: true,
          push: undefined,
          reports: true,
          callEveryMs: 10_000,
        };
        const { nodes } = new Stage({ ...settings, scenarios: [first, second] });
        expect(
          () => nodes.forEach((node) => node.start()),
          `${first} and ${second}, seed ${seed}`,
        ).not.toThrow();
      }
    }
  },
);
