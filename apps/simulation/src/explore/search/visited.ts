/** A set of 64-bit hashes, stored as two halves in 8 bytes: it has room for tens of millions. */
export class Visited {
  #mask: number;
  #low: Uint32Array;
  #high: Uint32Array;
  size = 0;

  constructor(capacity: number = 1 << 16) {
    this.#mask = capacity - 1;
    this.#low = new Uint32Array(capacity);
    this.#high = new Uint32Array(capacity);
  }

  /** Adds a hash. Returns true if it is new. */
  add(low: number, high: number): boolean {
    if (this.size * 2 > this.#mask) this.#grow();
    const isNew = this.#place(low, high === 0 ? 1 : high);
    if (isNew) this.size += 1;
    return isNew;
  }

  #place(low: number, high: number): boolean {
    let at = (low ^ (high >>> 7)) & this.#mask;
    while (this.#high[at] !== 0) {
      if (this.#high[at] === high && this.#low[at] === low) return false;
      at = (at + 1) & this.#mask;
    }
    this.#low[at] = low;
    this.#high[at] = high;
    return true;
  }

  #grow(): void {
    const [low, high] = [this.#low, this.#high];
    const capacity = low.length * 2;
    this.#mask = capacity - 1;
    this.#low = new Uint32Array(capacity);
    this.#high = new Uint32Array(capacity);
    for (let i = 0; i < low.length; i += 1) {
      const half = high[i] ?? 0;
      if (half !== 0) this.#place(low[i] ?? 0, half);
    }
  }
}
