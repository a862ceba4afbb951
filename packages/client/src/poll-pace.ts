/** How long a server is asked to hold a poll: less where something between ends it sooner. */
import type { ServerAnswer } from "./server-call.ts";

/** In seconds. Proxies that end a request that is silent for less are rare. */
const mostS = 55;
const leastS = 5;
/** A poll that ended sooner was not ended for having been silent. */
const heldMs = 4_000;

export class PollPace {
  #waitS = mostS;
  #cuts = 0;

  get waitS(): number {
    return this.#waitS;
  }

  /** One cut may be a server that ended; the second is a proxy's habit. */
  note(answer: ServerAnswer, tookMs: number): void {
    const isCut = answer.kind === "failed" && answer.isCut && tookMs >= heldMs;
    this.#cuts = isCut ? this.#cuts + 1 : 0;
    if (this.#cuts < 2) return;
    this.#cuts = 0;
    this.#waitS = Math.max(leastS, Math.floor(Math.min(this.#waitS, tookMs / 1_000) / 2));
  }
}
