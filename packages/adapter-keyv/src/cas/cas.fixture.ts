/**
 * An in-memory {@link CasKeys} store. The test sets its time and decides which requests stay
 * unanswered.
 */
import type { ManualClock } from "@lingpai/core/testing";
import type { CasWrite } from "./cas.ts";
import type { EtcdKeys } from "../etcd/etcd-keys.ts";

interface Stored {
  readonly value: string;
  readonly revision: string;
  readonly endsAtMs: number;
}

export interface CasStore extends EtcdKeys {
  /** The requests sent so far. */
  readonly requests: readonly string[];
  /** Leaves the next request unanswered until the returned function is called. */
  hold(): () => void;
  /** The true time to live of a key, in ms; 0 after it has expired. */
  leftMs(key: string): number;
}

/**
 * Makes the store. `told` maps the true remaining ms to what the client reports. Times to live are
 * rounded up to whole seconds.
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
