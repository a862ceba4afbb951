import { inProcess, type Backend, type Client, type Fixture } from "@lingpai/conformance";
import { keyring, sealed } from "@lingpai/core";
import type { Cache, Clock } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { memoryCache, memoryLock, memoryStore } from "./index.ts";

const ring = keyring({
  active: {
    id: "2026-06",
    key: "6f1c9b02d4e857a3906b1f2e3d4c5b6a79808f9eadbccbda1928374655647382",
  },
});

/** The second one proves that sealing changes nothing that a clause can see. */
export const backends: readonly Backend[] = [
  backend("one process", (cache) => cache),
  backend("one process, sealed", (cache) => sealed(cache, ring)),
];

function backend(title: string, wrap: (cache: Cache) => Cache): Backend {
  return {
    adapter: "adapter-memory",
    backend: title,
    facts: inProcess,
    start: async () => ({ open: async () => fixture(wrap), stop: async () => {} }),
  };
}

function fixture(wrap: (cache: Cache) => Cache): Fixture {
  const clock = manualClock();
  const store = memoryStore({ clock });
  const client = (own: Clock): Client => {
    const cache = wrap(memoryCache(store, { clock: own }));
    return { cache, lock: memoryLock(store, { clock: own }), close: () => cache.close() };
  };
  return {
    ...client(clock),
    clock,
    async elapse(ms) {
      await clock.advance(ms);
      await clock.settle();
    },
    second: async ({ clockShiftMs = 0 } = {}) =>
      client({ ...clock, wallMs: () => clock.wallMs() + clockShiftMs }),
    again: async () => client(clock),
  };
}
