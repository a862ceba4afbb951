/**
 * A raw store in memory, on a manual clock, for tests that take hours. Redis's own behaviour is
 * tested on Redis.
 */
import { delay } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { RawStore } from "./raw-store.ts";

export interface MemoryRawStore extends RawStore {
  /** Every write that happened, with the node that made it. */
  readonly writes: {
    readonly key: string;
    readonly value: string;
    readonly ttlMs: number;
    readonly by: string;
  }[];
  /** Returns the same store as another node uses it. */
  as(node: string): RawStore;
  /** From now on every operation fails, until it is set to undefined. */
  failure: Error | undefined;
  /** How long each operation takes, in ms. */
  latencyMs: number;
}

export function memoryRawStore(clock: Clock): MemoryRawStore {
  const entries = new Map<string, { readonly value: string; readonly endsMs: number }>();
  const writes: MemoryRawStore["writes"] = [];
  const live = (key: string): { readonly value: string; readonly endsMs: number } | undefined => {
    const entry = entries.get(key);
    return entry !== undefined && entry.endsMs > clock.monotonicMs() ? entry : undefined;
  };
  const viewOf = (by: string): RawStore => {
    const whenUp = async <T>(work: () => T): Promise<T> => {
      if (store.latencyMs > 0) await delay(clock, store.latencyMs);
      if (store.failure !== undefined) throw store.failure;
      return work();
    };
    const put = (key: string, value: string, ttlMs: number): void => {
      if (!Number.isSafeInteger(ttlMs) || ttlMs < 1)
        throw new RangeError(`ERR invalid expire time: ${ttlMs}`);
      entries.set(key, { value, endsMs: clock.monotonicMs() + ttlMs });
      writes.push({ key, value, ttlMs, by });
    };
    return {
      get: (key) => whenUp(() => live(key)?.value),
      remainingMs: (key) =>
        whenUp(() => {
          const entry = live(key);
          return entry && entry.endsMs - clock.monotonicMs();
        }),
      set: (key, value, ttlMs) => whenUp(() => put(key, value, ttlMs)),
      setIfAbsent: (key, value, ttlMs) =>
        whenUp(() => live(key) === undefined && (put(key, value, ttlMs), true)),
      deleteIf: (key, value) => whenUp(() => live(key)?.value === value && entries.delete(key)),
    };
  };
  const store: MemoryRawStore = {
    ...viewOf("other"),
    writes,
    as: viewOf,
    failure: undefined,
    latencyMs: 0,
  };
  return store;
}
