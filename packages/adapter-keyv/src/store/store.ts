/** The properties of a store with an atomic operation, and the demands that a caller may make. */
import { LockUnsupportedError } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { CacheDriver, LockDriver } from "@lingpai/core/driver";

/**
 * The callers that a lock excludes: all that reach the server, the processes of one machine, or the
 * callers of one process.
 */
export type StoreScope = "cluster" | "host" | "process";

/** The store's properties, which do not depend on its client. */
export interface StoreFacts {
  readonly scope: StoreScope;
  /**
   * True if fences rise forever. It is false where the store may forget the last one: then a late
   * holder cannot be told from the next.
   */
  readonly fencing: boolean;
  /**
   * The clock that ends leases and entries. With `client`, machines whose clocks differ disagree
   * about the holder.
   */
  readonly clock: "server" | "client";
}

/**
 * A store whose operations are each one atomic step. This package builds one for each store that it
 * knows, and a contributor passes one as `atomic` for any other. Both drivers must pass
 * `@lingpai/conformance`.
 */
export interface AtomicStore {
  /** The name shown in errors, for example `postgres`. */
  readonly kind: string;
  readonly facts: StoreFacts;
  readonly cache: CacheDriver;
  /** True if a Keyv's `clear()` removes nothing of its state. */
  readonly lock: LockDriver;
}

/** The settings of a store's drivers. The first user of a client decides them for all. */
export interface StoreSettings {
  readonly clock: Clock;
  /** How long callers wait for one operation, in ms. */
  readonly deadlineMs: number;
}

/** One kind of store that this package knows, and the two ways in which it may be passed. */
export interface StoreFamily {
  /** Returns the store for this object if it is the database's own client. */
  ofClient(client: unknown, settings: StoreSettings): AtomicStore | undefined;
  /** Returns the store for this object if it is a Keyv adapter that leads to the client. */
  ofAdapter(adapter: unknown, settings: StoreSettings): AtomicStore | undefined;
}

/** The caller's requirements. */
export interface Demand {
  readonly scope: StoreScope;
  readonly guarantee: "fenced" | "advisory";
}

const reach: Readonly<Record<StoreScope, number>> = { process: 0, host: 1, cluster: 2 };

/**
 * @throws {LockUnsupportedError} `LOCK_UNSUPPORTED` when the store offers less than required. The
 *   text says what to use or to accept.
 */
export function requireFacts({ kind, facts }: AtomicStore, demand: Demand): void {
  if (reach[facts.scope] < reach[demand.scope]) {
    throw new LockUnsupportedError(
      `A lock in ${kind} excludes ${excludes[facts.scope]} only, but scope "${demand.scope}" was asked for. ` +
        `Use ${alternatives[demand.scope]}, or accept less with { scope: "${facts.scope}" }.`,
    );
  }
  if (demand.guarantee === "fenced" && (!facts.fencing || facts.clock !== "server")) {
    throw new LockUnsupportedError(
      `A lock in ${kind} is advisory: the store may forget a holder, and its fences are not reliable. ` +
        `Use ${alternatives[demand.scope]}, or accept it with { guarantee: "advisory" }.`,
    );
  }
}

const excludes: Readonly<Record<StoreScope, string>> = {
  process: "the callers of one process",
  host: "the processes of one machine",
  cluster: "everybody who reaches the server",
};

/** The places where a lock of each scope is available. */
export const alternatives: Readonly<Record<StoreScope, string>> = {
  process: "a Keyv over a Map, SQLite, PostgreSQL, MySQL, etcd, Redis or Valkey",
  host: "a Keyv over SQLite, PostgreSQL, MySQL, etcd, Redis or Valkey",
  cluster: "a Keyv over PostgreSQL, MySQL, etcd, Redis or Valkey",
};
