/**
 * Remembers which paths refuse every token, a fresh one too: what they say counts against no token
 * unless the platform confirms it.
 */
import type { Clock } from "@lingpai/core";

/**
 * Enough for the paths that one account calls; the one that was silent for the longest is forgotten
 * first.
 */
const pathsMax = 256;
/** After so long a path is believed again: whatever made it refuse may be mended. */
const rememberedMs = 600_000;
/**
 * For how long the platform's word on a token spares another question to it about the same token
 * and path.
 */
const settledMs = 1_000;

interface Entry {
  readonly untilMs: number;
  /** The token that the platform called alive, and until when that holds. */
  readonly alive?: { readonly fingerprint: string; readonly untilMs: number };
}

export class RefusingPaths {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether this path has refused a token that was alive or fresh, and accepted none since. */
  has(path: string): boolean {
    return this.#clock.monotonicMs() < (this.#entries.get(path)?.untilMs ?? 0);
  }

  /**
   * Whether the platform has just been asked about this token, because of this path, and called it
   * alive.
   */
  isSettled(path: string, fingerprint: string): boolean {
    const alive = this.#entries.get(path)?.alive;
    return alive?.fingerprint === fingerprint && this.#clock.monotonicMs() < alive.untilMs;
  }

  /**
   * It refused a token that is not to blame: alive by the platform's word (`fingerprint`), or a
   * replacement.
   */
  add(path: string, fingerprint?: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#entries.delete(path);
    const alive =
      fingerprint === undefined ? {} : { alive: { fingerprint, untilMs: nowMs + settledMs } };
    this.#entries.set(path, { untilMs: nowMs + rememberedMs, ...alive });
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > pathsMax && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** It accepted a token. */
  delete(path: string): void {
    if (this.#entries.size > 0) this.#entries.delete(path);
  }
}
