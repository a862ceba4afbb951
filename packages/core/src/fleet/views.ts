/**
 * The views of a store that the credentials of one environment use. All of them share one object
 * each: a process may hold a hundred thousand credentials.
 */
import { claimsPath } from "../cache/claims-path.ts";
import type { Cache } from "../cache/cache.ts";
import type { Lock } from "../lock/lock.ts";

const environments = new WeakMap<Cache | Lock, Map<string, Cache | Lock>>();
const registries = new WeakMap<Cache, Cache>();

/** Returns the view of this environment. */
export function environmentOf<Of extends Cache | Lock>(whole: Of, environment: string): Of;
export function environmentOf(whole: Cache | Lock, environment: string): Cache | Lock {
  const views = environments.get(whole) ?? new Map<string, Cache | Lock>();
  environments.set(whole, views);
  const view = views.get(environment) ?? whole.withPrefix(environment);
  views.set(environment, view);
  return view;
}

/** Returns the view of the claims, which lie outside every environment. */
export function registryOf(cache: Cache): Cache {
  const registry = registries.get(cache) ?? cache.at(claimsPath);
  registries.set(cache, registry);
  return registry;
}
