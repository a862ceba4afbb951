/** A token bucket for each key, in this process. */
import type { Clock } from "@lingpai/core";

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimit {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Takes one token. Returns 0 if there was one, and otherwise the time until the next one, in ms.
   *
   * @param most the size of a bucket. @defaultValue the tokens of two seconds, and at least one
   */
  take(keyId: string, perSecond: number, most: number = Math.max(1, 2 * perSecond)): number {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(keyId) ?? { tokens: most, atMs: nowMs };
    const earned = ((nowMs - bucket.atMs) / 1_000) * perSecond;
    bucket.tokens = Math.min(most, bucket.tokens + earned);
    bucket.atMs = nowMs;
    this.#buckets.set(keyId, bucket);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
    bucket.tokens -= 1;
    return 0;
  }
}
