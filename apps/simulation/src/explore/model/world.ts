/**
 * Everything there is in one situation of the search: the store, the platform, the processes, and
 * what may still go wrong.
 */
import type { StoredCredential, Intent, State } from "@lingpai/core/internal/state";
import type { Goal } from "./goal.ts";
import type { Model } from "./model.ts";

export interface World {
  /** True time in ticks. Everything that needs no time may happen within one. */
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
   * A failover and a crash have together destroyed every trace of a request: from then on nobody
   * can know.
   */
  readonly isBlind: boolean;
  /**
   * True time when a holder last told that it had lost its lease to another: of requests announced
   * by then the fleet has been warned.
   */
  readonly noticedAt: number;
}

export const never = -1;

/** How often each thing may still happen. */
export interface Budget {
  /** Refreshes that nothing asks for: what a window of time would start. */
  readonly refreshes: number;
  /** Requests of the fleet, of any reason. */
  readonly sends: number;
  readonly expiries: number;
  readonly timeouts: number;
  readonly refusals: number;
  readonly rejections: number;
  readonly outages: number;
  readonly crashes: number;
  readonly failovers: number;
  readonly foreign: number;
}

export interface Store {
  readonly document: State | undefined;
  readonly version: number;
  /** What a failover may bring back, oldest first. */
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

/** Values of `lock.holder` that are no process. */
export const nobody = -1;
export const dead = -2;

export interface Platform {
  /** The serial number of the last credential that it issued to the fleet; 0 before the first. */
  readonly latest: number;
  /** Whether somebody outside the fleet has been issued one since. */
  readonly isForeign: boolean;
  /**
   * Requests that nobody waits for any more and that it may still process: the true times of their
   * intents.
   */
  readonly orphans: readonly number[];
}

/** One process, as far as it matters: what it holds, what it remembers, what it is doing. */
export interface Process {
  readonly held: StoredCredential | undefined;
  /** The newest document that it has taken note of. */
  readonly known: State | undefined;
  readonly replaced: readonly string[];
  readonly refused: readonly string[];
  /** The refused credential that it wants replaced. */
  readonly wants: string | undefined;
  readonly flight: Flight | undefined;
  /** An answer that the store did not take yet. */
  readonly pending: Flight | undefined;
}

/**
 * `leased`: holds the lock and has read the document. `announced`: its intent is stored. `sent`: it
 * waits for the platform. `failed`: it gave up waiting and has not told the fleet.
 */
export interface Flight {
  readonly phase: "leased" | "announced" | "sent" | "failed";
  readonly goal: Goal;
  readonly fence: number;
  /** Whether it may still believe in its lease. */
  readonly isHeld: boolean;
  /** The version of the document that it read last. */
  readonly base: number;
  readonly operationId: string;
  readonly outcomeId: string;
  readonly intent: Intent | undefined;
  /** True time of the intent. */
  readonly at: number;
  /** What the document held when the intent was written. */
  readonly replaces: StoredCredential | undefined;
  /** The credential that the platform issued for it, as soon as it did. */
  readonly issued: number | undefined;
  /** Another fetch was announced since its own announcement. */
  readonly isOvertaken: boolean;
  /** When it was announced, another request could still be processed. */
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

export function spent(world: World, what: keyof Budget): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}

/** Frees the lock if this process holds it under this fence. */
export function released(world: World, index: number, fence: number): World {
  const { lock } = world.store;
  if (lock.holder !== index || lock.fence !== fence) return world;
  return { ...world, store: { ...world.store, lock: { ...lock, holder: nobody } } };
}

/** What the store's clock shows, in ms. */
export function storeNowMs({ now, store }: World, { bounds }: Model): number {
  return (now - store.behind) * bounds.tickMs;
}

export function fingerprintOf(serial: number): string {
  return `t${serial}`;
}

export function serialOf(fingerprint: string): number {
  return Number(fingerprint.slice(1));
}

export const stranger: Process = {
  held: undefined,
  known: undefined,
  replaced: [],
  refused: [],
  wants: undefined,
  flight: undefined,
  pending: undefined,
};
