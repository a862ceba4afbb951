/**
 * Follows a stream: the stored events first, then each new one, in order and without repetitions.
 */
import { delay } from "@lingpai/core";
import type { Cache, Clock, Unsubscribe } from "@lingpai/core";
import type { LogEntry, Page } from "./stream-reader.ts";

export interface FollowOptions {
  /** Starts after this event. @defaultValue with the oldest stored event */
  readonly after?: string | undefined;
  /** Called with at least one entry, in order. It must not wait for anything. */
  readonly onEntries: (entries: readonly LogEntry[]) => void;
  /**
   * How long a new event may stay unnoticed, in ms, from 50: the store is read this often.
   * @defaultValue 1000, or 5000 while the store pushes changes
   */
  readonly pollMs?: number;
}

export interface Follower {
  /** The last event that was delivered, from which to resume. */
  readonly position: string | undefined;
  stop(): void;
}

export interface Followed {
  readonly cache: Cache;
  readonly clock: Clock;
  read(after: string | undefined): Promise<Page>;
  readonly closing: AbortSignal;
}

export function follow(options: FollowOptions, followed: Followed): Follower {
  const { cache, clock, closing } = followed;
  const stopped = new AbortController();
  const onClosing = (): void => stopped.abort();
  closing.addEventListener("abort", onClosing, { once: true });
  let isSubscribed = false;
  const pollMs = (): number => Math.max(50, options.pollMs ?? (isSubscribed ? 5_000 : 1_000));
  let position = options.after;
  let wake: (() => void) | undefined;
  let isChanged = false;
  let lastGap: string | undefined;
  let unsubscribe: Unsubscribe | undefined;

  const hand = (entries: readonly LogEntry[]): void => {
    const fresh: LogEntry[] = [];
    for (const entry of entries) {
      // Each read finds the same gap again, until an event follows it.
      if (entry.kind === "gap" && entry.cause === lastGap) continue;
      lastGap = entry.kind === "gap" ? entry.cause : undefined;
      fresh.push(entry);
    }
    if (fresh.length > 0) options.onEntries(fresh);
  };

  const pause = async (): Promise<void> => {
    if (isChanged) return;
    const waiting = new AbortController();
    wake = () => waiting.abort();
    const end = AbortSignal.any([waiting.signal, stopped.signal]);
    await delay(clock, pollMs(), end).catch(() => undefined);
    wake = undefined;
  };

  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      isChanged = false;
      try {
        const page = await followed.read(position);
        if (stopped.signal.aborted) return;
        position = page.position;
        hand(page.entries);
        if (page.hasMore) continue;
      } catch {
        // The store is unreachable. The next read continues from the same position.
      }
      await pause();
    }
  };

  const onChange = (): void => {
    isChanged = true;
    wake?.();
  };
  // Reading waits for no subscription: a proxy may swallow the store's answer for ever.
  cache.watch?.(onChange).then(
    (end) => {
      if (stopped.signal.aborted) return void end();
      unsubscribe = end;
      isSubscribed = true;
      onChange();
    },
    () => undefined,
  );
  void run();

  return {
    get position() {
      return position;
    },
    stop() {
      stopped.abort();
      closing.removeEventListener("abort", onClosing);
      void unsubscribe?.();
      unsubscribe = undefined;
    },
  };
}
