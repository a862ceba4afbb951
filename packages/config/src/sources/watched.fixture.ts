/** A watched source, and the changes that it reported. */
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import type { Setting } from "../setting.ts";
import type { ConfigSource, SourceContext } from "../source.ts";

export interface Watched {
  readonly clock: ManualClock;
  /** The number of changes that it reported. */
  readonly changes: number;
  /** Resolves at the next change, or at once if there were already this many. */
  changed(count: number): Promise<void>;
  load(): Promise<unknown[]>;
  /** Ends the watch, and settles when it has ended. */
  stop(): Promise<void>;
  /** Rejects when the watch does. */
  readonly ended: Promise<void>;
}

export function contextOf(
  clock: ManualClock,
  signal: AbortSignal = new AbortController().signal,
): SourceContext {
  return { environment: "prod", clock, random: seededRandom(1), signal };
}

export async function valuesOf(
  source: ConfigSource,
  clock: ManualClock = manualClock(),
): Promise<unknown[]> {
  return brief(await source.load(contextOf(clock)));
}

function brief(settings: readonly Setting[]): unknown[] {
  return settings.map(({ path, value, place }) => [path.join("."), value, place]);
}

export function watched(source: ConfigSource, clock: ManualClock = manualClock()): Watched {
  const stop = new AbortController();
  const context = contextOf(clock, stop.signal);
  let changes = 0;
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const changed = (): void => {
    changes += 1;
    for (const { count, resolve } of waiting) if (changes >= count) resolve();
    waiting = waiting.filter(({ count }) => changes < count);
  };
  const ended = source.watch?.({ ...context, changed }) ?? Promise.resolve();
  ended.catch(() => {});
  return {
    clock,
    ended,
    get changes() {
      return changes;
    },
    changed: (count) =>
      new Promise((resolve) => (changes >= count ? resolve() : waiting.push({ count, resolve }))),
    load: async () => brief(await source.load(context)),
    async stop() {
      stop.abort();
      await ended;
    },
  };
}
