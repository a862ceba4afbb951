/**
 * Remembers the paths that refuse every token, even a fresh one. Their refusals do not count
 * against a token unless the platform confirms them.
 */
import type { Clock } from "@lingpai/core";

/**
 * Enough for the paths that one account calls. The path that refused longest ago is forgotten
 * first.
 */
const pathsMax = 256;
/** After this time a path is believed again, because its fault may be mended. */
const rememberedMs = 600_000;
/** For how long the platform is not asked again about the same token and path. */
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

  /** True if this path has refused a token that was alive or fresh, and has accepted none since. */
  has(path: string): boolean {
    return this.#clock.monotonicMs() < (this.#entries.get(path)?.untilMs ?? 0);
  }

  /**
   * True if the platform was just asked about this token because of this path, and called it alive.
   */
  isSettled(path: string, fingerprint: string): boolean {
    const alive = this.#entries.get(path)?.alive;
    return alive?.fingerprint === fingerprint && this.#clock.monotonicMs() < alive.untilMs;
  }

  /**
   * Notes that the path refused a token that is not at fault: one that the platform called alive
   * (`fingerprint`), or a replacement.
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

  /** Notes that the path accepted a token. */
  delete(path: string): void {
    if (this.#entries.size > 0) this.#entries.delete(path);
  }
}
