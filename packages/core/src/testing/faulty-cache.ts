/** A cache with the faults of a plan. */
import type { Cache } from "../cache/cache.ts";
import { type FaultPlan, subscribeThrough } from "./faults.ts";

/**
 * Wraps a cache. All views share the plan. `path`, `withPrefix`, `at` and `close` always work.
 * Messages are dropped while the plan says that none arrive.
 */
export function faultyCache(cache: Cache, plan: FaultPlan): Cache {
  const { watch } = cache;
  return {
    path: cache.path,
    pushesChanges: cache.pushesChanges,
    get: (key) => plan.run("get", key, () => cache.get(key)),
    set: (key, value, options) => plan.run("set", key, () => cache.set(key, value, options)),
    delete: (key, options) => plan.run("delete", key, () => cache.delete(key, options)),
    clear: () => plan.run("clear", "", () => cache.clear()),
    async *keys() {
      // Reachability is decided when the iteration starts.
      const keys = await plan.run("keys", "", async () => cache.keys());
      yield* keys;
    },
    ...(watch !== undefined && {
      watch: (listener, options) =>
        plan.run("watch", "", () =>
          subscribeThrough(
            plan,
            (deliver) => watch.call(cache, (key) => deliver(() => listener(key)), options),
            () => listener(undefined),
          ),
        ),
    }),
    withPrefix: (segment) => faultyCache(cache.withPrefix(segment), plan),
    at: (path) => faultyCache(cache.at(path), plan),
    close: () => cache.close(),
  };
}
