/** A store of {@link CasKeys} in memory, with the time and the silences that a test gives it. */
import type { ManualClock } from "@lingpai/core/testing";
import type { CasWrite } from "./cas.ts";
import type { EtcdKeys } from "../etcd/etcd-keys.ts";

interface Stored {
  readonly value: string;
  readonly revision: string;
  readonly endsAtMs: number;
}

export interface CasStore extends EtcdKeys {
  /** The requests so far. */
  readonly requests: readonly string[];
  /** Leaves the next request without an answer until the function that it returns is called. */
  hold(): () => void;
  /** What is really left of a key, in ms; 0 when it is gone. */
  leftMs(key: string): number;
}

/**
 * `told` is what the store's client makes of the ms that are left. Times to live are rounded up to
 * whole seconds.
 */
export function casStore(
  clock: ManualClock,
  told: (leftMs: number) => number = (leftMs) => leftMs,
): CasStore {
  const stored = new Map<string, Stored>();
  const requests: string[] = [];
  let held: Promise<void> | undefined;

  const live = (key: string): Stored | undefined => {
    const pair = stored.get(key);
    return pair !== undefined && pair.endsAtMs > clock.worldMs() ? pair : undefined;
  };
  const leftMs = (key: string): number =>
    (live(key)?.endsAtMs ?? clock.worldMs()) - clock.worldMs();
  const request = async <T>(what: string, answer: () => T): Promise<T> => {
    requests.push(what);
    const silence = held;
    held = undefined;
    await silence;
    return answer();
  };
  const apply = ({ key, value, ttlMs = Infinity }: CasWrite): void => {
    stored.set(key, {
      value,
      revision: String(requests.length),
      endsAtMs: clock.worldMs() + Math.ceil(ttlMs / 1000) * 1000,
    });
  };

  return {
    requests,
    leftMs,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    read: (key) =>
      request("read", () => {
        const pair = live(key);
        return (
          pair && {
            ...pair,
            remainingMs: async () => (pair.endsAtMs === Infinity ? undefined : told(leftMs(key))),
          }
        );
      }),
    put: (...writes) =>
      request("put", () => {
        if (writes.some(({ key, read }) => live(key)?.revision !== read?.revision)) return false;
        writes.forEach(apply);
        return true;
      }),
    remove: (key, read) =>
      request("remove", () => live(key)?.revision === read.revision && stored.delete(key)),
    list: () => request("list", () => [...stored.keys()]),
    removeAll: () => request("removeAll", () => stored.size),
  };
}
