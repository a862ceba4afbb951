import { describe, expect, it } from "vitest";
import { createCache, createLock } from "../driver.ts";
import { credential, keyring, sealed, type Parameters } from "../index.ts";
import { manualClock, scriptedIssuer, seededRandom } from "../testing/index.ts";
import { within } from "./fleet.fixture.ts";

/** A store that never answers, with deadlines of its own. */
function silentStore(cacheMs?: number, lockMs?: number) {
  const clock = manualClock();
  const silent = (): Promise<never> => new Promise(() => {});
  const cacheDriver = {
    ...{ get: silent, set: silent, delete: silent, clear: silent, close: silent },
    names: (): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: silent }) }),
    kind: "silent",
  };
  const lockDriver = { kind: "silent", tryAcquire: silent, extend: silent, release: silent };
  const deadline = (ms?: number) => (ms === undefined ? {} : { deadlineMs: ms });
  return {
    clock,
    cache: createCache(cacheDriver, { clock, ...deadline(cacheMs) }),
    lock: createLock(lockDriver, { clock, ...deadline(lockMs) }),
  };
}

function node(store: ReturnType<typeof silentStore>, parameters: Partial<Parameters> = {}) {
  const { clock, cache } = store;
  const ring = keyring({ active: { id: "k", key: "ab".repeat(32) } });
  return credential({
    issuer: scriptedIssuer({ clock }),
    environment: "test",
    clock,
    random: seededRandom("store-deadline"),
    cache: sealed(cache, ring).withPrefix("a"),
    lock: store.lock.withPrefix("a"),
    parameters,
  });
}

describe("the deadline of a store command", () => {
  it.each<[string, number | undefined, Partial<Parameters>, number]>([
    ["500 ms", undefined, {}, 500],
    ["the store's own, though it is longer than the credential's default", 1_700, {}, 1_700],
    ["a shorter one of the credential", 1_700, { storeDeadlineMs: 300 }, 300],
  ])("is one: %s", async (_title, storesMs, parameters, expectedMs) => {
    const store = silentStore(storesMs, storesMs);
    const one = node(store, { leaseMs: 12_000, ...parameters });
    const asked: number[] = [];
    one.watch((event) => {
      if (event.type === "store-unavailable") asked.push(store.clock.monotonicMs());
    });
    const startedMs = store.clock.monotonicMs();
    const refused = within(store.clock, 10_000, one.get());
    await expect(refused).rejects.toThrow(`did not answer within ${expectedMs} ms`);
    expect(asked[0]! - startedMs).toBeGreaterThanOrEqual(expectedMs);
    expect(asked[0]! - startedMs).toBeLessThan(expectedMs + 100);
    await within(store.clock, 10_000, one.close());
  });

  it("lengthens the lease, which must outlive it", async () => {
    const one = node(silentStore(5_000, 5_000));
    await one.close();
    expect(() => node(silentStore(5_000, 5_000), { leaseMs: 10_000 })).toThrow(
      "Set leaseMs to at least 18000",
    );
  });

  it.each([
    [500, 500],
    [2_000, 500],
    [500, 2_000],
  ])(
    "is refused when the store's own deadline is shorter: cache %d ms, lock %d ms",
    (cacheMs, lockMs) => {
      expect(() => node(silentStore(cacheMs, lockMs), { storeDeadlineMs: 800 })).toThrow(
        "storeDeadlineMs is 800, and the store ends each command after 500 ms by itself. " +
          "Give its cache and lock deadlineMs: 800",
      );
    },
  );
});
