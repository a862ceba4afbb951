/**
 * The interface that an adapter's author implements to be tested, in one file:
 * `src/conformance.fixture.ts` exports `backends: readonly Backend[]`. The runner finds it by that
 * name; there is no list anywhere.
 */
import type { acquire, Cache, Clock, Lock, sealed, tryLease, withLease } from "@lingpai/core";
import type { createSingleFlight } from "@lingpai/core/driver";
import type { Facts } from "./facts.ts";

/** One adapter on one backend. */
export interface Backend {
  /** The package's name without its scope: `adapter-ioredis`. */
  readonly adapter: string;
  /** The store, for people: `redis 8 standalone`. */
  readonly backend: string;
  readonly facts: Facts;
  readonly waivers?: Waivers;
  /** @defaultValue every clause */
  readonly daily?: DailyPart;
  /** Starts the store. Called once in a run. */
  start(): Promise<Running>;
}

/**
 * The clauses of a backend that the bindings for test runners run if another backend on the same
 * kind of server runs the others. With `LINGPAI_CONFORMANCE=full` in the environment they run all
 * clauses.
 */
export interface DailyPart {
  /**
   * The prefixes of its clauses' ids: `FAULT`, `WATCH-05`. If empty, the backend is not started.
   */
  readonly clauses: readonly string[];
  /** The `backend` that runs the other clauses. */
  readonly restBy: string;
  /** The `adapter` of that one, when both share their drivers. @defaultValue the same adapter */
  readonly restByAdapter?: string;
}

/**
 * The clauses that are known to fail, each with the reason. A waived clause that passes five times
 * in a row, or that does not exist, fails the build.
 */
export type Waivers = { readonly [clauseId: string]: string };

export interface Running {
  /**
   * Opens the fixture of one clause. Several are open at once on the same server, so each clause
   * uses its own random prefix. A backend with a manual clock makes a store for each.
   */
  open(): Promise<Fixture>;
  stop(): Promise<void>;
}

/** The functions that core adds to an adapter. */
export interface Core {
  readonly acquire: typeof acquire;
  readonly tryLease: typeof tryLease;
  readonly withLease: typeof withLease;
  readonly createSingleFlight: typeof createSingleFlight;
  readonly sealed: typeof sealed;
}

/** The cache and the lock of one process, over their own client. */
export interface Client {
  /** At the store's root: the clauses add prefixes. */
  readonly cache: Cache;
  /** Present when `facts.locks`. */
  readonly lock?: Lock;
  /**
   * Closes the cache and then its client. The suite calls it for every client that it received.
   */
  close(): Promise<void>;
}

export interface Fixture extends Client {
  /** The clock that the adapter was given. */
  readonly clock: Clock;
  /**
   * Lets time pass for the store and for `clock`. A manual clock advances and fires its due timers;
   * a real one waits. Resolves after the microtasks that follow.
   */
  elapse(ms: number): Promise<void>;
  /**
   * Makes another process's client of the same store. `clockShiftMs` shifts its clock, but not the
   * store's.
   */
  second(options?: { readonly clockShiftMs?: number }): Promise<Client>;
  /**
   * Makes a new cache and lock over the same client or store object as `cache`. Its `close` leaves
   * that object open.
   */
  again(): Promise<Client>;
  /**
   * The functions of core that the clauses call. Omit it: it exists so that the clauses themselves
   * can be tested.
   * @defaultValue core's functions
   */
  readonly core?: Core;
  /**
   * Makes another client whose driver adds this prefix to every key (ioredis `keyPrefix`, a Keyv
   * namespace). Present if `facts.clientPrefixes`.
   */
  prefixed?(prefix: string): Promise<Client>;
  /**
   * Makes a lock that requires fences. It must throw. Present if there are locks and
   * `facts.fencing` is false.
   */
  demandFencing?(): Promise<unknown>;
  /** Present when `facts.foreignWriters`. */
  readonly raw?: Raw;
  /**
   * Makes a client with its own connection, which the clause may break without disturbing others.
   * Present if `facts.linked`.
   */
  connect?(options?: ConnectOptions): Promise<LinkedClient>;
  /**
   * Controls of the server itself. Each member is present if its fact is true. Clauses that use it
   * run alone.
   */
  readonly server?: ServerControls;
  /** Present when `facts.cluster`. */
  readonly cluster?: ClusterControls;
}

/** Access to the store without the adapter: the store's own names and bytes. */
export interface Raw {
  /** Returns the name under which the adapter stores this entry. */
  entry(path: readonly string[], key: string): string;
  /** Returns the name of this lock's state. Present if `facts.locks`. */
  lock?(path: readonly string[], name: string): string;
  /** Returns the name of this lock's fence. Present if the fence has its own name. */
  fence?(path: readonly string[], name: string): string;
  /**
   * Returns the content of any type as text that is equal only if the content is; undefined if
   * there is none.
   */
  peek(name: string): Promise<string | undefined>;
  /** Stores these bytes as the store's plainest type, without expiry. */
  poke(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  /**
   * The channel of changes under a path. Present if `facts.pushesChanges` and the channel can be
   * reached from outside.
   */
  readonly channel?: RawChannel;
  /**
   * Ways to store something that is not a valid entry: another type, an older or newer layout, a
   * truncated one. At least two.
   */
  readonly foreign: readonly { readonly title: string; put(name: string): Promise<void> }[];
}

export interface RawChannel {
  /** Sends payloads that the adapter never sends, in this order. */
  publish(path: readonly string[], ...payloads: readonly Uint8Array[]): Promise<void>;
  /** Collects the text of every message until `stop`. */
  overhear(
    path: readonly string[],
  ): Promise<{ readonly messages: readonly string[]; stop(): Promise<void> }>;
}

export interface ConnectOptions {
  /**
   * The state of the link when the client is made. With `connecting` the link is up and the client
   * is returned at once. Default `up`.
   */
  readonly initially?: "up" | "down" | "connecting";
  /**
   * The adapter's deadline, in ms, for a clause that does not test deadlines. Default
   * {@link LinkedClient.deadlineMs}.
   */
  readonly deadlineMs?: number;
}

export interface LinkedClient extends Client {
  /**
   * The longest that one operation may take before it rejects, in ms: the adapter's own deadline.
   * 100 to 300 keeps the suite quick.
   */
  readonly deadlineMs: number;
  readonly link: Link;
  /**
   * Counts the resources of this client: open connections, listeners on the driver, timers. It
   * returns the same keys at every call.
   */
  census(): Promise<{ readonly [what: string]: number }>;
}

/** The link between one client and its server, usually a proxy on loopback. */
export interface Link {
  /** Resets the connection and refuses new ones. */
  cut(): Promise<void>;
  /** Resets the connection and accepts new ones. */
  reset(): Promise<void>;
  /**
   * Keeps connections open and accepts new ones, but passes nothing on, as with a stopped process.
   */
  freeze(): Promise<void>;
  /** Kills the open connections without notifying the client (no FIN). New ones work. */
  strand(): Promise<void>;
  heal(): Promise<void>;
  /**
   * Passes the next command to the server, and resets the connection instead of returning the
   * answer.
   */
  loseReply(): Promise<void>;
  /** Answers the next command with this error instead of passing it on. */
  refuse(answer: string): Promise<void>;
}

export interface ServerControls {
  forgetScripts?(): Promise<void>;
  /** Restarts the server with the data that it keeps. Resolves when it answers. */
  restart?(): Promise<void>;
  /** Stops the primary of this prefix and waits until another server has taken over. */
  failOver?(path: readonly string[], name: string): Promise<void>;
  /** Makes a client whose user has only the rights that the README grants for this prefix. */
  limitedTo?(path: readonly string[]): Promise<Client>;
  /**
   * Makes a client whose user may not run one command that the adapter needs. `command` is its name
   * as the server spells it.
   */
  forbidding?(): Promise<Client & { readonly command: string }>;
}

export interface ClusterControls {
  /** Returns the slot of a key or channel. */
  slot(name: string): number;
  /**
   * Returns every key that scripts on this name touch (entry, lock and fence) and every sharded
   * channel that they publish on.
   */
  placesOf(path: readonly string[], name: string): readonly string[];
  /** Starts moving this name's slot to another primary (ASK), and finishes it (MOVED). */
  beginMove(path: readonly string[], name: string): Promise<void>;
  endMove(path: readonly string[], name: string): Promise<void>;
  /** Counts the read commands that the replicas have served. */
  replicaReads(): Promise<number>;
  /**
   * Makes a client over an object with the driver's methods but another class, as with two
   * installed copies of a package.
   */
  lookalike(): Promise<Client>;
}
