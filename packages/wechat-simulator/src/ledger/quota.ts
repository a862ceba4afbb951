/** How many requests the platform accepts from one account at each endpoint. */
import { minuteOf, shanghaiDay, shanghaiMonth } from "./day.ts";

export interface Limits {
  /** Accepted requests per Shanghai day. */
  readonly perDay?: number;
  /** Accepted requests per clock minute. */
  readonly perMinute?: number;
}

/** By endpoint path. */
export type LimitTable = Readonly<Record<string, Limits>>;

/**
 * The limits of a formal account. {@link testLimits} replace some of them for a test account.
 * Endpoints that are not listed have {@link otherLimits}.
 */
export const formalLimits: LimitTable = {
  "/cgi-bin/token": { perDay: 2_000 },
  "/cgi-bin/stable_token": { perDay: 500_000, perMinute: 10_000 },
  "/cgi-bin/ticket/getticket": { perDay: 1_000_000 },
};

export const testLimits: LimitTable = { "/cgi-bin/token": { perDay: 200 } };

const otherLimits: Limits = { perDay: 5_000_000 };

const clearsPerMonth = 10;

export interface Usage {
  readonly perDay: number;
  readonly used: number;
  readonly perMinute: number;
}

class Meter {
  day = 0;
  usedToday = 0;
  minute = 0;
  usedThisMinute = 0;

  roll(atMs: number): void {
    const day = shanghaiDay(atMs);
    if (day !== this.day) {
      this.day = day;
      this.usedToday = 0;
    }
    const minute = minuteOf(atMs);
    if (minute !== this.minute) {
      this.minute = minute;
      this.usedThisMinute = 0;
    }
  }
}

/** The counters of one account. Refused requests cost nothing. */
export class Quotas {
  readonly #limits: Map<string, Limits>;
  readonly #meters = new Map<string, Meter>();
  #month = 0;
  #clears = 0;

  constructor(...tables: readonly LimitTable[]) {
    this.#limits = new Map(tables.flatMap((table) => Object.entries(table)));
  }

  /** The limit that one more request would exceed. Undefined: none. Changes nothing. */
  exhausted(endpoint: string, atMs: number): "day-quota" | "minute-quota" | undefined {
    const { perDay = Infinity, perMinute = Infinity } = this.#limitsOf(endpoint);
    const meter = this.#meter(endpoint, atMs);
    if (meter.usedToday >= perDay) return "day-quota";
    return meter.usedThisMinute >= perMinute ? "minute-quota" : undefined;
  }

  /** Counts one request, even past a limit. */
  count(endpoint: string, atMs: number): void {
    const meter = this.#meter(endpoint, atMs);
    meter.usedToday += 1;
    meter.usedThisMinute += 1;
  }

  usage(endpoint: string, atMs: number): Usage {
    const { perDay = Infinity, perMinute = Infinity } = this.#limitsOf(endpoint);
    return { perDay, used: this.#meter(endpoint, atMs).usedToday, perMinute };
  }

  setLimits(endpoint: string, limits: Limits): void {
    this.#limits.set(endpoint, limits);
  }

  /**
   * Sets today's counters of every endpoint back to 0, at most ten times per calendar month. After
   * that it returns false and changes nothing.
   */
  clear(atMs: number): boolean {
    const month = shanghaiMonth(atMs);
    if (month !== this.#month) {
      this.#month = month;
      this.#clears = 0;
    }
    if (this.#clears >= clearsPerMonth) return false;
    this.#clears += 1;
    this.#meters.clear();
    return true;
  }

  #limitsOf(endpoint: string): Limits {
    return this.#limits.get(endpoint) ?? otherLimits;
  }

  #meter(endpoint: string, atMs: number): Meter {
    let meter = this.#meters.get(endpoint);
    if (meter === undefined) this.#meters.set(endpoint, (meter = new Meter()));
    meter.roll(atMs);
    return meter;
  }
}

/** Counts within windows of a fixed length, such as hours, that begin with the Unix epoch. */
export class WindowMeter {
  readonly #windowMs: number;
  readonly #max: number;
  #window = 0;
  #used = 0;

  constructor(windowMs: number, max: number) {
    this.#windowMs = windowMs;
    this.#max = max;
  }

  hasRoom(atMs: number): boolean {
    this.#roll(atMs);
    return this.#used < this.#max;
  }

  count(atMs: number): void {
    this.#roll(atMs);
    this.#used += 1;
  }

  #roll(atMs: number): void {
    const window = Math.floor(atMs / this.#windowMs);
    if (window === this.#window) return;
    this.#window = window;
    this.#used = 0;
  }
}
