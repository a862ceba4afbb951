/**
 * Knows whether anybody needs this credential. Without a need nothing is refreshed in the
 * background.
 */
import type { FleetNode } from "../fleet/node.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import { isUnavailable } from "../fleet/store-health.ts";

/** A mark in the document counts for this many lifetimes, so that one per lifetime is enough. */
const markedLifetimes = 2;
/** A consumer that may not write tries again after this time. */
const markRetryMs = 300_000;
/** A consumer that waits, and whose mark the store has lost, tries again after this time. */
const lostRetryMs = 1_000;

export class Demand {
  readonly #node: FleetNode;
  readonly #keepAlive: boolean;
  /** On the monotonic clock. */
  #usedAtMs = Number.NEGATIVE_INFINITY;
  #uses = 0;
  /** Undefined before the first mark. */
  #markAgainAtMs: number | undefined;
  #lostAgainAtMs: number | undefined;
  /** The longest life that the platform stated for the credential of this generation. */
  #lifeMs: number | undefined;
  #generation: number | undefined;

  constructor(node: FleetNode, keepAlive: boolean) {
    this.#node = node;
    this.#keepAlive = keepAlive;
  }

  /**
   * Records that a caller waits for the credential. Callers that are served from memory are only
   * counted, and noticed when the background wakes.
   */
  use(): void {
    this.#usedAtMs = this.#node.context.clock.monotonicMs();
  }

  /**
   * Returns true when it was used within its last lifetime, here or by a consumer, when somebody
   * listens to its events, or with `keepAlive`.
   *
   * @param markedAtMs when a consumer last left its mark in the document.
   */
  isWanted(markedAtMs: number | undefined): boolean {
    return this.#isStanding() || this.#isUsedHere() || this.isMarked(markedAtMs);
  }

  /** Returns true when a consumer has marked the credential as used, so that one may be waiting. */
  isMarked(markedAtMs: number | undefined): boolean {
    const sinceMs = this.#node.storeClock.nowMs() - (markedAtMs ?? Number.NEGATIVE_INFINITY);
    return sinceMs < markedLifetimes * this.#lifetimeMs();
  }

  /**
   * Leaves a consumer's mark for the owners, at most once per lifetime, or again where the store has
   * lost it. Never fails because of the store.
   */
  async mark(source: DocumentSource, isLost = false): Promise<void> {
    const { clock } = this.#node.context;
    const nowMs = clock.monotonicMs();
    const isDue = nowMs >= (this.#markAgainAtMs ?? nowMs);
    if (
      source.role !== "consumer" ||
      !(isDue || (isLost && nowMs >= (this.#lostAgainAtMs ?? nowMs))) ||
      !(this.#isStanding() || this.#isUsedHere())
    )
      return;
    const everyMs = this.#lifetimeMs();
    const agoMs = this.#isStanding() ? 0 : Math.round(nowMs - this.#usedAtMs);
    this.#markAgainAtMs = nowMs + everyMs;
    this.#lostAgainAtMs = nowMs + lostRetryMs;
    try {
      await source.document.apply({ type: "use", everyMs, ...(agoMs > 0 && { agoMs }) });
    } catch (error) {
      this.#markAgainAtMs = nowMs + markRetryMs;
      if (!isUnavailable(error)) throw error;
    }
  }

  /** Returns true while it is to stay fresh without calls. */
  #isStanding(): boolean {
    return this.#keepAlive || this.#node.context.bus.keepsFresh;
  }

  #isUsedHere(): boolean {
    const { local, context } = this.#node;
    const nowMs = context.clock.monotonicMs();
    if (local.uses !== this.#uses) {
      this.#uses = local.uses;
      this.#usedAtMs = nowMs;
    }
    return nowMs - this.#usedAtMs < this.#lifetimeMs();
  }

  /**
   * Returns the full lifetime. A credential that is handed out again states only the rest of its
   * life.
   */
  #lifetimeMs(): number {
    const { local, context } = this.#node;
    const stored = local.cached?.stored;
    if (stored === undefined) return this.#lifeMs ?? context.issuer.lifetimeMs;
    const knownMs = this.#generation === stored.generation ? this.#lifeMs : 0;
    this.#generation = stored.generation;
    this.#lifeMs = Math.max(knownMs ?? 0, stored.expiresAtMs - stored.sentAtMs);
    return this.#lifeMs;
  }
}
