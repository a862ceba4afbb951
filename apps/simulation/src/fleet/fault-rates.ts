/**
 * How likely each fault is in one world. Drawn from its seed, so that every seed is another
 * climate.
 */
import type { Chance } from "../world/chance.ts";

/**
 * Probabilities per occasion, and mean times between events that come by themselves; infinite where
 * they do not come.
 */
export interface Weather {
  /** Of a request to the platform, to take up to 12 s more. */
  readonly slowRequest: number;
  /** Of a request to the platform, to be processed and never answered. */
  readonly lostReply: number;
  /** Of a refresh, to lose its process at some point. */
  readonly crash: number;
  /** Of a refresh, to have its process stand still for up to 40 s at some point. */
  readonly pause: number;
  /** A replica that misses the last writes is promoted. */
  readonly failoverEveryMs: number;

  /** Of a request to the platform: code -1, or HTML from something in between. */
  readonly busyAnswer: number;
  readonly garbledAnswer: number;
  /** Of a request to the platform, to be processed later than the drain allows for. */
  readonly veryLate: number;
  /**
   * Of a request to the platform, to issue what lives for minutes only; or to be answered with a
   * lifetime that cannot be.
   */
  readonly shortLife: number;
  readonly absurdLife: number;
  /** Of a request to the platform, to be answered with what it issued last. */
  readonly repeatedAnswer: number;
  /** Of a store command, to lose the request or the reply; or to take up to 2 s. */
  readonly storeLoss: number;
  readonly storeSlow: number;
  /** Of a message of the store, not to arrive. */
  readonly messageLoss: number;
  /** Of a failover: the old primary takes writes for some seconds more. */
  readonly splitBrain: number;
  /** How far a promoted replica's clock may be behind, in ms. */
  readonly promotedSkewMs: number;
  /** Per fleet. */
  readonly platformOutageEveryMs: number;
  readonly evictionEveryMs: number;
  readonly flushEveryMs: number;
  readonly foreignIssueEveryMs: number;
  readonly storeClockStepEveryMs: number;
  readonly secretResetEveryMs: number;
  readonly storeFullEveryMs: number;
  /** Per node. */
  readonly storePartitionEveryMs: number;
  readonly platformPartitionEveryMs: number;
  readonly suspendEveryMs: number;
  readonly wallStepEveryMs: number;
  readonly restartEveryMs: number;
  readonly strikeOffEveryMs: number;
  /** Of a business call, to be under way for up to 30 s. */
  readonly longCall: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** No fault at all. */
export const calm: Weather = {
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
  strikeOffEveryMs: Number.POSITIVE_INFINITY,
  longCall: 0,
};

/**
 * The five faults for which reference figures exist; `intensity` 1 is their usual strength, 0 none.
 */
function reference(
  intensity: number,
): Pick<Weather, "slowRequest" | "lostReply" | "crash" | "pause" | "failoverEveryMs"> {
  return {
    slowRequest: Math.min(1, 0.04 * intensity),
    lostReply: Math.min(1, 0.03 * intensity),
    crash: Math.min(1, 0.01 * intensity),
    pause: Math.min(1, 0.05 * intensity),
    failoverEveryMs: (40 * minuteMs) / intensity,
  };
}

/**
 * The five, and where `wild` the rest of the fault matrix: each seed draws which of the rest it
 * has, and how strongly. They come at their usual strength at most, because most of them, made
 * stronger, are outages that no protocol can bridge.
 */
export function weatherOf(chance: Chance, intensity: number, wild: boolean): Weather {
  /**
   * How strong one fault is in this world: absent in most, and elsewhere between a tenth and the
   * whole of its usual strength.
   */
  const strength = (): number => {
    const isPresent = chance.happens(0.3);
    const drawn = chance.magnitude(0.1, 1);
    return wild && isPresent ? drawn * Math.min(1, intensity) : 0;
  };
  const odds = (usual: number): number => Math.min(0.5, usual * strength());
  const every = (usualMs: number): number => usualMs / strength();
  return {
    ...reference(intensity),
    busyAnswer: odds(0.05),
    garbledAnswer: odds(0.05),
    veryLate: odds(0.01),
    storeLoss: odds(0.02),
    storeSlow: odds(0.02),
    messageLoss: odds(0.1),
    splitBrain: odds(0.5),
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
    shortLife: odds(0.05),
    absurdLife: odds(0.05),
    repeatedAnswer: odds(0.05),
    storeFullEveryMs: every(4 * hourMs),
    secretResetEveryMs: every(4 * hourMs),
    strikeOffEveryMs: every(4 * hourMs),
  };
}

/** The faults that this world has, for people. */
export function describeWeather(weather: Weather): string {
  const parts = Object.entries(weather).flatMap(([name, value]: [string, number]) => {
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
