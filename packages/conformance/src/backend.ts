/**
 * What an adapter's author writes to be tested: one file, `src/conformance.fixture.ts`, that
 * exports `backends: readonly Backend[]`. The runner finds it by that name; there is no list
 * anywhere.
 */
import type {
  acquire,
  Cache,
  Clock,
  createSingleFlight,
  Lock,
  sealed,
  tryLease,
  withLease,
} from "@lingpai/core";
import type { Facts } from "./facts.ts";

/** One adapter on one backend. */
export interface Backend {
  /** The package's name without its scope: `adapter-ioredis`. */
  readonly adapter: string;
  /** What it runs on, for people: `redis 8 standalone`. */
  readonly backend: string;
  readonly facts: Facts;
  readonly waivers?: Waivers;
  /** @defaultValue every clause */
  readonly daily?: DailyPart;
  /** Starts what the clauses run against. Called once in a run. */
  start(): Promise<Running>;
}

/**
 * Which clauses of a backend the bindings for test runners run, when another backend of the same
 * adapter on the same kind of server runs the others. With `LINGPAI_CONFORMANCE=full` in the
 * environment they run all.
 */
export interface DailyPart {
  /** How the ids of its clauses begin: `FAULT`, `WATCH-05`. None: it is not even started. */
  readonly clauses: readonly string[];
  /** The `backend` of the one that runs the rest. */
  readonly restBy: string;
}

/**
 * Clauses that are known to fail, each with the reason. One that passes five times in a row, or
 * that does not exist, fails the build.
 */
export type Waivers = { readonly [clauseId: string]: string };

export interface Running {
  /**
   * One clause's world. Several are open at once on the same server, so clauses keep to random
   * prefixes of their own; a backend with a manual clock makes a store for each.
   */
  open(): Promise<Fixture>;
  stop(): Promise<void>;
}

/** What core adds over an adapter. */
export interface Core {
  readonly acquire: typeof acquire;
  readonly tryLease: typeof tryLease;
  readonly withLease: typeof withLease;
  readonly createSingleFlight: typeof createSingleFlight;
  readonly sealed: typeof sealed;
}

/** A cache and a lock of one process, over a client of their own. */
export interface Client {
  /** At the store's root: the clauses add prefixes. */
  readonly cache: Cache;
  /** Present when `facts.locks`. */
  readonly lock?: Lock;
  /**
   * Closes the cache and then the client under it. The suite calls it for every client that it was
   * handed.
   */
  close(): Promise<void>;
}

export interface Fixture extends Client {
  /** The clock that the adapter was given. */
  readonly clock: Clock;
  /**
   * Lets time pass for the store and for `clock`: a manual clock advances and runs what became due,
   * a real one waits. Resolves after the microtasks that followed.
   */
  elapse(ms: number): Promise<void>;
  /**
   * Another process's client of the same store. `clockShiftMs` puts its own clock off, the store's
   * stays.
   */
  second(options?: { readonly clockShiftMs?: number }): Promise<Client>;
  /**
   * A new cache and lock over the very client or store object that `cache` was made from. Its
   * `close` leaves that object open.
   */
  again(): Promise<Client>;
  /**
   * What the clauses call of core. Leave it out: it is there so that the clauses can be tested.
   * @defaultValue core's functions
   */
  readonly core?: Core;
  /**
   * Another client whose driver puts this before every key (ioredis `keyPrefix`, a Keyv namespace).
   * Present when `facts.clientPrefixes`.
   */
  prefixed?(prefix: string): Promise<Client>;
  /**
   * Constructs a lock of which fences are demanded. Present when there are locks and
   * `facts.fencing` is false: it must throw.
   */
  demandFencing?(): Promise<unknown>;
  /** Present when `facts.foreignWriters`. */
  readonly raw?: Raw;
  /**
   * Present when `facts.linked`: a client with a connection of its own, which the clause may break
   * without disturbing others.
   */
  connect?(options?: ConnectOptions): Promise<LinkedClient>;
  /**
   * What can be done to the server itself; each member present as its fact says. Clauses that use
   * it run alone.
   */
  readonly server?: ServerControls;
  /** Present when `facts.cluster`. */
  readonly cluster?: ClusterControls;
}

/** Round the adapter: the backend's own names and bytes. */
export interface Raw {
  /** Where the adapter keeps this entry. */
  entry(path: readonly string[], key: string): string;
  /** Where the adapter keeps this lock's state. Present when `facts.locks`. */
  lock?(path: readonly string[], name: string): string;
  /** Where it keeps this lock's fence, if that is a name of its own. */
  fence?(path: readonly string[], name: string): string;
  /**
   * Everything that is stored there, of whatever type, as text that is equal only when the content
   * is; undefined when nothing is.
   */
  peek(name: string): Promise<string | undefined>;
  /** Stores these bytes there as the backend's plainest type, without expiry. */
  poke(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  /**
   * The channel on which changes under a path are told. Present when `facts.pushesChanges` and it
   * can be reached from outside.
   */
  readonly channel?: RawChannel;
  /**
   * Ways to put something there that an entry must not be: another type, an older and a newer
   * layout, a truncated one. At least two.
   */
  readonly foreign: readonly { readonly title: string; put(name: string): Promise<void> }[];
}

export interface RawChannel {
  /** Sends things that the adapter never sends, in this order. */
  publish(path: readonly string[], ...payloads: readonly Uint8Array[]): Promise<void>;
  /** Collects the text of every message until `stop`. */
  overhear(
    path: readonly string[],
  ): Promise<{ readonly messages: readonly string[]; stop(): Promise<void> }>;
}

export interface ConnectOptions {
  /**
   * The state of the link when the client is made; with `connecting` it is up and the client is
   * handed over at once. Default `up`.
   */
  readonly initially?: "up" | "down" | "connecting";
  /**
   * The adapter's deadline, in ms, for a clause that is not about deadlines. Default
   * {@link LinkedClient.deadlineMs}'s own.
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
   * What this client holds of the process: open connections, listeners on the driver, timers. The
   * same keys at every call.
   */
  census(): Promise<{ readonly [what: string]: number }>;
}

/** One client's way to its server. Usually a proxy on loopback. */
export interface Link {
  /** Resets the connection and refuses new ones. */
  cut(): Promise<void>;
  /** Resets the connection; new ones are accepted. */
  reset(): Promise<void>;
  /**
   * Connections stay open and new ones are accepted, but nothing gets through, as with a stopped
   * process.
   */
  freeze(): Promise<void>;
  /** Kills the open connections without telling the client (no FIN); new ones work. */
  strand(): Promise<void>;
  heal(): Promise<void>;
  /**
   * Lets the next command reach the server, then resets the connection instead of passing the
   * answer on.
   */
  loseReply(): Promise<void>;
  /** Answers the next command with this error instead of passing it on. */
  refuse(answer: string): Promise<void>;
}

export interface ServerControls {
  forgetScripts?(): Promise<void>;
  /** Stops the server and starts it again with the data that it keeps; resolves when it answers. */
  restart?(): Promise<void>;
  /** Stops the primary that holds this prefix and waits until another has taken over. */
  failOver?(path: readonly string[], name: string): Promise<void>;
  /** A client whose user may do what the README's rule grants for this prefix, and nothing else. */
  limitedTo?(path: readonly string[]): Promise<Client>;
  /**
   * A client whose user may not run one command that the adapter needs, and that command's name as
   * the server spells it.
   */
  forbidding?(): Promise<Client & { readonly command: string }>;
}

export interface ClusterControls {
  /** The slot of a key or channel. */
  slot(name: string): number;
  /**
   * Every key that one script on this name touches, its entry, lock and fence, and every sharded
   * channel that it publishes on.
   */
  placesOf(path: readonly string[], name: string): readonly string[];
  /** Starts moving this name's slot to another primary (ASK), and finishes it (MOVED). */
  beginMove(path: readonly string[], name: string): Promise<void>;
  endMove(path: readonly string[], name: string): Promise<void>;
  /** How many commands that read data the replicas have served. */
  replicaReads(): Promise<number>;
  /**
   * A client over an object that has the driver's methods but not its class, as when two copies of
   * a package are installed.
   */
  lookalike(): Promise<Client>;
}
