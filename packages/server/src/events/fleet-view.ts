/** Keeps the fleet's stream in memory while the dashboard is in use. */
import type { CancelTimer, Clock } from "@lingpai/core";
import type { EventLog, Follower, LogEntry, LogEvent } from "@lingpai/event-log";
import { fleetStream } from "./streams.ts";

export interface FleetEvent {
  readonly id: string;
  /** The store's time, in ms since the Unix epoch. */
  readonly atMs: number;
  readonly ref: string;
  readonly event: LogEvent;
}

/** More than one stream of the log can hold. */
const eventsMax = 20_000;
/** After this time without a reader it stops following the stream. */
const idleMs = 120_000;

export class FleetView {
  readonly #log: EventLog;
  readonly #clock: Clock;
  /** By id, in the order of the log. An entry that comes again after a failover replaces itself. */
  readonly #events = new Map<string, FleetEvent>();
  #follower: Follower | undefined;
  #starting: Promise<void> | undefined;
  #lookedAtMs = 0;
  #cancelIdle: CancelTimer | undefined;

  constructor(log: EventLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * The stored events, the oldest first. Undefined while the log cannot be read and was never read
   * before.
   */
  async events(): Promise<readonly FleetEvent[] | undefined> {
    this.#lookedAtMs = this.#clock.monotonicMs();
    if (this.#follower === undefined) {
      this.#starting ??= this.#start().finally(() => {
        this.#starting = undefined;
      });
      try {
        await this.#starting;
      } catch {
        return undefined;
      }
    }
    return [...this.#events.values()];
  }

  stop(): void {
    this.#cancelIdle?.();
    this.#cancelIdle = undefined;
    this.#follower?.stop();
    this.#follower = undefined;
    this.#events.clear();
  }

  async #start(): Promise<void> {
    let after: string | undefined;
    for (let hasMore = true; hasMore;) {
      const page = await this.#log.read(fleetStream, { after });
      this.#take(page.entries);
      ({ position: after, hasMore } = page);
    }
    this.#follower = this.#log.follow(fleetStream, {
      after,
      onEntries: (entries) => this.#take(entries),
    });
    this.#armIdle();
  }

  #take(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (entry.kind === "gap") continue;
      const { atMs, event, id } = entry;
      this.#events.set(id, { id, atMs, ref: String(event["ref"]), event });
    }
    for (const id of this.#events.keys()) {
      if (this.#events.size <= eventsMax) break;
      this.#events.delete(id);
    }
  }

  #armIdle(): void {
    this.#cancelIdle = this.#clock.setTimer(
      idleMs,
      () => {
        if (this.#clock.monotonicMs() - this.#lookedAtMs >= idleMs) this.stop();
        else this.#armIdle();
      },
      { background: true },
    );
  }
}
