import type { Cache, Clock, Lock, Random } from "@lingpai/core";
import type { Capability, Facts } from "./facts.ts";
import type {
  Client,
  ClusterControls,
  ConnectOptions,
  Core,
  LinkedClient,
  Raw,
  ServerControls,
} from "./backend.ts";

/** One promise that an adapter keeps, and how to find out. */
export interface Clause {
  /** Never reused: `CACHE-07`. */
  readonly id: string;
  /** A sentence about behaviour. */
  readonly title: string;
  /** It applies only where all of these hold. Default: everywhere. */
  readonly needs?: readonly Capability[];
  /**
   * Measures time closely, loads the store, or disturbs the server, so no other clause runs
   * meanwhile.
   */
  readonly alone?: boolean;
  /** How long it may take on a slow machine, in ms. Default 60 000. */
  readonly timeoutMs?: number;
  /** Rejects, with what was seen, when the promise is broken. */
  run(trial: Trial): Promise<void>;
}

/**
 * One clause's view of a backend. What a clause declared that it needs is there; reaching for
 * anything else fails the clause. All clients are closed after the clause.
 */
export interface Trial {
  readonly facts: Facts;
  readonly clock: Clock;
  readonly random: Random;
  /** A random prefix that is this clause's own. */
  readonly path: readonly string[];
  /** At `path`. */
  readonly cache: Cache;
  /** At `path`. */
  readonly lock: Lock;
  /** At the root, for clauses about prefixes. */
  readonly rootCache: Cache;
  readonly core: Core;
  readonly raw: Raw;
  readonly server: ServerControls;
  readonly cluster: ClusterControls;
  /** Another process's client, at `path`. */
  second(options?: { readonly clockShiftMs?: number }): Promise<TrialClient>;
  /** Another cache and lock over the first one's client object, at `path`. */
  again(): Promise<TrialClient>;
  prefixed(prefix: string): Promise<TrialClient>;
  demandFencing(): Promise<unknown>;
  connect(options?: ConnectOptions): Promise<TrialLink>;
  /** Hands a client over for closing after the clause, and shows it at `path`. */
  adopt(client: Client): TrialClient;
  elapse(ms: number): Promise<void>;
  /**
   * Lets time pass until the promise settles, and fails when it has not within `withinMs`, four
   * times that on a machine's clock.
   */
  settle<T>(promise: Promise<T>, withinMs: number): Promise<T>;
  /**
   * Lets time pass until the condition holds, and fails, saying `what`, when it does not within
   * `withinMs`, likewise.
   */
  until(what: string, condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void>;
  /** Unhandled rejections and uncaught exceptions of the process since the clause began. */
  uncaught(): readonly unknown[];
  /** Tells the suite that the data around this clause cannot have survived it. */
  expectDataLoss(): void;
}

export interface TrialClient {
  readonly cache: Cache;
  readonly lock: Lock;
  close(): Promise<void>;
}

export interface TrialLink
  extends TrialClient, Pick<LinkedClient, "deadlineMs" | "link" | "census"> {}
