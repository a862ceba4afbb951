/**
 * What will happen in the simulated world, in the order of time; what falls on one instant happens
 * in the order in which it was entered.
 */

/**
 * What production code does next has to settle before time goes on; `quiet` says that no production
 * code was touched.
 */
export type Happening = () => "quiet" | void | Promise<void>;

export interface Appointment {
  readonly atMs: number;
  readonly order: number;
  happening: Happening | undefined;
}

/** A binary heap. Cancelled appointments stay in it until their time comes. */
export class Agenda {
  readonly #heap: Appointment[] = [];
  #entered = 0;

  add(atMs: number, happening: Happening): Appointment {
    this.#entered += 1;
    const appointment: Appointment = { atMs, order: this.#entered, happening };
    this.#rise(appointment);
    return appointment;
  }

  /** Takes out the next one that was not cancelled, if it falls before `endMs`. */
  next(endMs: number): Appointment | undefined {
    for (
      let first = this.#heap[0];
      first !== undefined && first.atMs < endMs;
      first = this.#heap[0]
    ) {
      this.#removeFirst();
      if (first.happening !== undefined) return first;
    }
    return undefined;
  }

  #rise(appointment: Appointment): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(appointment, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = appointment;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      let child = heap[below];
      if (child === undefined) break;
      const other = heap[below + 1];
      if (other !== undefined && isBefore(other, child)) {
        below += 1;
        child = other;
      }
      if (!isBefore(child, last)) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = last;
  }
}

function isBefore(one: Appointment, other: Appointment): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
