/** What a store with an atomic primitive offers, and what may be asked of it. */
import { LockUnsupportedError } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { CacheDriver, LockDriver } from "@lingpai/core/driver";

/**
 * Who is kept apart: everybody who reaches the server, the processes of one machine, or the callers
 * of one process.
 */
export type StoreScope = "cluster" | "host" | "process";

/** What is true of a store, whatever its client does. */
export interface StoreFacts {
  readonly scope: StoreScope;
  /**
   * Whether fences rise for ever. False where the store may forget the last one: a late holder can
   * then not be told from the next.
   */
  readonly fencing: boolean;
  /**
   * Whose clock ends leases and entries. With `client`, machines whose clocks differ disagree about
   * who holds what.
   */
  readonly clock: "server" | "client";
}

/**
 * A store whose operations are each one atomic step: what this package builds for the stores that
 * it knows, and what a contributor gives as `atomic` for one that it does not. Both drivers must
 * pass `@lingpai/conformance`.
 */
export interface AtomicStore {
  /** Shown in errors: `postgres`. */
  readonly kind: string;
  readonly facts: StoreFacts;
  readonly cache: CacheDriver;
  /** Its state stands outside everything that a Keyv's `clear()` removes. */
  readonly lock: LockDriver;
}

/** What the drivers of a store go by; the first user of a client decides it for all. */
export interface StoreSettings {
  readonly clock: Clock;
  /** How long callers wait for one operation, in ms. */
  readonly deadlineMs: number;
}

/** One kind of store that this package knows, and the two forms in which it may be handed over. */
export interface StoreFamily {
  /** The store for this object, if it is the database's own client. */
  ofClient(client: unknown, settings: StoreSettings): AtomicStore | undefined;
  /** The store for this object, if it is Keyv's adapter and leads to the client. */
  ofAdapter(adapter: unknown, settings: StoreSettings): AtomicStore | undefined;
}

/** What the caller cannot do without. */
export interface Demand {
  readonly scope: StoreScope;
  readonly guarantee: "fenced" | "advisory";
}

const reach: Readonly<Record<StoreScope, number>> = { process: 0, host: 1, cluster: 2 };

/**
 * @throws {LockUnsupportedError} `LOCK_UNSUPPORTED` when the store offers less than is demanded,
 *   saying what to use or to accept.
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

/** Where a lock of each scope can be had. */
export const alternatives: Readonly<Record<StoreScope, string>> = {
  process: "a Keyv over a Map, SQLite, PostgreSQL, MySQL, etcd, Redis or Valkey",
  host: "a Keyv over SQLite, PostgreSQL, MySQL, etcd, Redis or Valkey",
  cluster: "a Keyv over PostgreSQL, MySQL, etcd, Redis or Valkey",
};
