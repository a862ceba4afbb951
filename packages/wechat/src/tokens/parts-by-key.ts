/** Parts that a client makes on first use and closes with itself: tickets, tenants, corps. */
import { ClosedError } from "@lingpai/core";

export class PartsByKey<Part extends { close(): Promise<void> }> {
  readonly #owner: string;
  readonly #parts = new Map<string, Part>();
  #isClosed = false;

  /** @param owner what a {@link ClosedError} calls the client: `"The WeChat client"`. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /**
   * The part of this key. `make` runs at the first call; later calls return the same object.
   *
   * @throws {ClosedError} The client is closed, and never made this part.
   */
  get(key: string, make: () => Part): Part {
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    if (this.#isClosed) throw new ClosedError(this.#owner);
    const made = make();
    this.#parts.set(key, made);
    return made;
  }

  /** Closes all parts. No further part can be made. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#parts.values()].map((part) => part.close()));
  }
}
