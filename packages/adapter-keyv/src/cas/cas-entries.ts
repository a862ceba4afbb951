/**
 * Stores entries in a {@link CasKeys} store. Each is one key, `lingpai/entries/<name>`, with the
 * text `VERSION:TTL:VALUE`.
 */
import { CacheUnavailableError, UnreadableEntryError } from "@lingpai/core";
import { createWaitQueue } from "@lingpai/core/driver";
import type { Clock, Conflict, Entry, Version, Written } from "@lingpai/core";
import type { CacheDriver, DriverWrite } from "@lingpai/core/driver";
import { listLimit } from "./cas.ts";
import type { CasKeys, CasPair } from "./cas.ts";
import type { StoreSettings } from "../store/store.ts";

interface Stored {
  readonly pair: CasPair;
  readonly version: Version;
  readonly ttlMs: number | undefined;
  readonly value: string;
}

/** The store of the entries, and the clock that stamps them. */
interface Store {
  readonly keys: CasKeys;
  readonly clock: Clock;
}

export function casEntries(
  kind: string,
  keys: CasKeys,
  { clock, deadlineMs }: StoreSettings,
): CacheDriver {
  const store = { keys, clock };
  const { inTurn, afterWrites } = turns(kind, clock, deadlineMs);
  return {
    kind,
    get: (name) => afterWrites(name, () => get(store, name)),
    set: (name, value, write) => inTurn(name, (turn) => set(store, name, value, write, turn)),
    delete: (name, ifVersion) => inTurn(name, (turn) => remove(store, name, ifVersion, turn)),
    clear: (scope) => keys.removeAll(keyOf(scope)),
    async *names(scope) {
      for (let after = ""; ;) {
        const page: readonly string[] = await keys.list(keyOf(scope), after);
        for (const key of page) yield key.slice(keyPrefix.length);
        if (page.length < listLimit) return;
        after = page.at(-1) ?? "";
      }
    },
    close: async () => {},
  };
}

async function get({ keys, clock }: Store, name: string): Promise<Entry | undefined> {
  const stored = await read(keys, name);
  if (stored === undefined) return undefined;
  const { pair, value, version, ttlMs } = stored;
  const remainingMs = await pair.remainingMs();
  if (remainingMs === 0) return undefined;
  return {
    value,
    version,
    ttlMs: ttlMs && Math.min(ttlMs, remainingMs ?? ttlMs),
    storeNowMs: clock.wallMs(),
  };
}

/** A failed put means that another client wrote meanwhile, so the condition is checked again. */
async function set(
  { keys, clock }: Store,
  name: string,
  value: string,
  { version, ttlMs, ifVersion }: DriverWrite,
  turn: AbortSignal,
): Promise<Written | Conflict> {
  for (;;) {
    const stored = await read(keys, name);
    const storeNowMs = clock.wallMs();
    if (stored?.version === version) return { written: true, version, storeNowMs };
    if (ifVersion !== undefined && (stored?.version ?? "absent") !== ifVersion)
      return { written: false, version: stored?.version, storeNowMs };
    turn.throwIfAborted();
    const text = `${version}:${ttlMs ?? ""}:${value}`;
    if (await keys.put({ key: keyOf(name), read: stored?.pair, value: text, ttlMs }))
      return { written: true, version, storeNowMs };
  }
}

async function remove(
  { keys }: Store,
  name: string,
  ifVersion: Version | undefined,
  turn: AbortSignal,
): Promise<boolean> {
  for (;;) {
    const stored = await read(keys, name);
    if (stored === undefined || (ifVersion !== undefined && stored.version !== ifVersion))
      return false;
    turn.throwIfAborted();
    if (await keys.remove(keyOf(name), stored.pair)) return true;
  }
}

interface Turns {
  /** Runs a write after the earlier writes on this name have ended. */
  inTurn<T>(name: string, write: (turn: AbortSignal) => Promise<T>): Promise<T>;
  /** Runs a read after the earlier writes have ended. Reads delay nothing. */
  afterWrites<T>(name: string, reading: () => Promise<T>): Promise<T>;
}

/**
 * Queues the writes of this process per name, because a write is several requests: they keep their
 * order and never race. A request may stay unanswered for long. A turn therefore ends at the latest
 * when its caller has given up; after that its write sends nothing more.
 */
function turns(kind: string, clock: Clock, deadlineMs: number): Turns {
  const queue = createWaitQueue();
  return {
    async inTurn(name, write) {
      const turn = new AbortController();
      const cancel = clock.setTimer(deadlineMs, () => {
        turn.abort(
          new CacheUnavailableError(
            `The store (${kind}) did not answer within ${deadlineMs} ms (deadlineMs of its cache or lock).`,
            {
              reason: "timeout",
            },
          ),
        );
      });
      try {
        const end = await queue.turn(name, turn.signal);
        turn.signal.addEventListener("abort", end);
        return await write(turn.signal).finally(end);
      } finally {
        cancel();
      }
    },
    async afterWrites(name, reading) {
      const passOn = await queue.turn(name);
      passOn();
      return reading();
    },
  };
}

const keyPrefix = "lingpai/entries/";

async function read(keys: CasKeys, name: string): Promise<Stored | undefined> {
  const pair = await keys.read(keyOf(name));
  return pair && parse(name, pair);
}

function keyOf(name: string): string {
  return keyPrefix + name;
}

function parse(name: string, pair: CasPair): Stored {
  const parts = /^([\w-]{1,64}):(\d*):(.*)$/s.exec(pair.value);
  if (parts === null) {
    throw new UnreadableEntryError(
      name,
      "format",
      `What is stored under "${keyOf(name)}" was not written by Lingpai. Find out who writes there.`,
    );
  }
  const [, version = "", ttl = "", text = ""] = parts;
  return { pair, version, ttlMs: ttl === "" ? undefined : Number(ttl), value: text };
}
