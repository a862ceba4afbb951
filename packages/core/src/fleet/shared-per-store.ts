/**
 * Objects that all credentials of one store share in this process: views of the store, and equal
 * settings. A process may hold a hundred thousand credentials, and each object would cost memory.
 */
import { claimsPath } from "../cache/claims-path.ts";
import type { Cache } from "../cache/cache.ts";
import type { Lock } from "../lock/lock.ts";

const environments = new WeakMap<Cache | Lock, Map<string, Cache | Lock>>();
const registries = new WeakMap<Cache, Cache>();
const settings = new WeakMap<Cache, Map<string, object>>();
/** How many different settings are shared. Further ones are not. */
const settingsMax = 256;

/** Returns the store's view of one environment. */
export function environmentView<Of extends Cache | Lock>(whole: Of, environment: string): Of;
export function environmentView(whole: Cache | Lock, environment: string): Cache | Lock {
  const views = environments.get(whole) ?? new Map<string, Cache | Lock>();
  environments.set(whole, views);
  const view = views.get(environment) ?? whole.withPrefix(environment);
  views.set(environment, view);
  return view;
}

/** Returns the store's view of the claims, which lie outside every environment. */
export function claimsView(cache: Cache): Cache {
  const registry = registries.get(cache) ?? cache.at(claimsPath);
  registries.set(cache, registry);
  return registry;
}

/** Returns these settings, or equal ones that a credential of this store has already. */
export function sharedSettings<T extends object>(cache: Cache, value: T): T;
export function sharedSettings(cache: Cache, value: object): object {
  const known = settings.get(cache) ?? new Map<string, object>();
  settings.set(cache, known);
  const text = JSON.stringify(value);
  const shared = known.get(text) ?? value;
  if (known.size < settingsMax) known.set(text, shared);
  return shared;
}
