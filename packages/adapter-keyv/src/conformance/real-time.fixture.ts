/** A fixture over a store that lives in real time. */
import type { Client, Fixture } from "@lingpai/conformance";
import { delay, systemClock } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import { keyvCache, keyvLock } from "../index.ts";
import type { KeyvLike, KeyvLockOptions } from "../index.ts";

/** One process's way to the store. */
export interface Source {
  readonly keyv: KeyvLike;
  readonly options: KeyvLockOptions;
  close(): Promise<void>;
  /** Ends what all sources of this process share: some of Keyv's adapters have one pool for all. */
  end?(): Promise<void>;
}

/**
 * Long enough for two cores that run many clauses at once; the clauses about deadlines set their
 * own.
 */
const deadlineMs = 40_000;

export async function open(connect: () => Source | Promise<Source>): Promise<Fixture> {
  const first = await connect();
  const own = client(first, systemClock, first.close);
  return {
    ...own,
    clock: systemClock,
    elapse: (ms) => delay(systemClock, ms),
    async second({ clockShiftMs = 0 } = {}) {
      const source = await connect();
      return client(
        source,
        { ...systemClock, wallMs: () => systemClock.wallMs() + clockShiftMs },
        source.close,
      );
    },
    again: async () => client(first, systemClock, async () => {}),
    ...(first.options.guarantee === "advisory" && {
      demandFencing: async () => keyvLock(first.keyv, { ...first.options, guarantee: "fenced" }),
    }),
  };
}

export function client(
  { keyv, options }: Source,
  clock: Clock,
  disconnect: () => Promise<void>,
): Client {
  const cache = keyvCache(keyv, { deadlineMs, clock, ...options });
  let closed: Promise<void> | undefined;
  return {
    cache,
    lock: keyvLock(keyv, { deadlineMs, clock, ...options }),
    close: () => (closed ??= cache.close().then(disconnect)),
  };
}
