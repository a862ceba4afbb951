/** The interface that an adapter's author implements to provide a cache. */
import type { Unsubscribe } from "../driver/subscriptions.ts";
import type { Conflict, Entry, Version, WatchListener, Written } from "./cache.ts";

/**
 * The operations of `Cache` on complete names. An adapter's author implements this interface;
 * `createCache` adds prefixes, validation, ids, deadlines and closing.
 *
 * A name consists of the ASCII characters `A-Za-z0-9._-%:{}` and is unique for each path and key.
 * It ends with the encoded key in braces, its only pair, so that Redis takes it as the hash tag. A
 * scope is the part of a name up to and including the opening brace. Names are compared byte by
 * byte, so case matters.
 */
export interface CacheDriver {
  /** Shown in errors: `ioredis`, `memory`. */
  readonly kind: string;
  get(name: string): Promise<Entry | undefined>;
  /**
   * Checks the condition, writes, sets the time to live and notifies, in one atomic step. If the
   * stored version already equals `version`, the write was applied before: answer `written`.
   */
  set(name: string, value: string, write: DriverWrite): Promise<Written | Conflict>;
  /** As `Cache.delete`, in one atomic step. */
  delete(name: string, ifVersion: Version | undefined): Promise<boolean>;
  /**
   * Removes every entry whose name starts with `scope` (plain text, not a pattern). Locks and
   * fences are not entries.
   */
  clear(scope: string): Promise<number>;
  /**
   * Yields the names of live entries that start with `scope`. `createCache` drops duplicates
   * and names outside the scope. A driver that may scan long between two names yields `scope`
   * itself as a keep-alive, because the deadline is per step.
   */
  names(scope: string): AsyncIterable<string>;
  /** As `Cache.watch`, for the entries whose name starts with `scope`. */
  watch?(scope: string, listener: WatchListener): Promise<Unsubscribe>;
  /** As `Cache.tracedOn`. */
  tracedOn?(): readonly string[];
  /**
   * Called when several deadlines were missed within a short time: the server may have frozen with
   * its connections open, and another one may have taken over. The driver may look for that one. It
   * must return at once, and must do no harm if the server is only slow.
   */
  recover?(): void;
  /** Frees what the driver itself has opened. Called once. */
  close(): Promise<void>;
}

export interface DriverWrite {
  readonly version: Version;
  readonly ttlMs: number | undefined;
  readonly ifVersion: Version | "absent" | undefined;
}
