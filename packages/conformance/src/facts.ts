/**
 * The facts of a backend, declared once by its adapter. They decide which clauses apply. They never
 * excuse a failure.
 */

export interface Facts {
  /** The adapter offers a {@link Lock}. */
  readonly locks: boolean;
  /** Grants carry a fence that rises with every new holder. */
  readonly fencing: boolean;
  /** `ifVersion` is decided and applied in one step of the store. */
  readonly conditionalWrites: boolean;
  /** The store can list its entries, so `keys()` and `clear()` work. */
  readonly enumerable: boolean;
  /** The store pushes changes: `cache.watch` exists. */
  readonly pushesChanges: boolean;
  /** The store pushes releases: `lock.onRelease` exists. */
  readonly pushesReleases: boolean;
  /**
   * How long data survives: not beyond its client (`none`), beyond its client (`client`), or also
   * beyond a restart of the server (`server`).
   */
  readonly persistence: "none" | "client" | "server";
  /** Other processes see the same data. */
  readonly sharedBetweenProcesses: boolean;
  /** The clock that ends a time to live: the store's, or the reading client's. */
  readonly clock: "store" | "client";
  /**
   * How much later than requested an entry may end, in ms; it never ends earlier. 1 for Redis, 1000
   * for a store that keeps whole seconds.
   */
  readonly ttlGranularityMs: number;
  /**
   * The longest name that the store accepts, in bytes after encoding. `Infinity` if memory is the
   * limit.
   */
  readonly maxKeyBytes: number;
  /** The longest value that the store accepts, in bytes of UTF-8. */
  readonly maxValueBytes: number;
  /** Other software can write under the adapter's keys. The fixture then has `raw`. */
  readonly foreignWriters: boolean;
  /** Clients can add their own prefix to every key. The fixture then has `prefixed`. */
  readonly clientPrefixes: boolean;
  /**
   * Between a client and the store there is a link that the clauses can break. The fixture then has
   * `connect`. False if there is no connection, and if a client finds its servers by itself, as
   * through Sentinel and in a Cluster.
   */
  readonly linked: boolean;
  /** The store caches scripts and may forget them. The fixture then has `server.forgetScripts`. */
  readonly scripted: boolean;
  /**
   * The store can limit a user to one prefix and forbid commands. The fixture then has
   * `server.limitedTo` and `server.forbidding`.
   */
  readonly accessControlled: boolean;
  /** The server can be restarted with its data. The fixture then has `server.restart`. */
  readonly restartable: boolean;
  /** A replica can take over. The fixture then has `server.failOver`. */
  readonly replicated: boolean;
  /** Names are spread over several primaries. The fixture then has `cluster`. */
  readonly cluster: boolean;
  /**
   * How late an answer or a timer may be on the test machine, in ms. 0 with a manual clock; 25 is
   * right for a server on loopback.
   */
  readonly toleranceMs: number;
  /**
   * The error answers of the server, each with the adapter's error for it. Empty if the store
   * refuses nothing.
   */
  readonly refusals: readonly Refusal[];
}

export interface Refusal {
  /**
   * The answer as the client receives it:
   * `READONLY You can't write against a read only replica.`
   */
  readonly answer: string;
  /** The code of the adapter's error and, for `CACHE_UNAVAILABLE`, its reason. */
  readonly code: "CACHE_UNAVAILABLE" | "UNREADABLE_ENTRY" | "CONFIGURATION";
  readonly reason?: string;
  readonly retryable: boolean;
}

/** The facts of a complete store within one process. Start from these and change what differs. */
export const inProcess: Facts = {
  locks: true,
  fencing: true,
  conditionalWrites: true,
  enumerable: true,
  pushesChanges: true,
  pushesReleases: true,
  persistence: "none",
  sharedBetweenProcesses: false,
  clock: "store",
  ttlGranularityMs: 1,
  maxKeyBytes: Infinity,
  maxValueBytes: Infinity,
  foreignWriters: false,
  clientPrefixes: false,
  linked: false,
  scripted: false,
  accessControlled: false,
  restartable: false,
  replicated: false,
  cluster: false,
  toleranceMs: 0,
  refusals: [],
};

/** The capabilities that a clause can need. The facts decide whether a backend has them. */
export type Capability =
  | "locks"
  | "fencing"
  | "unfenced"
  | "conditionalWrites"
  | "enumerable"
  | "pushesChanges"
  | "pushesReleases"
  | "polledReleases"
  | "sharedBetweenProcesses"
  | "storeClock"
  | "coarseTtl"
  | "boundedKeys"
  | "foreignWriters"
  | "clientPrefixes"
  | "linked"
  | "scripted"
  | "accessControlled"
  | "restartable"
  | "outlivesClient"
  | "survivesRestart"
  | "replicated"
  | "cluster"
  | "refusals";

/**
 * The capabilities that are derived from facts, with the fact that is named if a backend lacks
 * them.
 */
const derived: {
  readonly [C in Capability]?: { readonly fact: keyof Facts; holds(facts: Facts): boolean };
} = {
  unfenced: { fact: "fencing", holds: (facts) => facts.locks && !facts.fencing },
  polledReleases: {
    fact: "pushesReleases",
    holds: (facts) => facts.locks && !facts.pushesReleases,
  },
  storeClock: { fact: "clock", holds: (facts) => facts.clock === "store" },
  coarseTtl: { fact: "ttlGranularityMs", holds: (facts) => facts.ttlGranularityMs > 1 },
  boundedKeys: { fact: "maxKeyBytes", holds: (facts) => Number.isFinite(facts.maxKeyBytes) },
  outlivesClient: { fact: "persistence", holds: (facts) => facts.persistence !== "none" },
  survivesRestart: {
    fact: "persistence",
    holds: (facts) => facts.restartable && facts.persistence === "server",
  },
  refusals: { fact: "refusals", holds: (facts) => facts.refusals.length > 0 },
};

/**
 * Returns the fact that excludes a clause with these needs, as `name: value`, or undefined if the
 * clause applies.
 */
export function excludedBy(facts: Facts, needs: readonly Capability[]): string | undefined {
  for (const need of needs) {
    const rule = derived[need];
    const fact = rule?.fact ?? (need as keyof Facts);
    const holds = rule === undefined ? facts[fact] === true : rule.holds(facts);
    if (!holds) return `${fact}: ${JSON.stringify(facts[fact])}`;
  }
  return undefined;
}
