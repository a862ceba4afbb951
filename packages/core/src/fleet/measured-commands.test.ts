/** What a command of the store, and a look at the claims, is measured as. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import { Ownership } from "./ownership.ts";
import type { OnConflict } from "../credential.ts";
import { CacheUnavailableError } from "../errors.ts";
import { measurementChannelName } from "../events/measurements.ts";
import { fleet } from "../scenarios/fleet.fixture.ts";
import { assembled, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState } from "../state/state.ts";

function measured(): unknown[] {
  const figures: unknown[] = [];
  const onFigure = (figure: unknown): unknown => figures.push(figure);
  subscribe(measurementChannelName, onFigure);
  onTestFinished(() => void unsubscribe(measurementChannelName, onFigure));
  return figures;
}

describe("a command of the store", () => {
  it.each<[unknown, string]>([
    [new CacheUnavailableError("gone"), "CACHE_UNAVAILABLE"],
    [new TypeError("a fault"), "TypeError"],
    [Object.assign(new RangeError("a fault"), { code: 5 }), "RangeError"],
    ["no error", "unknown"],
  ])("that failed is measured with what names its failure: %o", async (error, errorCode) => {
    const figures = measured();
    const { health } = oneNode().context;
    await expect(health.watched("get", () => Promise.reject(error))).rejects.toBe(error);
    expect(figures).toMatchObject([{ kind: "store", operation: "get", errorCode }]);
  });

  it("that writes what was read is measured as such", async () => {
    const world = fleet();
    const { document } = assembled(world).assembly.source;
    await world.write({ ...emptyState, credential: storedAt(world.clock.wallMs()) });
    const figures = measured();
    await document.touch(await document.read());
    expect(figures).toMatchObject([{ operation: "read" }, { operation: "touch" }]);
  });
});

describe("a look at the claims", () => {
  it.each([
    ["error", 1],
    ["warn", 1],
    ["consume", 0],
    ["coexist", 0],
  ] as const)(
    "is measured with the others that are in conflict: with onConflict %s %i",
    async (onConflict, conflicts) => {
      const { context, store, storeClock } = oneNode();
      const unknown = Promise.resolve(undefined);
      const claimsOf = (environment: string, what: OnConflict): Ownership =>
        new Ownership(context, storeClock, store.cache().withPrefix(environment), what);
      await claimsOf("staging", "warn").claim(unknown);
      const figures = measured();
      await claimsOf("production", onConflict).readOthers();
      expect(figures).toMatchObject([{ kind: "claims", conflicts }]);
    },
  );
});
