/** One simulated world: its time, which moves only when nothing else can, and its chronicle. */
import { setImmediate } from "node:timers/promises";
import { Agenda, type Appointment, type Happening } from "./event-queue.ts";
import { Chronicle } from "./trace.ts";

/**
 * Instants are multiples of this, so that sums of them are exact whatever they are counted from.
 */
const ticksPerMs = 64;

export class World {
  readonly chronicle: Chronicle;
  readonly #agenda: Agenda = new Agenda();
  #nowMs: number;
  /** How often production code ran until it had settled. */
  steps = 0;

  constructor(startMs: number, chronicleLinesMax: number) {
    this.#nowMs = startMs;
    this.chronicle = new Chronicle(startMs, chronicleLinesMax);
  }

  /**
   * True time, in ms since the Unix epoch. No process and no store reads it: theirs are offset from
   * it.
   */
  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, happening: Happening): Appointment {
    return this.#agenda.add(
      Math.ceil((this.#nowMs + Math.max(0, delayMs)) * ticksPerMs) / ticksPerMs,
      happening,
    );
  }

  /**
   * Lets everything before `endMs` happen. After each event that touches production code, all that
   * follows from it settles before time goes on.
   */
  async runUntil(endMs: number): Promise<void> {
    await setImmediate();
    for (let next = this.#agenda.next(endMs); next !== undefined; next = this.#agenda.next(endMs)) {
      this.#nowMs = next.atMs;
      const outcome = next.happening?.();
      next.happening = undefined;
      if (outcome === "quiet") continue;
      this.steps += 1;
      // Promises settle before the next turn of the event loop; nothing in a world waits for
      // anything real.
      if (outcome === undefined) await setImmediate();
      else await outcome;
    }
    this.#nowMs = endMs;
  }

  /** Resolves when all that follows from what has happened has settled. */
  settled(): Promise<void> {
    return setImmediate();
  }

  /** Writes down what happened. */
  note(who: string, what: string): void {
    this.chronicle.add(this.#nowMs, who, what);
  }
}
