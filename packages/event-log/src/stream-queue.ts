/**
 * The events of one stream that wait for the store in this process: bounded, and written in order.
 */
import { delay, waitFor } from "@lingpai/core";
import type { Clock, Random } from "@lingpai/core";
import type { LogEvent, StoredRecord } from "./documents.ts";
import type { LogReport } from "./report.ts";
import { tagFrom } from "./event-id.ts";
import type { Limits } from "./limits.ts";
import { lostType } from "./stream-reader.ts";
import type { StreamStore } from "./stream-store.ts";
import { StreamWriter } from "./stream-writer.ts";

export interface StreamQueueOptions {
  readonly stream: string;
  readonly store: StreamStore;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly writer: string;
  readonly queueMax: number;
  readonly gatherMs: number;
  readonly report: (report: LogReport) => void;
}

interface Waiting {
  readonly event: LogEvent;
  readonly atMs: number;
}

const backOffMaxMs = 5_000;

export class StreamQueue {
  readonly #options: StreamQueueOptions;
  readonly #writer: StreamWriter;
  readonly #closing = new AbortController();
  /** Not yet part of a write. The bound drops the oldest of these. */
  #waiting: Waiting[] = [];
  /** Part of a write whose outcome may be unknown. Kept until the outcome is known. */
  #records: StoredRecord[] = [];
  #seq = 0;
  #dropped = 0;
  #isDown = false;
  #running: Promise<void> | undefined;

  constructor(options: StreamQueueOptions) {
    this.#options = options;
    const { store, limits, random, report, stream } = options;
    this.#writer = new StreamWriter(store, limits, random, () =>
      report({ type: "unreadable", stream }),
    );
  }

  add(event: LogEvent): void {
    this.#waiting.push({ event, atMs: this.#options.clock.monotonicMs() });
    if (this.#waiting.length + this.#records.length > this.#options.queueMax) this.#drop(1);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async settled(signal?: AbortSignal): Promise<void> {
    while (this.#running !== undefined) await waitFor(this.#running, { signals: [signal] });
  }

  close(): void {
    this.#closing.abort();
    const count = this.#waiting.length + this.#records.length;
    this.#waiting = [];
    this.#records = [];
    if (count > 0) this.#options.report({ type: "lost", stream: this.#options.stream, count });
  }

  #drop(count: number): void {
    const dropped = this.#waiting.splice(0, count).length;
    this.#dropped += dropped;
    if (dropped > 0)
      this.#options.report({ type: "lost", stream: this.#options.stream, count: dropped });
  }

  async #run(): Promise<void> {
    const { clock, random, gatherMs } = this.#options;
    let failures = 0;
    try {
      if (gatherMs > 0) await delay(clock, gatherMs, this.#closing.signal);
      while (this.#waiting.length + this.#records.length + this.#dropped > 0) {
        this.#closing.signal.throwIfAborted();
        const stored = await this.#writeOnce();
        failures = stored === undefined ? failures + 1 : stored > 0 ? 0 : failures + 0.25;
        if (stored === 0 && failures < 1) continue;
        if (failures === 0) continue;
        const most = Math.min(backOffMaxMs, 20 * 2 ** Math.min(failures, 8));
        await delay(clock, most * (0.5 + random.next() / 2), this.#closing.signal);
      }
    } catch {
      // The log is closed, and `close` has reported the rest.
    }
  }

  /** The number of records that the store accepted. Undefined if it failed. */
  async #writeOnce(): Promise<number | undefined> {
    const { clock, report, store, stream } = this.#options;
    try {
      const nowMs = await store.nowMs();
      this.#take(nowMs - clock.monotonicMs());
      const stored = await this.#writer.write(this.#records);
      this.#records.splice(0, stored);
      if (this.#isDown) report({ type: "recovered", stream });
      this.#isDown = false;
      return stored;
    } catch {
      if (!this.#isDown) report({ type: "unavailable", stream });
      this.#isDown = true;
      return undefined;
    }
  }

  /** Converts waiting events to records once the store's time is known. */
  #take(offsetMs: number): void {
    if (this.#dropped > 0) {
      const event = { type: lostType, count: this.#dropped };
      this.#waiting.unshift({ event, atMs: this.#options.clock.monotonicMs() });
      this.#dropped = 0;
    }
    for (const { event, atMs } of this.#waiting) {
      this.#seq += 1;
      this.#records.push({
        tag: tagFrom(this.#options.random.id()),
        writer: this.#options.writer,
        seq: this.#seq,
        atMs: Math.round(atMs + offsetMs),
        event,
      });
    }
    this.#waiting = [];
  }
}
