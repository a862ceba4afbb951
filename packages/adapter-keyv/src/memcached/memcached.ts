/**
 * memcached through memjs, which `@keyv/memcache` uses: entries with conditional writes, and an
 * advisory lock.
 *
 * Every write is compare-and-set (`cas`). The server may evict any key when it needs room, even the
 * last fence, and forgets all keys when it restarts: a lock here saves work, and protects nothing.
 * It cannot list its keys. Times to live are rounded up to whole seconds. A value has at most 1 MB.
 * A `clear()` of any `@keyv/memcache` empties the whole server.
 */
import { createHash } from "node:crypto";
import { CacheUnavailableError, LockUnsupportedError } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import { casEntries } from "../cas/cas-entries.ts";
import type { CasKeys } from "../cas/cas.ts";
import { memcachedLocks } from "./memcached-locks.ts";
import { request, unpack } from "./memcached-wire.ts";
import type { Reply, Request } from "./memcached-wire.ts";
import { has, isObject } from "../store/shape.ts";
import type { AtomicStore, StoreFamily, StoreSettings } from "../store/store.ts";

export const memcached: StoreFamily = {
  ofClient: (client, settings) => (isClient(client) ? memcachedStore(client, settings) : undefined),
  ofAdapter: (adapter, settings) =>
    isObject(adapter) && isClient(adapter["client"])
      ? memcachedStore(adapter["client"], settings)
      : undefined,
};

/**
 * The member of memjs's `Client` that is used: its method that sends any request. Its own
 * operations do not support `cas`.
 */
interface MemcachedClient {
  seq: number;
  incrSeq(): void;
  perform(
    key: string,
    request: Buffer,
    sequence: number,
    done: (error: Error | null, reply: Reply | null) => void,
  ): void;
}

function isClient(client: unknown): client is MemcachedClient {
  return has<MemcachedClient>(client, "perform", "incrSeq");
}

function memcachedStore(client: MemcachedClient, settings: StoreSettings): AtomicStore {
  const keys = memcachedKeys(client, settings.clock);
  return {
    kind: "memcached",
    facts: { scope: "cluster", fencing: false, clock: "client" },
    cache: casEntries("memcached", keys, settings),
    lock: memcachedLocks(keys, settings.clock),
  };
}

const noCas = Buffer.alloc(8);

function memcachedKeys(client: MemcachedClient, clock: Clock): CasKeys {
  const send = (what: Omit<Request, "sequence">): Promise<Reply> =>
    new Promise((resolve, reject) => {
      client.incrSeq();
      const sequence = client.seq >>> 0;
      client.perform(what.key, request({ ...what, sequence }), sequence, (error, reply) => {
        if (error !== null || reply === null) reject(unavailable(error));
        else resolve(reply);
      });
    });
  /** The statuses of an absent key, of a changed key, and of one that was added meanwhile. */
  const done = ({ header }: Reply): boolean => {
    if (header.status === 0) return true;
    if (header.status === 1 || header.status === 2 || header.status === 5) return false;
    throw refused(header.status);
  };
  return {
    async read(key) {
      const reply = await send({ operation: "get", key: fitting(key), cas: noCas });
      if (!done(reply)) return undefined;
      const { endsAtMs, value } = unpack(reply.val.toString());
      // The server ends it. Until then this clock can only estimate the rest.
      const remainingMs = async (): Promise<number | undefined> =>
        endsAtMs && Math.max(1, endsAtMs - clock.wallMs());
      return { value, revision: reply.header.cas.toString("hex"), remainingMs };
    },
    async put({ key, read, value, ttlMs }) {
      const cas = read === undefined ? noCas : Buffer.from(read.revision, "hex");
      const nowMs = clock.wallMs();
      const text = `${ttlMs === undefined ? "" : nowMs + ttlMs}|${value}`;
      return done(
        await send({
          operation: read === undefined ? "add" : "set",
          key: fitting(key),
          cas,
          store: { text, expiry: expiryOf(ttlMs, nowMs) },
        }),
      );
    },
    remove: async (key, read) =>
      done(
        await send({
          operation: "delete",
          key: fitting(key),
          cas: Buffer.from(read.revision, "hex"),
        }),
      ),
    list: () => Promise.reject(unlistable()),
    removeAll: () => Promise.reject(unlistable()),
  };
}

/** memcached takes keys of at most 250 bytes. */
function fitting(key: string): string {
  return key.length <= 250 ? key : `lingpai/long/${createHash("sha256").update(key).digest("hex")}`;
}

/** memcached reads a number of more than 30 days as an instant. */
const relativeMaxSeconds = 2_592_000;
const expiryMax = 2 ** 32 - 1;

/**
 * memcached's clock ticks once a second, so the first second is only a part of one. On a busy
 * machine it ticks late. Two seconds are added, so that nothing ends early unless a tick is more
 * than a second late.
 */
function expiryOf(ttlMs: number | undefined, nowMs: number): number {
  if (ttlMs === undefined) return 0;
  const seconds = Math.ceil(ttlMs / 1000) + 2;
  return seconds <= relativeMaxSeconds
    ? seconds
    : Math.min(Math.ceil(nowMs / 1000) + seconds, expiryMax);
}

function unavailable(error: Error | null): CacheUnavailableError {
  const isTimeout = error !== null && /timed? ?out/i.test(error.message);
  return new CacheUnavailableError(
    "The store (memcached) did not answer. Check that it is up and reachable.",
    {
      reason: isTimeout ? "timeout" : "disconnected",
    },
  );
}

function refused(status: number): CacheUnavailableError {
  if (status === 3)
    return new CacheUnavailableError(
      "The store (memcached) takes no value as long as this. Raise its -I.",
      {
        reason: "out-of-memory",
        retryable: false,
      },
    );
  if (status === 0x82)
    return new CacheUnavailableError("The store (memcached) is out of memory. Give it room.", {
      reason: "out-of-memory",
    });
  if (status === 0x20)
    return new CacheUnavailableError(
      "The store (memcached) asks for a password. Check the client's.",
      {
        reason: "unauthorized",
        retryable: false,
      },
    );
  return new CacheUnavailableError(`The store (memcached) refused with status ${status}.`);
}

function unlistable(): LockUnsupportedError {
  return new LockUnsupportedError(
    "memcached cannot list its keys, so a cache in it has no keys() and no clear(). Let entries expire, or use another store.",
  );
}
