/**
 * The events to come, in the order of time. Events of one instant run in the order in which they
 * were added.
 */

/**
 * Runs one event. Production code that it starts must settle before time goes on; `quiet` means
 * that it started none.
 */
export type EventHandler = () => "quiet" | void | Promise<void>;

export interface QueuedEvent {
  readonly atMs: number;
  readonly order: number;
  /** Undefined: the event was cancelled. */
  handler: EventHandler | undefined;
}

/** A binary heap. Cancelled events stay in it until their time comes. */
export class EventQueue {
  readonly #heap: QueuedEvent[] = [];
  #entered = 0;

  add(atMs: number, handler: EventHandler): QueuedEvent {
    this.#entered += 1;
    const event: QueuedEvent = { atMs, order: this.#entered, handler };
    this.#rise(event);
    return event;
  }

  /** Removes and returns the next event that was not cancelled, if it is due before `endMs`. */
  next(endMs: number): QueuedEvent | undefined {
    for (
      let first = this.#heap[0];
      first !== undefined && first.atMs < endMs;
      first = this.#heap[0]
    ) {
      this.#removeFirst();
      if (first.handler !== undefined) return first;
    }
    return undefined;
  }

  #rise(event: QueuedEvent): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = event;
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

function isBefore(one: QueuedEvent, other: QueuedEvent): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
