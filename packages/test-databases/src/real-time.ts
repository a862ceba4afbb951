/** A fixture over a store that lives in real time. */
import type { Client, Fixture } from "@lingpai/conformance";
import { delay, systemClock } from "@lingpai/core";
import type { Cache, Clock, Lock } from "@lingpai/core";
import type { CacheOptions, LockOptions } from "@lingpai/core/driver";

/** One process's way to the store. */
export interface Source {
  cache(options: CacheOptions): Cache;
  lock(options: LockOptions): Lock;
  close(): Promise<void>;
  /** Ends what all sources of this process share, such as one pool for all. */
  end?(): Promise<void>;
  /** For a store without fences: makes a lock that must have them, which throws. */
  demandFencing?(): Promise<unknown>;
}

/**
 * Long enough for two cores that run many clauses at once; the clauses about deadlines set their
 * own.
 */
const deadlineMs = 40_000;

export async function openInRealTime(connect: () => Source | Promise<Source>): Promise<Fixture> {
  const first = await connect();
  const { demandFencing } = first;
  return {
    ...clientOf(first, { clock: systemClock }, first.close),
    clock: systemClock,
    elapse: (ms) => delay(systemClock, ms),
    async second({ clockShiftMs = 0 } = {}) {
      const source = await connect();
      const clock = { ...systemClock, wallMs: () => systemClock.wallMs() + clockShiftMs };
      return clientOf(source, { clock }, source.close);
    },
    again: async () => clientOf(first, { clock: systemClock }, async () => {}),
    ...(demandFencing && { demandFencing }),
  };
}

export function clientOf(
  source: Source,
  options: { readonly clock: Clock; readonly deadlineMs?: number },
  disconnect: () => Promise<void>,
): Client {
  const own = { deadlineMs, ...options };
  const cache = source.cache(own);
  let closed: Promise<void> | undefined;
  return {
    cache,
    lock: source.lock(own),
    close: () => (closed ??= cache.close().then(disconnect)),
  };
}
