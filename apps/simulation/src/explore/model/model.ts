/** The model of one search: its bounds, its rules and the protocol under test. */
import { reduce, type Rules } from "@lingpai/core/internal/state";
import { never, nobody, freshProcess, type Budget, type World } from "./world.ts";

export interface Bounds extends Budget {
  readonly name: string;
  readonly processes: number;
  /** How long after its intent a request may be processed, in ticks. */
  readonly drainTicks: number;
  /**
   * The length of a tick in ms of store time. Below a minute the reducer never compares credentials
   * by age.
   */
  readonly tickMs: number;
  /** The most writes of the document that a failover may lose. */
  readonly forgets: number;
  /**
   * How far the clock of the promoted store is behind, in ticks. With 0, fences also keep rising.
   */
  readonly behind: number;
  /**
   * True if the platform, when probed, calls a refused credential dead. Otherwise it gives no
   * answer until it calls the credential alive, so the report is the only evidence.
   */
  readonly confirms: boolean;
}

export type Reduce = typeof reduce;

/** The reducer and the decisions around it. A mutant changes one of them. */
export interface Protocol {
  readonly reduce: Reduce;
  /** True if an intent is written. */
  readonly writesIntent: boolean;
  /** True if the intent is written only over the version that was read. */
  readonly compares: boolean;
  /** True if the leader reads the document again after it got the lock. */
  readonly rereads: boolean;
  /** True if a process writes back a credential of a higher epoch than the stored one. */
  readonly repairsByEpoch: boolean;
}

/** The protocol of core. */
const productionProtocol: Protocol = {
  reduce,
  writesIntent: true,
  compares: true,
  rereads: true,
  repairsByEpoch: false,
};

export interface Model {
  readonly bounds: Bounds;
  readonly protocol: Protocol;
  readonly rules: Rules;
}

export function modelOf(bounds: Bounds, protocol: Partial<Protocol> = {}): Model {
  return { bounds, protocol: { ...productionProtocol, ...protocol }, rules: rulesFor(bounds) };
}

const unlimited = { burst: 1_000_000, intervalMs: 0 };

/** Rules without quotas and back-off, so that everything they would delay may happen at once. */
function rulesFor({ drainTicks, tickMs }: Bounds): Rules {
  return {
    supersedes: true,
    canAsk: true,
    onContention: "report",
    overlapMs: 1,
    rotates: false,
    inputGraceMs: 0,
    drainMs: drainTicks * tickMs,
    marginMs: 0,
    quotaPerDay: 1_000_000,
    quotaReserve: 0,
    dayOffsetMs: 0,
    forced: { perDay: 0, gapMs: 0 },
    governor: { refusals: unlimited, manual: unlimited, again: { firstMs: 0, maxMs: 0 } },
    backOff: { firstMs: 0, maxMs: 0 },
  };
}

/** Long after the epoch, so that a clock that is behind still shows a positive time. */
const startTick = 100;

export function start({ bounds }: Model): World {
  const {
    refreshes,
    sends,
    expiries,
    timeouts,
    refusals,
    rejections,
    outages,
    crashes,
    failovers,
    foreign,
    resets,
  } = bounds;
  return {
    now: startTick,
    store: {
      document: undefined,
      version: 0,
      past: [],
      lock: { holder: nobody, fence: 0 },
      granted: 0,
      behind: 0,
    },
    platform: { latest: 0, isForeign: false, orphans: [] },
    processes: Array.from({ length: bounds.processes }, () => freshProcess),
    left: {
      refreshes,
      sends,
      expiries,
      timeouts,
      refusals,
      rejections,
      outages,
      crashes,
      failovers,
      foreign,
      resets,
    },
    ids: 1,
    isBlind: false,
    noticedAt: never,
    forgotten: 0,
  };
}

/** The time of the store's clock, in ms. */
export function storeNowMs({ now, store }: World, { bounds }: Model): number {
  return (now - store.behind) * bounds.tickMs;
}
