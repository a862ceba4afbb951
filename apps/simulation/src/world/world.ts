/**
 * One simulated world: its time, its event queue and its trace. Time moves only when no code can
 * run.
 */
import { setImmediate } from "node:timers/promises";
import { EventQueue, type QueuedEvent, type EventHandler } from "./event-queue.ts";
import { Trace } from "./trace.ts";

/**
 * Instants are multiples of one tick, so that their sums are exact.
 */
const ticksPerMs = 64;

export class World {
  readonly trace: Trace;
  readonly #events: EventQueue = new EventQueue();
  #nowMs: number;
  /** The number of events after which production code had to settle. */
  steps = 0;

  constructor(startMs: number, traceLinesMax: number) {
    this.#nowMs = startMs;
    this.trace = new Trace(startMs, traceLinesMax);
  }

  /**
   * True time, in ms since the Unix epoch. The clocks of processes and of the store are offset from
   * it.
   */
  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, handler: EventHandler): QueuedEvent {
    return this.#events.add(
      Math.ceil((this.#nowMs + Math.max(0, delayMs)) * ticksPerMs) / ticksPerMs,
      handler,
    );
  }

  /**
   * Runs all events before `endMs`. After an event that runs production code, all its effects
   * settle before time goes on.
   */
  async runUntil(endMs: number): Promise<void> {
    await setImmediate();
    for (let next = this.#events.next(endMs); next !== undefined; next = this.#events.next(endMs)) {
      this.#nowMs = next.atMs;
      const outcome = next.handler?.();
      next.handler = undefined;
      if (outcome === "quiet") continue;
      this.steps += 1;
      // All promises settle before the next turn of the event loop, because nothing here waits for
      // real I/O.
      if (outcome === undefined) await setImmediate();
      else await outcome;
    }
    this.#nowMs = endMs;
  }

  /** Resolves when all effects of the events so far have settled. */
  settled(): Promise<void> {
    return setImmediate();
  }

  /** Adds a line to the trace. */
  note(who: string, what: string): void {
    this.trace.add(this.#nowMs, who, what);
  }
}
