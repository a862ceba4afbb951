/** A queue ordered by due time, the earliest first: a binary heap. */
export interface Due<T> {
  readonly dueMs: number;
  readonly value: T;
  /** The place in the heap; negative when it is not in it. */
  place: number;
}

const gone = -1;

export class DueQueue<T> {
  readonly #heap: Due<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(dueMs: number, value: T): Due<T> {
    const due: Due<T> = { dueMs, value, place: this.#heap.length };
    this.#heap.push(due);
    this.#rise(due);
    return due;
  }

  /** Removes it. Does nothing when it was taken or cancelled before. */
  cancel(due: Due<T>): void {
    const { place } = due;
    const last = place === gone ? undefined : this.#heap.pop();
    due.place = gone;
    if (last === undefined || last === due) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  /** Returns the earliest entry without removing it. */
  first(): Due<T> | undefined {
    return this.#heap[0];
  }

  /** Removes and returns the earliest entry, if it is due at `nowMs`. */
  take(nowMs: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.cancel(first);
    return first.value;
  }

  #put(due: Due<T>, place: number): void {
    this.#heap[place] = due;
    due.place = place;
  }

  #rise(due: Due<T>): void {
    while (due.place > 0) {
      const { place } = due;
      const parent = this.#heap[(place - 1) >> 1];
      if (parent === undefined || parent.dueMs <= due.dueMs) return;
      this.#put(due, parent.place);
      this.#put(parent, place);
    }
  }

  #sink(due: Due<T>): void {
    for (;;) {
      const { place } = due;
      const [left, right] = [this.#heap[2 * place + 1], this.#heap[2 * place + 2]];
      const child =
        left !== undefined && right !== undefined && right.dueMs < left.dueMs ? right : left;
      if (child === undefined || child.dueMs >= due.dueMs) return;
      this.#put(due, child.place);
      this.#put(child, place);
    }
  }
}
