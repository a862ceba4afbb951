/** Whether anybody needs this credential: without a need nothing is refreshed in the background. */
import type { Parts } from "../fleet/node.ts";
import type { Source } from "../fleet/document-source.ts";
import { isUnavailable } from "../fleet/store-health.ts";

/** A mark in the document stands for so many lifetimes, so that one a lifetime is enough. */
const markedLifetimes = 2;
/** A consumer that may not write tries again after so long. */
const markRetryMs = 300_000;

export class Demand {
  readonly #parts: Parts;
  readonly #keepAlive: boolean;
  /** On the monotonic clock. */
  #usedAtMs = Number.NEGATIVE_INFINITY;
  #uses = 0;
  #markAgainAtMs = Number.NEGATIVE_INFINITY;
  /** The longest life that the present credential was said to have. */
  #life: { readonly generation: number; readonly ms: number } | undefined;

  constructor(parts: Parts, keepAlive: boolean) {
    this.#parts = parts;
    this.#keepAlive = keepAlive;
  }

  /**
   * Somebody waits for the credential. Who is served from memory is only counted, and noticed when
   * the background wakes.
   */
  use(): void {
    this.#usedAtMs = this.#parts.setting.clock.monotonicMs();
  }

  /**
   * Whether it was used within its last lifetime, here or by a node that may not refresh; or
   * somebody listens to its events, or wants it kept.
   *
   * @param markedAtMs when such a node last left its mark in the document.
   */
  isWanted(markedAtMs: number | undefined): boolean {
    if (this.#keepAlive || this.#parts.setting.bus.hasListeners || this.#isUsedHere()) return true;
    return (
      markedAtMs !== undefined &&
      this.#parts.storeClock.nowMs() - markedAtMs < markedLifetimes * this.#lifetimeMs()
    );
  }

  /**
   * As a consumer: leaves a mark for those who refresh, at most once a lifetime. Never fails
   * because of the store.
   */
  async mark(source: Source): Promise<void> {
    const { clock } = this.#parts.setting;
    const nowMs = clock.monotonicMs();
    if (
      source.role !== "consumer" ||
      nowMs < this.#markAgainAtMs ||
      !(this.#keepAlive || this.#isUsedHere())
    )
      return;
    const everyMs = this.#lifetimeMs();
    this.#markAgainAtMs = nowMs + everyMs;
    try {
      await source.document.apply({ type: "use", everyMs });
    } catch (error) {
      this.#markAgainAtMs = nowMs + markRetryMs;
      if (!isUnavailable(error)) throw error;
    }
  }

  #isUsedHere(): boolean {
    const { local, setting } = this.#parts;
    const nowMs = setting.clock.monotonicMs();
    if (local.uses !== this.#uses) {
      this.#uses = local.uses;
      this.#usedAtMs = nowMs;
    }
    return nowMs - this.#usedAtMs < this.#lifetimeMs();
  }

  /**
   * Handed out again, the same credential has what is left of its life: that says nothing about how
   * long nobody needs it.
   */
  #lifetimeMs(): number {
    const { local, setting } = this.#parts;
    const held = local.holding?.held;
    if (held === undefined) return this.#life?.ms ?? setting.issuer.lifetimeMs;
    const { generation } = held;
    const knownMs = this.#life?.generation === generation ? this.#life.ms : 0;
    const ms = Math.max(knownMs, held.expiresAtMs - held.sentAtMs);
    this.#life = { generation, ms };
    return ms;
  }
}
