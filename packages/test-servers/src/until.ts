import { delay, systemClock } from "@lingpai/core";

/**
 * Calls `probe` every 20 ms until it returns something other than undefined or false. A thrown
 * error counts as not yet.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const dueMs = systemClock.monotonicMs() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (systemClock.monotonicMs() > dueMs)
      throw new Error(`Waited ${limitMs} ms in vain: ${what}.`, { cause: last });
    await delay(systemClock, 20);
  }
}
