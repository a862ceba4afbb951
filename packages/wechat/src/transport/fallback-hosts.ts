/** Sends to another host of the platform when one cannot be reached. */
import type { Clock } from "@lingpai/core";
import type { Fetch } from "./fetch.ts";
import { transportFailure } from "./transport-failure.ts";

/** How long another host stays in use after it answered, before the first host is tried again. */
const keptMs = 300_000;

/**
 * Sends to the base URL, and to the next one only if nothing was sent to the first. Two kinds of
 * request pass through unchanged: those for another base URL, and `Request` objects, whose body can
 * be read only once.
 */
export function withFallback(send: Fetch, baseUrls: readonly string[], clock: Clock): Fetch {
  let present = 0;
  let untilMs = 0;
  return async (input, init) => {
    const [first = ""] = baseUrls;
    const url = input instanceof Request ? "" : String(input);
    if (url !== first && !url.startsWith(`${first}/`)) return send(input, init);
    if (clock.monotonicMs() >= untilMs) present = 0;
    for (let tries = 1; ; tries += 1) {
      const index = present;
      try {
        return await send(`${baseUrls[index]}${url.slice(first.length)}`, init);
      } catch (error) {
        const isOver = tries >= baseUrls.length || init?.signal?.aborted === true;
        if (isOver || transportFailure(error).outcome !== "unsent") throw error;
        // Another call may have switched hosts meanwhile.
        if (present === index) present = (index + 1) % baseUrls.length;
        untilMs = clock.monotonicMs() + keptMs;
      }
    }
  };
}
