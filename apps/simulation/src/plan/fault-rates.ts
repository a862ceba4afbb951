/**
 * The rate of each fault in one run. The seed draws which faults occur and how often.
 */
import type { Chance } from "../world/chance.ts";

/**
 * Probabilities per occasion, and mean times between spontaneous faults. An infinite time means
 * never.
 */
export interface FaultRates {
  /** The probability that a request to the platform takes up to 12 s more. */
  readonly slowRequest: number;
  /** The probability that a request to the platform is processed and never answered. */
  readonly lostReply: number;
  /** The probability that the process of a refresh crashes. */
  readonly crash: number;
  /** The probability that the process of a refresh is paused for up to 40 s. */
  readonly pause: number;
  /** A replica that lacks the last writes is promoted. */
  readonly failoverEveryMs: number;

  /** The probability that a request is answered with code -1, or with HTML from a proxy. */
  readonly busyAnswer: number;
  readonly garbledAnswer: number;
  /** The probability that a request is processed later than the drain allows for. */
  readonly veryLate: number;
  /**
   * The probability that a token lives only for minutes, or that an answer contains an impossible
   * lifetime.
   */
  readonly shortLife: number;
  readonly absurdLife: number;
  /** The probability that a request returns the last token again. */
  readonly repeatedAnswer: number;
  /** The probability that a store command loses its request or reply, or takes up to 2 s. */
  readonly storeLoss: number;
  readonly storeSlow: number;
  /** The probability that a message of the store is lost. */
  readonly messageLoss: number;
  /** The probability that after a failover the old primary takes writes for some seconds. */
  readonly splitBrain: number;
  /** The most that the clock of a promoted replica is behind, in ms. */
  readonly promotedSkewMs: number;
  /** The mean time between two faults of the fleet. */
  readonly platformOutageEveryMs: number;
  readonly evictionEveryMs: number;
  readonly flushEveryMs: number;
  readonly foreignIssueEveryMs: number;
  readonly storeClockStepEveryMs: number;
  readonly secretResetEveryMs: number;
  readonly storeFullEveryMs: number;
  /** The mean time between two faults of one node. */
  readonly storePartitionEveryMs: number;
  readonly platformPartitionEveryMs: number;
  readonly suspendEveryMs: number;
  readonly wallStepEveryMs: number;
  readonly restartEveryMs: number;
  readonly addressRefusalEveryMs: number;
  /** The probability that a request meets one of the kinds of `wechat-simulator --chaos`. */
  readonly chaos: number;
  /** The probability that a business call takes up to 30 s. */
  readonly longCall: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** No fault at all. */
export const noFaults: FaultRates = {
  slowRequest: 0,
  lostReply: 0,
  crash: 0,
  pause: 0,
  failoverEveryMs: Number.POSITIVE_INFINITY,
  busyAnswer: 0,
  garbledAnswer: 0,
  veryLate: 0,
  shortLife: 0,
  absurdLife: 0,
  repeatedAnswer: 0,
  storeLoss: 0,
  storeSlow: 0,
  messageLoss: 0,
  splitBrain: 0,
  promotedSkewMs: 0,
  platformOutageEveryMs: Number.POSITIVE_INFINITY,
  evictionEveryMs: Number.POSITIVE_INFINITY,
  flushEveryMs: Number.POSITIVE_INFINITY,
  foreignIssueEveryMs: Number.POSITIVE_INFINITY,
  storeClockStepEveryMs: Number.POSITIVE_INFINITY,
  storeFullEveryMs: Number.POSITIVE_INFINITY,
  secretResetEveryMs: Number.POSITIVE_INFINITY,
  storePartitionEveryMs: Number.POSITIVE_INFINITY,
  platformPartitionEveryMs: Number.POSITIVE_INFINITY,
  suspendEveryMs: Number.POSITIVE_INFINITY,
  wallStepEveryMs: Number.POSITIVE_INFINITY,
  restartEveryMs: Number.POSITIVE_INFINITY,
  addressRefusalEveryMs: Number.POSITIVE_INFINITY,
  chaos: 0,
  longCall: 0,
};

/**
 * The five faults for which reference figures exist; `intensity` 1 is their usual strength, 0 none.
 */
function reference(
  intensity: number,
): Pick<FaultRates, "slowRequest" | "lostReply" | "crash" | "pause" | "failoverEveryMs"> {
  return {
    slowRequest: Math.min(1, 0.04 * intensity),
    lostReply: Math.min(1, 0.03 * intensity),
    crash: Math.min(1, 0.01 * intensity),
    pause: Math.min(1, 0.05 * intensity),
    failoverEveryMs: (40 * minuteMs) / intensity,
  };
}

/**
 * Draws the rates: the five reference faults, and with `wild` a choice of all others. The others
 * have at most their usual strength, because stronger ones are outages that no protocol can
 * survive.
 */
export function faultRatesOf(chance: Chance, intensity: number, wild: boolean): FaultRates {
  /**
   * Draws the strength of one fault: 0 in most runs, otherwise between a tenth and all of its usual
   * strength.
   */
  const strength = (): number => {
    const isPresent = chance.happens(0.3);
    const drawn = chance.magnitude(0.1, 1);
    return wild && isPresent ? drawn * Math.min(1, intensity) : 0;
  };
  const probability = (usual: number): number => Math.min(0.5, usual * strength());
  const every = (usualMs: number): number => usualMs / strength();
  return {
    ...reference(intensity),
    busyAnswer: probability(0.05),
    garbledAnswer: probability(0.05),
    veryLate: probability(0.01),
    storeLoss: probability(0.02),
    storeSlow: probability(0.02),
    messageLoss: probability(0.1),
    splitBrain: probability(0.5),
    promotedSkewMs: strength() > 0 ? 5_000 : 0,
    platformOutageEveryMs: every(8 * hourMs),
    evictionEveryMs: every(2 * hourMs),
    flushEveryMs: every(10 * hourMs),
    foreignIssueEveryMs: every(8 * hourMs),
    storeClockStepEveryMs: every(8 * hourMs),
    storePartitionEveryMs: every(4 * hourMs),
    platformPartitionEveryMs: every(4 * hourMs),
    suspendEveryMs: every(4 * hourMs),
    wallStepEveryMs: every(4 * hourMs),
    restartEveryMs: every(4 * hourMs),
    longCall: intensity > 0 ? 0.02 : 0,
    shortLife: probability(0.05),
    absurdLife: probability(0.05),
    repeatedAnswer: probability(0.05),
    storeFullEveryMs: every(4 * hourMs),
    secretResetEveryMs: every(4 * hourMs),
    addressRefusalEveryMs: every(4 * hourMs),
    chaos: probability(0.1),
  };
}

/** Returns the faults and their rates as a line for people. */
export function describeFaultRates(rates: FaultRates): string {
  const parts = Object.entries(rates).flatMap(([name, value]: [string, number]) => {
    if (name.endsWith("EveryMs"))
      return Number.isFinite(value)
        ? [`${name.slice(0, -2)} ${(value / minuteMs).toFixed(0)} min`]
        : [];
    if (value === 0) return [];
    return [
      name.endsWith("Ms")
        ? `${name.slice(0, -2)} ${value} ms`
        : `${name} ${(value * 100).toFixed(2)} %`,
    ];
  });
  return parts.length === 0 ? "no faults" : parts.join(", ");
}
