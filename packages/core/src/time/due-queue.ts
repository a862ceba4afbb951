/** A queue of things that fall due, the earliest first: a binary heap. */
export interface Due<T> {
  readonly dueMs: number;
  readonly value: T;
  isCancelled: boolean;
}

/**
 * A cancelled entry is removed at its turn, or when more than half of the entries are cancelled.
 */
export class DueQueue<T> {
  #heap: Due<T>[] = [];
  #cancelled = 0;

  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(dueMs: number, value: T): Due<T> {
    const due: Due<T> = { dueMs, value, isCancelled: false };
    this.#heap.push(due);
    this.#rise(this.#heap.length - 1);
    return due;
  }

  cancel(due: Due<T>): void {
    if (due.isCancelled) return;
    due.isCancelled = true;
    this.#cancelled += 1;
    if (this.#cancelled * 2 > this.#heap.length + 32) this.#sweep();
  }

  /** Returns the earliest entry without removing it. */
  first(): Due<T> | undefined {
    while (this.#heap[0]?.isCancelled === true) {
      this.#cancelled -= 1;
      this.#removeFirst();
    }
    return this.#heap[0];
  }

  /** Removes and returns the earliest entry, if it is due at `nowMs`. */
  take(nowMs: number): T | undefined {
    const first = this.first();
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.#removeFirst();
    // A later cancellation must not count.
    first.isCancelled = true;
    return first.value;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #sweep(): void {
    this.#heap = this.#heap.filter(({ isCancelled }) => !isCancelled);
    this.#cancelled = 0;
    for (let index = this.#heap.length >> 1; index >= 0; index -= 1) this.#sink(index);
  }

  #rise(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #sink(from: number): void {
    for (let index = from; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = this.#at(right) < this.#at(left) ? right : left;
      if (this.#at(child) >= this.#at(index)) return;
      this.#swap(child, index);
      index = child;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}
