/** What callers in JavaScript may pass to the methods of a credential by mistake. */
import { describe, expect, it } from "vitest";
import type { Credential } from "../index.ts";
import { fleet, within } from "./fleet.fixture.ts";

type Call = (node: Credential, given: never) => Promise<unknown>;

const withOptions: readonly (readonly [string, Call])[] = [
  ["get", (node, given) => node.get(given)],
  ["reject", (node, given) => node.reject("refused", given)],
  ["check", (node, given) => node.check(given)],
  ["refresh", (node, given) => node.refresh(given)],
  ["seed", (node, given) => node.seed({ secret: "S1", expiresInMs: 7_200_000 }, given)],
  ["reset", (node, given) => node.reset(given)],
  ["useFallback", (node, given) => node.useFallback(false, given)],
];
const wrongOptions = [null, 5, "signal", [], { signal: null }, { signal: 5 }, { signal: {} }];
const wrongArguments: readonly (readonly [string, Call])[] = [
  ["reject", (node, given) => node.reject(given)],
  ["seed", (node, given) => node.seed(given)],
  ["reconcileQuota", (node, given) => node.reconcileQuota(given)],
];

describe("a method of a credential", () => {
  it.each(withOptions)("%s() refuses options that it cannot use", async (_name, call) => {
    const { clock, node } = fleet();
    for (const given of wrongOptions)
      await expect(within(clock, 2_000, call(node(), given as never))).rejects.toMatchObject({
        code: "CONFIGURATION",
        message: expect.stringMatching(/^The options of a call/),
      });
  });

  it.each(wrongArguments)("%s() refuses an argument of a wrong kind", async (_name, call) => {
    const { clock, node, platform } = fleet();
    for (const given of [undefined, null, 5, [], {}])
      await expect(within(clock, 2_000, call(node(), given as never))).rejects.toMatchObject({
        code: "CONFIGURATION",
      });
    expect(platform.issues).toEqual([]);
  });

  it("watch() refuses a listener that is no function", () => {
    for (const given of [undefined, null, 5, "listener", {}])
      expect(() =>
        fleet()
          .node()
          .watch(given as never),
      ).toThrow("A listener must be a function");
  });
});
