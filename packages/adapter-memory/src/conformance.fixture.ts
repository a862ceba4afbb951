import { inProcess, type Backend, type Client, type Fixture } from "@lingpai/conformance";
import type { Clock } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { memoryCache, memoryLock, memoryStore } from "./index.ts";

export const backends: readonly Backend[] = [
  {
    adapter: "adapter-memory",
    backend: "one process",
    facts: inProcess,
    start: async () => ({ open: async () => fixture(), stop: async () => {} }),
  },
];

function fixture(): Fixture {
  const clock = manualClock();
  const store = memoryStore({ clock });
  const client = (own: Clock): Client => {
    const cache = memoryCache(store, { clock: own });
    return { cache, lock: memoryLock(store, { clock: own }), close: () => cache.close() };
  };
  return {
    ...client(clock),
    clock,
    async elapse(ms) {
      await clock.advance(ms);
      await clock.settle();
    },
    second: async ({ clockShiftMs = 0 } = {}) => client({ ...clock, wallMs: () => clock.wallMs() + clockShiftMs }),
    again: async () => client(clock),
  };
}
