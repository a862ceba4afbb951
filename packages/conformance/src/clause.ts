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

/** One promise of an adapter, and its test. */
export interface Clause {
  /** Never reused: `CACHE-07`. */
  readonly id: string;
  /** A sentence about the behaviour. */
  readonly title: string;
  /** The capabilities that a backend must have for this clause to apply. Default: none. */
  readonly needs?: readonly Capability[];
  /**
   * True if no other clause may run meanwhile, because this one measures time closely, loads the
   * store or disturbs the server.
   */
  readonly alone?: boolean;
  /** How long it may take on a slow machine, in ms. Default 60 000. */
  readonly timeoutMs?: number;
  /** Rejects if the promise is broken. The error shows the observed behaviour. */
  run(trial: Trial): Promise<void>;
}

/**
 * One clause's view of a backend. It has the capabilities that the clause declared in `needs`; use
 * of any other fails the clause. All clients are closed after the clause.
 */
export interface Trial {
  readonly facts: Facts;
  readonly clock: Clock;
  readonly random: Random;
  /** The random prefix of this clause. */
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
  /** Takes over a client: closes it after the clause, and returns it at `path`. */
  adopt(client: Client): TrialClient;
  elapse(ms: number): Promise<void>;
  /**
   * Lets time pass until the promise settles. Fails if it has not settled within `withinMs`, or
   * four times that on a real clock.
   */
  settle<T>(promise: Promise<T>, withinMs: number): Promise<T>;
  /**
   * Lets time pass until the condition is true. Fails with `what` if it is not within `withinMs`,
   * or four times that on a real clock.
   */
  until(what: string, condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void>;
  /** Returns the unhandled rejections and uncaught exceptions since the clause began. */
  uncaught(): readonly unknown[];
  /** Declares that the bystanders of this clause cannot have survived it. */
  expectDataLoss(): void;
}

export interface TrialClient {
  readonly cache: Cache;
  readonly lock: Lock;
  close(): Promise<void>;
}

export interface TrialLink
  extends TrialClient, Pick<LinkedClient, "deadlineMs" | "link" | "census"> {}
