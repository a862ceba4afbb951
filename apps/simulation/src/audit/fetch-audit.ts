/**
 * Judges the number of token requests: for one generation, in flight at once, and per day.
 */
import type { Finding } from "./document-audit.ts";
import type { Injection } from "./fault-ledger.ts";
import type { Fetch } from "../platform/wechat.ts";

const dayMs = 86_400_000;
const shanghaiMs = 28_800_000;
const fetchDeadlineMs = 8_000;
/** The platform's usual quota. */
const ampleQuota = 2_000;
/** A refusal that only a person can mend is retried after a minute, less jitter. */
const askedAgainAfterMs = 45_000;

export interface FetchLimits {
  readonly perDay: number;
}

export class FetchAudit {
  readonly #limits: FetchLimits;
  readonly #fetches: Fetch[] = [];
  readonly #perDay = new Map<number, number>();
  readonly #sentPerDay = new Map<number, number>();
  /**
   * When the budget for refusals is full again. It allows 10 % of the quota at once and half of it
   * in a day.
   */
  #refusalsMs = 0;
  /** The number of fetches that the store's count may have lost. */
  #forgotten = 0;

  constructor(limits: FetchLimits) {
    this.#limits = limits;
  }

  lostWrites(count: number): void {
    this.#forgotten += count;
  }

  /** Returns true if a request between ended with a credential, whose commit closes all breakers. */
  #hasIssued(fromMs: number, untilMs: number): boolean {
    return this.#fetches.some(
      ({ endedAtMs = Number.POSITIVE_INFINITY, outcome, sentAtMs }) =>
        outcome === "issued" && sentAtMs >= fromMs && endedAtMs < untilMs,
    );
  }

  /** @param isDisturbed whether a fault has hit this process, or all of them, since `fromMs`. */
  sent(fetch: Fetch, isDisturbed: (name: string, fromMs: number) => boolean): readonly Finding[] {
    const findings: Finding[] = [];
    const generation = fetch.request.current?.secret.fingerprint;
    for (const other of this.#fetches) {
      if (isDisturbed(other.process.name, other.sentAtMs)) continue;
      const inFlight =
        other.endedAtMs === undefined && fetch.sentAtMs < other.sentAtMs + fetchDeadlineMs;
      if (inFlight)
        findings.push({
          promise: "I3",
          what: `requests ${other.number} and ${fetch.number} are in flight at once`,
        });
      const isTooSoon = fetch.sentAtMs - other.sentAtMs < askedAgainAfterMs;
      if (
        other.outcome === "fatal" &&
        isTooSoon &&
        other.process === fetch.process &&
        other.secret === fetch.secret &&
        !this.#hasIssued(other.sentAtMs, fetch.sentAtMs)
      ) {
        findings.push({
          promise: "I15",
          what: `request ${fetch.number} repeats within a minute request ${other.number}, which was refused until a person fixes the cause`,
        });
      }
      const isRepeat = other.token === other.request.current?.secret.reveal();
      if (
        other.outcome === "issued" &&
        !isRepeat &&
        other.request.current?.secret.fingerprint === generation
      ) {
        findings.push({
          promise: "1",
          what: `requests ${other.number} and ${fetch.number} replace the same credential`,
        });
      }
    }
    const day = dayOf(fetch.sentAtMs);
    this.#sentPerDay.set(day, (this.#sentPerDay.get(day) ?? 0) + 1);
    this.#fetches.push(fetch);
    if (this.#fetches.length > 8) this.#fetches.shift();
    return findings;
  }

  /**
   * Returns whether the day's quota is used up, except for the reserve.
   */
  isSpent(nowMs: number): boolean {
    return (this.#sentPerDay.get(dayOf(nowMs)) ?? 0) >= Math.floor(0.9 * this.#limits.perDay);
  }

  /**
   * Returns the end of the day if this request uses up its quota; otherwise undefined.
   */
  spentUntilMs(nowMs: number): number | undefined {
    const sent = this.#sentPerDay.get(dayOf(nowMs)) ?? 0;
    return sent + 1 >= Math.floor(0.9 * this.#limits.perDay)
      ? (dayOf(nowMs) + 1) * dayMs - shanghaiMs
      : undefined;
  }

  /** Returns the limits that this request uses up, as faults that excuse later calls. */
  usedUpBy(fetch: Pick<Fetch, "request" | "sentAtMs">): readonly Injection[] {
    const dayMs = (this.spentUntilMs(fetch.sentAtMs) ?? 0) - fetch.sentAtMs;
    const refusalsMs = this.#refusalsGoneForMs(fetch);
    return [
      ...(dayMs > 0 ? [{ name: "day's quota spent", forMs: dayMs } as const] : []),
      ...(refusalsMs > 0
        ? [{ name: "small quota's budget for refusals spent", forMs: refusalsMs } as const]
        : []),
    ];
  }

  /**
   * Returns for how long, in ms, no fetch for another refusal is left after this request. 0: one is
   * left. Faults of the platform can use up only a small quota.
   */
  #refusalsGoneForMs({ request, sentAtMs }: Pick<Fetch, "request" | "sentAtMs">): number {
    const { perDay } = this.#limits;
    if (request.reason !== "rejected" || perDay >= ampleQuota) return 0;
    const everyMs = dayMs / (0.5 * perDay);
    this.#refusalsMs = Math.max(sentAtMs, this.#refusalsMs) + everyMs;
    return Math.max(0, this.#refusalsMs - sentAtMs - (Math.floor(0.1 * perDay) - 1) * everyMs);
  }

  processed(fetch: Fetch): void {
    const day = dayOf(fetch.processedAtMs ?? 0);
    this.#perDay.set(day, (this.#perDay.get(day) ?? 0) + 1);
  }

  /** Judges promise 6 for the whole run. */
  summary(): readonly Finding[] {
    return [...this.#perDay.values()]
      .filter((count) => count > this.#limits.perDay + this.#forgotten)
      .map((count) => ({
        promise: "6",
        what: `${count} fetches in one day, where the ledger's cap is ${this.#limits.perDay}`,
      }));
  }
}

/** The number of the platform's day, in China time. */
function dayOf(atMs: number): number {
  return Math.floor((atMs + shanghaiMs) / dayMs);
}
