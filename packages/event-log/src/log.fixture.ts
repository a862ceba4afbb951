/** For tests: one store, and any number of logs over it, each with its own faults. */
import { CacheUnavailableError } from "@lingpai/core";
import type { Cache } from "@lingpai/core";
import {
  faultPlan,
  faultyCache,
  manualClock,
  seededRandom,
  simulatedStore,
} from "@lingpai/core/testing";
import type { FaultPlan, ManualClock, SimulatedStore } from "@lingpai/core/testing";
import { eventLog } from "./event-log.ts";
import type { EventLog, EventLogOptions } from "./event-log.ts";
import type { LogReport } from "./report.ts";
import type { LogEntry } from "./stream-reader.ts";

export interface Node {
  readonly log: EventLog;
  readonly plan: FaultPlan;
  readonly reports: LogReport[];
}

export interface World {
  readonly clock: ManualClock;
  readonly store: SimulatedStore;
  readonly cache: Cache;
  node(options?: Partial<EventLogOptions>): Node;
}

export function world(seed: number | string = 1): World {
  const clock = manualClock();
  const random = seededRandom(`${seed}/store`);
  const store = simulatedStore({ clock, random });
  let nodes = 0;
  return {
    clock,
    store,
    cache: store.cache(),
    node(options = {}) {
      nodes += 1;
      const plan = faultPlan({ clock });
      const reports: LogReport[] = [];
      const log = eventLog({
        cache: faultyCache(options.cache ?? store.cache(), plan),
        clock,
        random: seededRandom(`${seed}/node/${nodes}`),
        onReport: (report) => void reports.push(report),
        ...options,
        ...(options.cache && { cache: faultyCache(options.cache, plan) }),
      });
      return { log, plan, reports };
    },
  };
}

export async function readAll(log: EventLog, stream: string, after?: string): Promise<LogEntry[]> {
  const all: LogEntry[] = [];
  let position = after;
  for (;;) {
    const page = await log.read(stream, { after: position, limit: 7 });
    all.push(...page.entries);
    position = page.position;
    if (!page.hasMore) return all;
  }
}

export function kindsOf(entries: readonly LogEntry[]): unknown[] {
  return entries.map((entry) => (entry.kind === "gap" ? entry.cause : entry.event["n"]));
}

/** A cache whose next writes of chunks fail. They take effect when `land` is called. */
export function lateWrites(cache: Cache): {
  readonly cache: Cache;
  hold: number;
  land(): Promise<void>;
} {
  const held: (() => Promise<unknown>)[] = [];
  const control = {
    hold: 0,
    async land() {
      for (const write of held.splice(0)) await write();
    },
    cache: wrap(cache),
  };
  return control;

  function wrap(inner: Cache): Cache {
    return {
      path: inner.path,
      pushesChanges: false,
      get: (key) => inner.get(key),
      async set(key, value, options) {
        if (control.hold === 0 || !/^\d/.test(key)) return inner.set(key, value, options);
        control.hold -= 1;
        held.push(() => inner.set(key, value, options));
        throw new CacheUnavailableError("The answer is late.", { reason: "timeout" });
      },
      delete: (key, options) => inner.delete(key, options),
      clear: () => inner.clear(),
      keys: () => inner.keys(),
      withPrefix: (segment) => wrap(inner.withPrefix(segment)),
      at: (path) => wrap(inner.at(path)),
      close: () => inner.close(),
    };
  }
}
