/**
 * One situation of the search: the store, the platform, the processes, and the faults that may
 * still occur.
 */
import type { StoredCredential, Intent, State } from "@lingpai/core/internal/state";

export interface World {
  /** True time in ticks. Any number of steps may happen within one tick. */
  readonly now: number;
  readonly store: Store;
  readonly platform: Platform;
  readonly processes: readonly Process[];
  readonly left: Budget;
  /**
   * The next fresh identifier. Identifiers are random in production; here they are renamed before
   * situations are compared.
   */
  readonly ids: number;
  /**
   * A failover and a crash have destroyed every record of a request. From then on no process can
   * know of it.
   */
  readonly isBlind: boolean;
  /**
   * True time of the last report that a holder lost its lease to another process. The fleet knows
   * of requests whose intents are older.
   */
  readonly noticedAt: number;
  /** The serial number of the last credential that an operator reset. */
  readonly forgotten: number;
}

export const never = -1;

/** How often each event may still happen. */
export interface Budget {
  /** Planned refreshes, which a time window would start. */
  readonly refreshes: number;
  /** Requests of the fleet, for any reason. */
  readonly sends: number;
  readonly expiries: number;
  readonly timeouts: number;
  readonly refusals: number;
  readonly rejections: number;
  readonly outages: number;
  readonly crashes: number;
  readonly failovers: number;
  readonly foreign: number;
  /** Resets by an operator. */
  readonly resets: number;
}

export interface Store {
  readonly document: State | undefined;
  readonly version: number;
  /** The documents that a failover may restore, oldest first. */
  readonly past: readonly Snapshot[];
  readonly lock: { readonly holder: number; readonly fence: number };
  /** The highest fence that was ever granted. */
  readonly granted: number;
  /** How far its clock is behind true time, in ticks. */
  readonly behind: number;
}

export interface Snapshot {
  readonly document: State | undefined;
  readonly version: number;
  readonly fence: number;
}

/** Values of `lock.holder` without a live process: the lock is free, or its holder crashed. */
export const nobody = -1;
export const dead = -2;

export interface Platform {
  /** The serial number of the last credential that it issued to the fleet; 0 before the first. */
  readonly latest: number;
  /** True if a system outside the fleet has fetched a credential since. */
  readonly isForeign: boolean;
  /**
   * The true times of the intents of abandoned requests, which the platform may still process.
   */
  readonly orphans: readonly number[];
}

/** One process: its credential, its knowledge and its present attempt. */
export interface Process {
  readonly cached: StoredCredential | undefined;
  /** The newest document that it has read. */
  readonly known: State | undefined;
  readonly replaced: readonly string[];
  readonly refused: readonly string[];
  /** The refused credential that it wants replaced. */
  readonly wants: string | undefined;
  readonly attempt: Attempt | undefined;
  /** An attempt whose answer is not stored yet. */
  readonly pending: Attempt | undefined;
}

/** The goal of a refresh, as in core's manager. */
export interface Goal {
  readonly reason: "cold" | "advisory" | "rejected" | "reconcile";
  readonly replaces?: string | undefined;
  readonly refused?: string | undefined;
}

/**
 * One attempt to refresh. `leased`: it has the lock and has read the document. `intent-written`:
 * its intent is stored. `sent`: it waits for the platform. `failed`: it timed out and has not
 * recorded that yet.
 */
export interface Attempt {
  readonly phase: "leased" | "intent-written" | "sent" | "failed";
  readonly goal: Goal;
  readonly fence: number;
  /** True if it still trusts its lease. */
  readonly isHeld: boolean;
  /** The version of the document that it last read. */
  readonly base: number;
  readonly operationId: string;
  readonly outcomeId: string;
  readonly intent: Intent | undefined;
  /** True time of the intent. */
  readonly at: number;
  /** The stored credential when the intent was written. */
  readonly replaces: StoredCredential | undefined;
  /** The serial number of the credential that the platform issued for it. */
  readonly issued: number | undefined;
  /** Another intent was written after its own. */
  readonly isOvertaken: boolean;
  /** Another request could still be processed when its intent was written. */
  readonly isRacing: boolean;
}

export function withProcess(world: World, index: number, changes: Partial<Process>): World {
  return {
    ...world,
    processes: world.processes.map((process, i) =>
      i === index ? { ...process, ...changes } : process,
    ),
  };
}

export function spend(world: World, what: keyof Budget): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}

/** Frees the lock if this process holds it under this fence. */
export function released(world: World, index: number, fence: number): World {
  const { lock } = world.store;
  if (lock.holder !== index || lock.fence !== fence) return world;
  return { ...world, store: { ...world.store, lock: { ...lock, holder: nobody } } };
}

export function fingerprintOf(serial: number): string {
  return `t${serial}`;
}

export function serialOf(fingerprint: string): number {
  return Number(fingerprint.slice(1));
}

export const freshProcess: Process = {
  cached: undefined,
  known: undefined,
  replaced: [],
  refused: [],
  wants: undefined,
  attempt: undefined,
  pending: undefined,
};
