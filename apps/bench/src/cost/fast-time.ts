/**
 * A fleet whose clocks run faster than real time, over a real store. Hours pass in minutes, and
 * every command is a real one.
 */
import { systemClock, type Cache, type Clock, type Lock } from "@lingpai/core";

export interface FastTime {
  readonly clock: Clock;
  cache(cache: Cache): Cache;
  lock(lock: Lock): Lock;
}

/**
 * A clock that runs `speed` times as fast from now on. Times that the store reports are scaled in
 * the same way.
 */
export function fastTime(speed: number): FastTime {
  const originMs = systemClock.wallMs();
  const fast = (wallMs: number): number => originMs + (wallMs - originMs) * speed;
  const clock: Clock = {
    monotonicMs: () => systemClock.monotonicMs() * speed,
    wallMs: () => fast(systemClock.wallMs()),
    setTimer: (delayMs, fire, options) => systemClock.setTimer(delayMs / speed, fire, options),
  };

  const cacheOf = (slow: Cache): Cache => ({
    ...viewOf(slow),
    async get(key) {
      const entry = await slow.get(key);
      return entry && { ...entry, storeNowMs: fast(entry.storeNowMs) };
    },
    async set(key, value, options) {
      const result = await slow.set(key, value, options);
      return { ...result, storeNowMs: fast(result.storeNowMs) };
    },
    withPrefix: (segment) => cacheOf(slow.withPrefix(segment)),
    at: (path) => cacheOf(slow.at(path)),
  });

  const lockOf = (slow: Lock): Lock => ({
    path: slow.path,
    async tryAcquire(name, owner, ttlMs) {
      const answer = await slow.tryAcquire(name, owner, Math.ceil(ttlMs / speed));
      return answer.acquired
        ? { ...answer, storeNowMs: fast(answer.storeNowMs) }
        : { ...answer, remainingMs: answer.remainingMs * speed };
    },
    extend: (name, owner, ttlMs) => slow.extend(name, owner, Math.ceil(ttlMs / speed)),
    release: (name, owner) => slow.release(name, owner),
    withPrefix: (segment) => lockOf(slow.withPrefix(segment)),
    at: (path) => lockOf(slow.at(path)),
  });

  return { clock, cache: cacheOf, lock: lockOf };
}

/** The members that do not depend on time. */
function viewOf(cache: Cache): Omit<Cache, "get" | "set" | "withPrefix" | "at"> {
  return {
    path: cache.path,
    pushesChanges: cache.pushesChanges,
    delete: (key, options) => cache.delete(key, options),
    clear: () => cache.clear(),
    keys: () => cache.keys(),
    ...(cache.watch && { watch: cache.watch.bind(cache) }),
    close: () => cache.close(),
  };
}
