/** The cache's interface: a key-value store with conditional writes, seen through a prefix. */
import type { Unsubscribe } from "../driver/subscriptions.ts";

/**
 * Identifies one write of one key. A version is random and never repeats, not even after a delete,
 * so two equal versions are the same write. Compare versions for equality only.
 */
export type Version = string;

export interface Entry {
  readonly value: string;
  readonly version: Version;
  /**
   * The remaining time to live, in ms, never more than was set. Undefined when the entry does not
   * expire.
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
   * Becomes the version of this write. Repeat the id when you repeat the write: both together then
   * have the effect of one. 1 to 64 characters of `A-Za-z0-9_-`, unguessable.
   * @defaultValue drawn for each call
   */
  readonly operationId?: string;
}

export interface Written {
  readonly written: true;
  readonly version: Version;
  readonly storeNowMs: number;
}

/** The condition did not hold. Nothing was changed, not even the time to live. */
export interface Conflict {
  readonly written: false;
  /** The version that is stored now. Undefined when nothing is stored. */
  readonly version: Version | undefined;
  readonly storeNowMs: number;
}

export interface DeleteOptions {
  readonly ifVersion?: Version;
}

export interface WatchOptions {
  /**
   * Reports only changes of this key. A message reaches only the listeners of its key.
   * @defaultValue all keys
   */
  readonly key?: string;
  /**
   * An earlier subscription that seems dead, because it did not report a change. The store is asked
   * for a new one in its place.
   */
  readonly instead?: Unsubscribe;
}

/**
 * A key-value store with conditional writes, seen through a prefix.
 *
 * A failure is never a miss: a store that cannot be reached throws `CACHE_UNAVAILABLE`, and a key
 * that holds a foreign value throws `UNREADABLE_ENTRY`. No method reads, changes or removes entries
 * of another prefix. A prefix is exact: `withPrefix("a")` does not include
 * `withPrefix("a").withPrefix("b")`.
 */
export interface Cache {
  /** The prefix segments from the store's root to this view, as they were given. */
  readonly path: readonly string[];
  /**
   * True when the store reports changes by itself. {@link Cache.watch} exists only then.
   */
  readonly pushesChanges: boolean;
  /**
   * How long one call may take, in ms. A credential waits as long unless its parameters say less.
   * Absent when the cache does not state it.
   */
  readonly deadlineMs?: number;
  /**
   * Resolves to the entry, or to undefined when there is none. A client sees its own writes.
   */
  get(key: string): Promise<Entry | undefined>;
  /**
   * Writes, or resolves to the conflict that prevented it. A lost answer leaves the outcome
   * unknown: send the write again, with the same `operationId`.
   */
  set(key: string, value: string, options?: SetOptions): Promise<Written | Conflict>;
  /**
   * Resolves to true when an entry was there and has been removed. With `ifVersion` only that
   * version is removed. When a client library resends a delete whose answer was lost, this resolves
   * to false although the entry has been removed.
   */
  delete(key: string, options?: DeleteOptions): Promise<boolean>;
  /**
   * Removes every entry of this prefix and nothing else (no lock, no fence, no nested prefix).
   * Resolves to the number of entries removed.
   */
  clear(): Promise<number>;
  /**
   * Yields each live key of this prefix once, as the caller wrote it. A key that is written or
   * removed meanwhile may be included or not.
   */
  keys(): AsyncIterable<string>;
  /**
   * Calls `listener` with the key after each committed change under this prefix, including changes
   * by this client. Undefined instead of a key means that messages may have been missed, for
   * example because a connection broke: read everything again. Messages carry no value.
   */
  watch?(listener: WatchListener, options?: WatchOptions): Promise<Unsubscribe>;
  /**
   * Returns the channels of `node:diagnostics_channel` on which somebody now listens to the
   * commands of the store's client, values included. Absent when values are sealed, or when the
   * client publishes no commands.
   */
  tracedOn?(): readonly string[];
  /**
   * Returns a view under one more segment, which is any string of 1 to 1024 bytes in UTF-8. Views
   * of different paths never share a key.
   */
  withPrefix(segment: string): Cache;
  /** Returns a view of the same store at this path, counted from the store's root. */
  at(path: readonly string[]): Cache;
  /**
   * Ends all subscriptions. Later calls reject with `CLOSED`. A client that was passed in stays
   * open.
   */
  close(): Promise<void>;
}

export type WatchListener = (key: string | undefined) => void;
