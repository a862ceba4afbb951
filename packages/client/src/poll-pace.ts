/**
 * How long a server is asked to hold a poll: less where something between ends it sooner. And the
 * pause after a failure.
 */
import type { Random } from "@lingpai/core";
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

const backOffMaxMs = 30_000;

/** The pause doubles, with jitter, and is never shorter than the server asks for. */
export function retryPauseMs(answer: ServerAnswer, failures: number, random: Random): number {
  const askedMs = answer.kind === "failed" ? Math.min(answer.retryAfterMs, 60_000) : 0;
  const mostMs = Math.min(backOffMaxMs, 500 * 2 ** Math.min(failures, 8));
  return Math.max(askedMs, mostMs / 2) + (mostMs / 2) * random.next();
}
