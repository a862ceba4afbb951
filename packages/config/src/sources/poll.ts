/** Polls sources that do not report their changes. */
import { ConfigurationError, delay } from "@lingpai/core";
import type { WatchContext } from "../source.ts";

/**
 * Calls `changed` now, and then every `pollMs` until the signal aborts. The caller reads the source
 * and compares it with the settings in force. A comparison here, with the last poll, would overlook
 * a change that was read by the caller and reverted before the next poll. It keeps no process alive.
 */
export async function poll(
  { clock, signal, changed }: WatchContext,
  pollMs: number,
): Promise<void> {
  changed();
  while (await slept(delay(clock, pollMs, signal, { background: true }))) changed();
}

/** True if the wait ended, false if it was aborted. */
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
