/** Keeps the watches of all sources running until they are stopped. */
import { delay } from "@lingpai/core";
import type { ConfigSource, WatchContext } from "../source.ts";

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/**
 * A watch that failed after this time had worked. Its next pause is the first one again.
 */
const settledAfterMs = 60_000;

export interface WatchReport {
  /** The watch has failed with this error and will be started again. */
  failed(error: unknown): void;
  /** The watch has begun to listen. */
  listening(): void;
}

/**
 * Starts the source's watch again whenever it throws, after a pause that doubles from 1 s to 60 s,
 * with jitter, so that a fleet does not reconnect at once. Before each further start it calls
 * `changed`, because a change may have been missed. Settles when the signal aborts. Its pauses keep no
 * process alive.
 */
export async function keepWatching(
  source: ConfigSource,
  context: WatchContext,
  report: WatchReport,
): Promise<void> {
  const { clock, random, signal, changed } = context;
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    try {
      await source.watch?.({
        ...context,
        changed() {
          report.listening();
          changed();
        },
      });
      return;
    } catch (error) {
      if (signal.aborted) return;
      report.failed(error);
    }
    if (clock.monotonicMs() - startedMs > settledAfterMs) pauseMs = firstPauseMs;
    const restMs = pauseMs / 2 + (random.next() * pauseMs) / 2;
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    if (await aborted(delay(clock, restMs, signal, { background: true }))) return;
    changed();
  }
}

/** True if the wait was aborted. */
function aborted(wait: Promise<void>): Promise<boolean> {
  return wait.then(
    () => false,
    () => true,
  );
}
