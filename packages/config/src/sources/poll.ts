/** For sources that tell of no changes by themselves. */
import { ConfigurationError, delay } from "@lingpai/core";
import type { WatchContext } from "../source.ts";

/**
 * Calls `changed` now, and then every `pollMs` until the signal aborts: the source is then read,
 * and compared with what is in force. Comparing here, with what was last seen here, would overlook
 * a change that was taken back between two looks, after somebody had read it.
 */
export async function poll(
  { clock, signal, changed }: WatchContext,
  pollMs: number,
): Promise<void> {
  changed();
  while (await slept(delay(clock, pollMs, signal))) changed();
}

/** Whether the wait came to its end; false when it was aborted. */
function slept(wait: Promise<void>): Promise<boolean> {
  return wait.then(
    () => true,
    () => false,
  );
}

/** @throws {ConfigurationError} `poll` */
export function checkedPollMs(pollMs: number, min: number): number {
  if (Number.isInteger(pollMs) && pollMs >= min && pollMs <= 2 ** 31 - 1) return pollMs;
  throw new ConfigurationError(`pollMs is ${pollMs}. Give a whole number of ms from ${min}.`, {
    rule: "poll",
  });
}
