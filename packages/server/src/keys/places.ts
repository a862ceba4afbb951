/** Limits the open polls and streams: a number for this replica, and a smaller one for each key. */

export interface PlaceLimits {
  readonly most: number;
  readonly mostPerKey: number;
}

export class Places {
  readonly #limits: PlaceLimits;
  readonly #byKey = new Map<string, number>();
  #taken = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /**
   * Takes a place. Returns a function that returns it, to be called once, or the limit that was
   * reached.
   */
  take(keyId: string): (() => void) | "replica" | "key" {
    const { most, mostPerKey } = this.#limits;
    const ofKey = this.#byKey.get(keyId) ?? 0;
    if (ofKey >= mostPerKey) return "key";
    if (this.#taken >= most) return "replica";
    this.#taken += 1;
    this.#byKey.set(keyId, ofKey + 1);
    return () => this.#giveBack(keyId);
  }

  #giveBack(keyId: string): void {
    this.#taken -= 1;
    const rest = (this.#byKey.get(keyId) ?? 1) - 1;
    if (rest > 0) this.#byKey.set(keyId, rest);
    else this.#byKey.delete(keyId);
  }
}
