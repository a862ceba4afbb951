/** A credential that was issued and could not be stored yet: kept in memory, and offered to the store until it takes it. */
import type { Setting } from "./setting.ts";

const firstRetryMs = 1_000;
const retryMaxMs = 10_000;

export class PendingCommit {
  readonly #setting: Setting;
  #cancel: (() => void) | undefined;
  #store: (() => Promise<void>) | undefined;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** Calls `store` again and again, until it succeeds or `forMs` have passed: what cannot be written or read today may be mended. The newest call replaces an earlier one. */
  keep(forMs: number, store: () => Promise<void>): void {
    this.#cancel?.();
    this.#store = store;
    this.#arm(firstRetryMs, this.#setting.clock.monotonicMs() + forMs);
  }

  /** Offers it now, if there is something; whether there was. Throws what the store throws. */
  async flush(): Promise<boolean> {
    const store = this.#store;
    if (store === undefined) return false;
    await store();
    if (this.#store === store) {
      this.#store = undefined;
      this.#cancel?.();
    }
    return true;
  }

  /** One last try, and no more. */
  async close(): Promise<void> {
    this.#cancel?.();
    const store = this.#store;
    this.#store = undefined;
    await store?.().catch(() => {});
  }

  #arm(delayMs: number, untilMs: number): void {
    const { clock, random } = this.#setting;
    const jitteredMs = delayMs * (0.8 + 0.4 * random.next());
    this.#cancel = clock.setTimer(jitteredMs, () => void this.#retry(delayMs, untilMs), { background: true });
  }

  async #retry(delayMs: number, untilMs: number): Promise<void> {
    const store = this.#store;
    try {
      await store?.();
    } catch {
      const goesOn = this.#store === store && this.#setting.clock.monotonicMs() < untilMs;
      if (goesOn) return this.#arm(Math.min(retryMaxMs, delayMs * 2), untilMs);
    }
    if (this.#store === store) this.#store = undefined;
  }
}
