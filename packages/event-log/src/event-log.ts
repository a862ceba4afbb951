/** The log: queues appended events, writes them in the background, and reads them back. */
import {
  ConfigurationError,
  requireCache,
  requireOptions,
  systemClock,
  systemRandom,
  waitFor,
} from "@lingpai/core";
import type { Cache, Clock, KindsOf, Random } from "@lingpai/core";
import type { LogEvent } from "./documents.ts";
import { follow } from "./follower.ts";
import type { Follower, FollowOptions } from "./follower.ts";
import { hourMs } from "./limits.ts";
import type { Limits } from "./limits.ts";
import type { LogReport } from "./report.ts";
import { lastId, lostType, readAfter } from "./stream-reader.ts";
import type { Page } from "./stream-reader.ts";
import { StreamQueue } from "./stream-queue.ts";
import { StreamStore } from "./stream-store.ts";

export interface EventLogOptions {
  /** Where the events are kept. The log takes the prefix `event-log` in it. */
  readonly cache: Cache;
  /** How long an event is kept, in ms: from one hour to 31 days. @defaultValue 48 h */
  readonly retentionMs?: number;
  /**
   * How many bytes of one stream are kept, roughly, as JSON: from 32 KiB. The oldest events are
   * removed first. @defaultValue 1 MiB
   */
  readonly streamBytes?: number;
  /**
   * How many events of each stream wait in this process for the store. Beyond that the oldest are
   * dropped. The loss is reported, and noted in the stream. @defaultValue 1000
   */
  readonly queueMax?: number;
  /** How long events are collected before they are written, in ms: 0 to 10 000. @defaultValue 50 */
  readonly gatherMs?: number;
  /** Called with reports about the log itself. Its errors are ignored. */
  readonly onReport?: (report: LogReport) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface ReadOptions {
  /** Reads the events after this one. @defaultValue from the oldest stored event */
  readonly after?: string | undefined;
  /** The most entries of one page: 1 to 10 000. @defaultValue 1000 */
  readonly limit?: number;
}

/**
 * An append-only log of small events in streams, shared by all processes over one store. The events
 * of one writer keep their order, and each is stored once.
 */
export interface EventLog {
  /**
   * Accepts the event, and writes it soon. Returns at once. A failure of the store is not an error
   * here: unwritten events wait, and dropped ones are reported.
   *
   * @throws {ConfigurationError} The event is larger than 4 KiB of JSON, or has a reserved type.
   */
  append(stream: string, event: LogEvent): void;
  /** Returns a page of stored events. Throws the errors of the cache. */
  read(stream: string, options?: ReadOptions): Promise<Page>;
  /** The id of the last stored event, from which to follow. Undefined if there is none. */
  lastId(stream: string): Promise<string | undefined>;
  /** Calls back with each later entry, in order, until it is stopped. */
  follow(stream: string, options: FollowOptions): Follower;
  /** Resolves when all appended events are stored, or rejects with the signal's reason. */
  flush(signal?: AbortSignal): Promise<void>;
  /**
   * Writes the waiting events for at most 2 s, and reports the rest as lost. The cache stays open.
   */
  close(): Promise<void>;
}

const eventBytesMax = 4_096;
const chunkBytes = 16_384;
const closeMs = 2_000;
const kinds = {
  cache: "cache",
  clock: "clock",
  gatherMs: "number",
  onReport: "function",
  queueMax: "number",
  random: "random",
  retentionMs: "number",
  streamBytes: "number",
} satisfies KindsOf<EventLogOptions>;

/** @throws {ConfigurationError} An option is out of range. */
export function eventLog(options: EventLogOptions): EventLog {
  requireOptions("eventLog()", options, kinds);
  requireCache(options.cache);
  return new StoredLog(options);
}

class StoredLog implements EventLog {
  readonly #cache: Cache;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: Limits;
  readonly #queueMax: number;
  readonly #gatherMs: number;
  readonly #report: (report: LogReport) => void;
  readonly #writer: string;
  readonly #queues = new Map<string, StreamQueue>();
  readonly #closing = new AbortController();

  constructor(options: EventLogOptions) {
    const { clock = systemClock, random = systemRandom, onReport } = options;
    this.#cache = options.cache.withPrefix("event-log");
    this.#clock = clock;
    this.#random = random;
    this.#writer = random.id().slice(0, 12);
    const retentionMs = within("retentionMs", options.retentionMs, 48 * hourMs, [
      hourMs,
      744 * hourMs,
    ]);
    const streamBytes = within("streamBytes", options.streamBytes, 2 ** 20, [32_768, 2 ** 30]);
    this.#queueMax = within("queueMax", options.queueMax, 1_000, [1, 1_000_000]);
    this.#gatherMs = within("gatherMs", options.gatherMs, 50, [0, 10_000]);
    const chunksMax = Math.ceil(retentionMs / hourMs) + Math.ceil(streamBytes / chunkBytes);
    this.#limits = { retentionMs, chunkBytes, chunksMax };
    this.#report = (report) => {
      try {
        onReport?.(report);
      } catch {
        // A listener handles its own errors.
      }
    };
  }

  append(stream: string, event: LogEvent): void {
    if (event.type === lostType)
      throw new ConfigurationError(`The type "${lostType}" is the log's own.`);
    const bytes = Buffer.byteLength(JSON.stringify(event));
    if (bytes > eventBytesMax)
      throw new ConfigurationError(
        `The event has ${bytes} bytes of JSON, more than ${eventBytesMax}. Store a reference.`,
      );
    if (this.#closing.signal.aborted) this.#report({ type: "lost", stream, count: 1 });
    else this.#queueOf(stream).add(event);
  }

  read(stream: string, { after, limit }: ReadOptions = {}): Promise<Page> {
    const { retentionMs } = this.#limits;
    const pageMax = within("limit", limit, 1_000, [1, 10_000]);
    return readAfter(this.#storeOf(stream), after, { limit: pageMax, retentionMs });
  }

  lastId(stream: string): Promise<string | undefined> {
    return lastId(this.#storeOf(stream));
  }

  follow(stream: string, options: FollowOptions): Follower {
    const store = this.#storeOf(stream);
    const { retentionMs } = this.#limits;
    return follow(options, {
      cache: store.cache,
      clock: this.#clock,
      read: (after) => readAfter(store, after, { limit: 500, retentionMs }),
      closing: this.#closing.signal,
    });
  }

  async flush(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.settled(signal)));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const waiting = new AbortController();
    const written = this.flush(waiting.signal).catch(() => undefined);
    await waitFor(written, {
      deadline: { clock: this.#clock, ms: closeMs, onLate: () => undefined, timer: {} },
    });
    waiting.abort();
    this.#closing.abort();
    for (const queue of this.#queues.values()) queue.close();
  }

  #storeOf(stream: string): StreamStore {
    return new StreamStore(this.#cache.withPrefix(stream), this.#clock);
  }

  #queueOf(stream: string): StreamQueue {
    const present = this.#queues.get(stream);
    if (present !== undefined) return present;
    const queue = new StreamQueue({
      stream,
      store: this.#storeOf(stream),
      limits: this.#limits,
      clock: this.#clock,
      random: this.#random,
      writer: this.#writer,
      queueMax: this.#queueMax,
      gatherMs: this.#gatherMs,
      report: this.#report,
    });
    this.#queues.set(stream, queue);
    return queue;
  }
}

function within(
  name: string,
  given: number | undefined,
  otherwise: number,
  [least, most]: readonly [number, number],
): number {
  const value = given ?? otherwise;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new ConfigurationError(
    `${name} must be a whole number from ${least} to ${most}, not ${value}.`,
    { rule: "range" },
  );
}
