import type { Cache, Lock } from "@lingpai/core";
import type { CacheDriver } from "@lingpai/core/driver";
import type { Change } from "./simulated/simulated-backend.ts";

/** An adapter that is broken on purpose, in one way. */
export interface Mutant {
  /** The fault, as a sentence. */
  readonly name: string;
  /** The clauses that must catch it. Other clauses may catch it too. */
  readonly caughtBy: readonly string[];
  readonly change: Change;
}

export function mutant(name: string, caughtBy: string, change: Change): Mutant {
  return { name, caughtBy: caughtBy.split(" "), change };
}

export interface NameChange {
  readonly key?: (key: string, path: readonly string[]) => string;
  readonly segment?: (segment: string) => string;
  /** Maps a key that `keys()` returns. */
  readonly listed?: (key: string, path: readonly string[]) => string;
}

/** Returns the same cache with names changed on their way in and out, in all its views. */
export function renamed(cache: Cache, change: NameChange): Cache {
  const { key = (text) => text, segment = (text) => text, listed = (text) => text } = change;
  const named = (text: string): string => key(text, cache.path);
  const view = (path: readonly string[]): Cache => renamed(cache.at(path.map(segment)), change);
  return {
    path: cache.path,
    pushesChanges: cache.pushesChanges,
    get: async (text) => cache.get(named(text)),
    set: async (text, value, options) => cache.set(named(text), value, options),
    delete: async (text, options) => cache.delete(named(text), options),
    clear: () => cache.clear(),
    async *keys() {
      for await (const text of cache.keys()) yield listed(text, cache.path);
    },
    ...(cache.watch && { watch: cache.watch.bind(cache) }),
    withPrefix: (text) => view([...cache.path, text]),
    at: view,
    close: () => cache.close(),
  };
}

/** Returns the same cache with operations replaced in all its views. */
export function overriding(cache: Cache, change: (view: Cache) => Partial<Cache>): Cache {
  return {
    ...renamed(cache, {}),
    ...change(cache),
    withPrefix: (segment) => overriding(cache.withPrefix(segment), change),
    at: (path) => overriding(cache.at(path), change),
  };
}

/** Returns the same lock with operations replaced in all its views. */
export function overridingLock(lock: Lock, change: (view: Lock) => Partial<Lock>): Lock {
  return {
    path: lock.path,
    ...(lock.queue && { queue: lock.queue }),
    tryAcquire: (name, owner, ttlMs) => lock.tryAcquire(name, owner, ttlMs),
    extend: (name, owner, ttlMs) => lock.extend(name, owner, ttlMs),
    release: (name, owner) => lock.release(name, owner),
    ...(lock.onRelease && { onRelease: lock.onRelease.bind(lock) }),
    ...change(lock),
    withPrefix: (segment) => overridingLock(lock.withPrefix(segment), change),
    at: (path) => overridingLock(lock.at(path), change),
  };
}

/** True if an error has this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Returns the result of `call`, or `instead` if it rejects with this code. */
export async function excusing<T>(code: string, instead: T, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (hasCode(error, code)) return instead;
    throw error;
  }
}

/** Lets other calls run in between. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

/** The last part of a physical name, without its prefix. */
export function bare(name: string): string {
  return name.slice(name.lastIndexOf("{"));
}

/** A driver that calls another one under changed names. */
export function placed(driver: CacheDriver, place: (name: string) => string): Partial<CacheDriver> {
  return {
    get: (name) => driver.get(place(name)),
    set: (name, value, write) => driver.set(place(name), value, write),
    delete: (name, ifVersion) => driver.delete(place(name), ifVersion),
  };
}
