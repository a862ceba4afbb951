/** Other hosts of the same platform, for when one cannot be reached. */
import type { Clock } from "@lingpai/core";
import type { Fetch } from "./fetch.ts";
import { transportFailure } from "./transport-failure.ts";

/** How long another host is used once it has answered, before the first one is tried again. */
const keptMs = 300_000;

/**
 * Sends to the base URL, and to the next one only when nothing left for it. Requests that are not
 * for the first base URL, and `Request` objects, whose body can be read once, pass through.
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
        // Another call may have moved on meanwhile.
        if (present === index) present = (index + 1) % baseUrls.length;
        untilMs = clock.monotonicMs() + keptMs;
      }
    }
  };
}
