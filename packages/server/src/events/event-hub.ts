/** One follower of the fleet's stream, shared by all event streams of a replica. */
import { compareEventIds } from "@lingpai/event-log";
import type { EventLog, Follower, LogEntry } from "@lingpai/event-log";
import { fleetStream } from "./streams.ts";

export interface Listener {
  receive(entry: LogEntry): void;
  /** Resolves when the listener can accept a hundred stored entries. */
  room(): Promise<void>;
}

/** Entries that arrive while a listener still reads the stored ones. */
const aheadMax = 1_000;
/** How many stored entries are handed on at once: a reader that keeps up misses none of them. */
const pageMax = 100;

export class EventHub {
  readonly #log: EventLog;
  readonly #listeners = new Set<(entry: LogEntry) => void>();
  #follower: Promise<Follower> | undefined;

  constructor(log: EventLog) {
    this.#log = log;
  }

  /**
   * Calls the listener with everything stored after the id, then with each later entry. Without an
   * id it starts with the next entry.
   */
  async listen(after: string | undefined, listener: Listener, signal: AbortSignal): Promise<void> {
    let last = after ?? (await this.#log.lastId(fleetStream));
    const ahead: LogEntry[] = [];
    let isLive = false;
    const hand = (entry: LogEntry): void => {
      if (signal.aborted) return;
      // After a gap the ids may start again, so an entry that follows it is no repetition.
      if (entry.kind === "gap") last = undefined;
      else {
        if (last !== undefined && isRepeat(entry.id, last)) return;
        last = entry.id;
      }
      listener.receive(entry);
    };
    const receive = (entry: LogEntry): void => {
      if (isLive) return hand(entry);
      if (ahead.length < aheadMax) ahead.push(entry);
      else if (ahead.at(-1)?.kind !== "gap") ahead.push({ kind: "gap", cause: "reader" });
    };
    this.#listeners.add(receive);
    signal.addEventListener("abort", () => this.#leave(receive), { once: true });
    if (signal.aborted) return this.#leave(receive);
    await this.#start();
    let position = last;
    for (let hasMore = true; hasMore && !signal.aborted;) {
      await listener.room();
      const page = await this.#log.read(fleetStream, { after: position, limit: pageMax });
      for (const entry of page.entries) hand(entry);
      ({ position, hasMore } = page);
    }
    while (ahead.length > 0 && !signal.aborted) {
      await listener.room();
      for (const entry of ahead.splice(0, pageMax)) hand(entry);
    }
    isLive = true;
  }

  /** Starts at the present end: each listener reads the earlier entries itself. */
  async #start(): Promise<void> {
    this.#follower ??= this.#log.lastId(fleetStream).then((after) =>
      this.#log.follow(fleetStream, {
        after,
        onEntries: (entries) => {
          for (const entry of entries) for (const listener of [...this.#listeners]) listener(entry);
        },
      }),
    );
    this.#follower.catch(() => {
      this.#follower = undefined;
    });
    await this.#follower;
  }

  #leave(listener: (entry: LogEntry) => void): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    void this.#follower?.then(
      (follower) => follower.stop(),
      () => undefined,
    );
    this.#follower = undefined;
  }
}

function isRepeat(id: string, last: string): boolean {
  try {
    return compareEventIds(id, last) <= 0;
  } catch {
    return false;
  }
}
