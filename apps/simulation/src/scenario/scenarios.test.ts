import { expect, it } from "vitest";
import { seededRandom } from "@lingpai/core/testing";
import { Chance } from "../world/chance.ts";
import { Cluster } from "../cluster/cluster.ts";
import { scenarios, scenariosOf } from "./scenarios.ts";

/**
 * Together these seeds draw every choice of a scenario. Seeds 11 and 22 draw a stable token that
 * two environments share.
 */
const seeds = [1, 2, 3, 4, 11, 22];
const names = scenarios.map(({ name }) => name);

it.each(names)(
  "the scenario %s can be combined with each other scenario, in either order",
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
        const { nodes } = new Cluster({ ...settings, scenarios: [first, second] });
        expect(
          () => nodes.forEach((node) => node.start()),
          `${first} and ${second}, seed ${seed}`,
        ).not.toThrow();
      }
    }
  },
);

it("draws every scenario by default, most seeds with one, and some with two", () => {
  const drawn = Array.from({ length: 400 }, (_, seed) =>
    scenariosOf({ wild: true, faults: 1 }, (what) => new Chance(seededRandom(`${seed}/${what}`))),
  );
  expect(new Set(drawn.flat().map(({ name }) => name))).toEqual(new Set(names));
  expect(drawn.filter(({ length }) => length > 0).length).toBeGreaterThan(200);
  expect(drawn.filter(({ length }) => length === 2).length).toBeGreaterThan(40);
});

it("draws scenarios that were added later without changing the other draws of a seed", () => {
  const drawn = (added: boolean) =>
    Array.from({ length: 50 }, (_, seed) =>
      scenariosOf({ wild: true, faults: 1 }, (what) =>
        what.startsWith("whether ")
          ? new Chance({ ...seededRandom("fixed"), next: () => (added ? 0 : 1) })
          : new Chance(seededRandom(`${seed}/${what}`)),
      ).map(({ name }) => name),
    );
  expect(drawn(true)).toEqual(drawn(false).map((names) => [...names, "many-credentials"]));
});
