/** The cache's interface, and what an adapter's author writes to provide one. */
import type { Unsubscribe } from "../driver/subscriptions.ts";

/**
 * Identifies one write of one key. Random, never repeated, also not after a delete: two equal
 * versions are the same write. Compare for equality only.
 */
export type Version = string;

export interface Entry {
  readonly value: string;
  readonly version: Version;
  /**
   * What is left of the time to live, in ms, never above what was set; undefined when the entry
   * does not expire.
   */
  readonly ttlMs: number | undefined;
  /** The store's clock when it answered, in ms since the Unix epoch. */
  readonly storeNowMs: number;
}

export interface SetOptions {
  /**
   * Time to live in ms: a whole number from 1 to 2^53 − 1. Without it the entry does not expire,
   * and an earlier expiry is removed.
   */
  readonly ttlMs?: number;
  /**
   * Write only when the stored version is this one, or, with `"absent"`, only when nothing is
   * stored. An expired entry is absent.
   */
  readonly ifVersion?: Version | "absent";
  /**
   * Becomes the version of this write. Give the same id when you send the same write again: it then
   * has the effect of once. 1 to 64 characters of `A-Za-z0-9_-`, unguessable. Default: drawn for
   * each call.
   */
  readonly operationId?: string;
}

export interface Written {
  readonly written: true;
  readonly version: Version;
  readonly storeNowMs: number;
}

/** The condition did not hold; nothing was changed, the time to live included. */
export interface Conflict {
  readonly written: false;
  /** What is stored now; undefined when nothing is. */
  readonly version: Version | undefined;
  readonly storeNowMs: number;
}

export interface DeleteOptions {
  readonly ifVersion?: Version;
}

export interface WatchOptions {
  /**
   * Only changes of this key. Of many listeners to single keys each message reaches only its own.
   * @defaultValue all keys
   */
  readonly key?: string;
  /**
   * What an earlier call gave and what seems dead, because it told nothing of a change: the store
   * is asked for another subscription.
   */
  readonly instead?: Unsubscribe;
}

/**
 * A key-value store with conditional writes, seen through a prefix.
 *
 * A failure is never a miss: a store that cannot be reached throws `CACHE_UNAVAILABLE`, one that
 * holds something foreign under the key throws `UNREADABLE_ENTRY`. Nothing here reads, changes or
 * removes what lies under another prefix, and a prefix is exact: `withPrefix("a")` does not include
 * `withPrefix("a").withPrefix("b")`.
 */
export interface Cache {
  /** The prefix segments from the store's root to here, as they were given. */
  readonly path: readonly string[];
  /**
   * Whether {@link Cache.watch} is there, in other words whether the store tells of changes by
   * itself.
   */
  readonly pushesChanges: boolean;
  /**
   * The entry, or undefined when there is none. Reads that follow a write of this client see that
   * write.
   */
  get(key: string): Promise<Entry | undefined>;
  /**
   * Writes, or tells what stood in the way. A lost answer leaves the outcome unknown: send again
   * with the same `operationId`.
   */
  set(key: string, value: string, options?: SetOptions): Promise<Written | Conflict>;
  /**
   * Whether something was there and is now gone. With `ifVersion` only that version is removed.
   * False also when a client sent it again by itself because the first answer was lost: what stood
   * there is gone all the same.
   */
  delete(key: string, options?: DeleteOptions): Promise<boolean>;
  /**
   * Removes every entry of this prefix and nothing else (no lock, no fence, no nested prefix);
   * returns how many.
   */
  clear(): Promise<number>;
  /**
   * Each live key of this prefix once, as the caller wrote it. Keys that come or go meanwhile may
   * be left out or included.
   */
  keys(): AsyncIterable<string>;
  /**
   * Calls `listener` after every committed change under this prefix, own changes included, with the
   * key; undefined means that changes may have been missed (a connection broke), so everything is
   * to be read again. Messages carry no value.
   */
  watch?(listener: WatchListener, options?: WatchOptions): Promise<Unsubscribe>;
  /**
   * The channels of `node:diagnostics_channel` on which somebody listens now to the commands of the
   * store's driver, the values in them included; empty when nobody does. Absent where values are
   * sealed, or no driver publishes them.
   */
  tracedOn?(): readonly string[];
  /**
   * A view under one more segment: any string of 1 to 1024 bytes in UTF-8. Never equal to another
   * path's view.
   */
  withPrefix(segment: string): Cache;
  /** A view of the same store at this path from its root. */
  at(path: readonly string[]): Cache;
  /**
   * Ends subscriptions; later calls reject with `CLOSED`. Never closes a client that it was given.
   */
  close(): Promise<void>;
}

export type WatchListener = (key: string | undefined) => void;

/**
 * What an adapter's author writes: the same operations on ready names. {@link createCache} adds
 * prefixes, validation, ids, deadlines and closing.
 *
 * A name is ASCII of `A-Za-z0-9._-%:{}`, unique for (path, key), and holds exactly one pair of
 * braces, at its end, round the encoded key: a Redis hash tag. A scope is the part of a name up to
 * and including the opening brace. Names compare byte by byte, case included.
 */
export interface CacheDriver {
  /** Shown in errors: `ioredis`, `memory`. */
  readonly kind: string;
  get(name: string): Promise<Entry | undefined>;
  /**
   * One atomic step: the condition, the write, the time to live, the notification. When the stored
   * version already equals `version`, it was applied before: answer as written.
   */
  set(name: string, value: string, write: DriverWrite): Promise<Written | Conflict>;
  delete(name: string, ifVersion: Version | undefined): Promise<boolean>;
  /**
   * Removes every entry whose name starts with `scope` (plain text, not a pattern). Locks and
   * fences are not entries.
   */
  clear(scope: string): Promise<number>;
  /**
   * The names of live entries that start with `scope`. {@link createCache} drops repeats and what
   * is no name of the scope: a driver that may look long before it finds one gives the scope itself
   * meanwhile, because each step has the deadline.
   */
  names(scope: string): AsyncIterable<string>;
  watch?(scope: string, listener: WatchListener): Promise<Unsubscribe>;
  /** As {@link Cache.tracedOn}. */
  tracedOn?(): readonly string[];
  /**
   * Called after several deadlines within a short time, each without its answer: the server may
   * have frozen with its connections open, and another taken over. May look for that one; returns
   * at once, and must harm nothing where the server is only slow.
   */
  recover?(): void;
  /** Frees what the driver itself opened. Called once. */
  close(): Promise<void>;
}

export interface DriverWrite {
  readonly version: Version;
  readonly ttlMs: number | undefined;
  readonly ifVersion: Version | "absent" | undefined;
}
