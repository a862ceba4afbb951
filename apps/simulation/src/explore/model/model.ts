/** What is searched: how much may go wrong, and the protocol under test. */
import { reduce, type Rules } from "@lingpai/core/internal/state";
import { never, nobody, stranger, type Budget, type World } from "./world.ts";

export interface Bounds extends Budget {
  readonly name: string;
  readonly processes: number;
  /** How long after its intent a request may be processed, in ticks. */
  readonly drainTicks: number;
  /**
   * A tick in ms of store time. Below a minute everything is too close together for the reducer to
   * judge by age.
   */
  readonly tickMs: number;
  /** How many writes of the document a failover may forget. */
  readonly forgets: number;
  /** How far the promoted store's clock is behind, in ticks; 0 also keeps the fences rising. */
  readonly behind: number;
  /**
   * Whether the platform, asked about what was refused, calls it dead. Otherwise it says nothing
   * until it calls it alive: the complaint is all there is.
   */
  readonly confirms: boolean;
}

export type Reduce = typeof reduce;

/** The reducer and the few steps around it that decide. A mutant changes one of them. */
export interface Protocol {
  readonly reduce: Reduce;
  /** Whether the intent is written at all. */
  readonly announces: boolean;
  /** Whether the intent is written only on the version that was read. */
  readonly compares: boolean;
  /** Whether the leader reads the document again after it got the lock. */
  readonly rereads: boolean;
  /** Whether a process writes back whatever it holds of a higher epoch than what is stored. */
  readonly repairsByEpoch: boolean;
}

/** What core does. */
const productionProtocol: Protocol = {
  reduce,
  announces: true,
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

/** No quotas, no back-off: whatever they would delay may happen at once. */
function rulesFor({ drainTicks, tickMs }: Bounds): Rules {
  return {
    supersedes: true,
    canAsk: true,
    onContention: "report",
    overlapMs: 1,
    rotates: false,
    inputGraceMs: 0,
    drainMs: drainTicks * tickMs,
    quotaPerDay: 1_000_000,
    quotaReserve: 0,
    dayOffsetMs: 0,
    forced: { perDay: 0, gapMs: 0 },
    governor: { refusals: unlimited, manual: unlimited, again: { firstMs: 0, maxMs: 0 } },
    cool: { firstMs: 0, maxMs: 0 },
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
    processes: Array.from({ length: bounds.processes }, () => stranger),
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
    },
    ids: 1,
    isBlind: false,
    noticedAt: never,
  };
}
