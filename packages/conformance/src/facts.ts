/**
 * What a backend is, declared once by its adapter. A fact says which clauses apply; it never
 * excuses a failure.
 */

export interface Facts {
  /** The adapter offers a {@link Lock}. */
  readonly locks: boolean;
  /** Grants carry a fence that rises with every new holder. */
  readonly fencing: boolean;
  /** `ifVersion` is decided and applied in one step of the store. */
  readonly conditionalWrites: boolean;
  /** The store can list what it holds, so `keys()` and `clear()` work. */
  readonly enumerable: boolean;
  /** Changes are told without being asked for: `cache.watch` is there. */
  readonly pushesChanges: boolean;
  /** Releases are told without being asked for: `lock.onRelease` is there. */
  readonly pushesReleases: boolean;
  /**
   * What outlives what: nothing its client (`none`), everything its client (`client`), everything
   * also the server's restart (`server`).
   */
  readonly persistence: "none" | "client" | "server";
  /** Other processes see the same data. */
  readonly sharedBetweenProcesses: boolean;
  /** Whose clock ends a time to live: the store's, or that of whoever reads. */
  readonly clock: "store" | "client";
  /**
   * An entry may end this much later than asked, in ms; never earlier. 1 for Redis, 1000 where only
   * whole seconds are kept.
   */
  readonly ttlGranularityMs: number;
  /**
   * The longest name that the store takes, in bytes after encoding. `Infinity` when memory is the
   * limit.
   */
  readonly maxKeyBytes: number;
  /** The longest value that the store takes, in bytes of UTF-8. */
  readonly maxValueBytes: number;
  /** Anything but this adapter can write under the adapter's keys; the fixture then has `raw`. */
  readonly foreignWriters: boolean;
  /** Clients can put a prefix of their own before every key; the fixture then has `prefixed`. */
  readonly clientPrefixes: boolean;
  /**
   * A link that the clauses can break stands between a client and the store; the fixture then has
   * `connect`. False where there is no connection, and where a client finds its servers by itself,
   * past any link, as through Sentinel and in a Cluster.
   */
  readonly linked: boolean;
  /** The store keeps scripts that it may forget; the fixture then has `server.forgetScripts`. */
  readonly scripted: boolean;
  /**
   * The store can limit a user to one prefix, and forbid commands; the fixture then has
   * `server.limitedTo` and `server.forbidding`.
   */
  readonly accessControlled: boolean;
  /** The server can be restarted with its data; the fixture then has `server.restart`. */
  readonly restartable: boolean;
  /** A replica can take over; the fixture then has `server.failOver`. */
  readonly replicated: boolean;
  /** Names are spread over several primaries; the fixture then has `cluster`. */
  readonly cluster: boolean;
  /**
   * How late an answer or a timer may be on the test machine, in ms. 0 under a manual clock; 25
   * suits a server on loopback.
   */
  readonly toleranceMs: number;
  /**
   * What the server may answer instead of obeying, and what must become of it. Empty when nothing
   * can be refused.
   */
  readonly refusals: readonly Refusal[];
}

export interface Refusal {
  /**
   * The server's answer as the client gets it:
   * `READONLY You can't write against a read only replica.`
   */
  readonly answer: string;
  /** The code that the adapter's error must carry, and for `CACHE_UNAVAILABLE` its reason. */
  readonly code: "CACHE_UNAVAILABLE" | "UNREADABLE_ENTRY" | "CONFIGURATION";
  readonly reason?: string;
  readonly retryable: boolean;
}

/** The facts of a complete store within one process: start from these and state what differs. */
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

/** What a clause can need. Each is true or false by the facts alone. */
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
 * Capabilities that are not simply a fact's own name: how they follow, and the fact that is named
 * when they do not hold.
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
 * The fact that excludes a clause with these needs, as `name: value`; undefined when the clause
 * applies.
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
