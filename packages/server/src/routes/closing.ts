/**
 * The end of this server, for all who wait for it. An `AbortSignal` goes through all of its
 * listeners for each that comes or goes, which is seconds with ten thousand of them.
 */
export class Closing {
  readonly #controller = new AbortController();
  readonly #listeners = new Set<() => void>();

  /** For the few who need a signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isClosed(): boolean {
    return this.signal.aborted;
  }

  /** Calls `onClose` once, at once when the server has closed, until the returned function is called. */
  hold(onClose: () => void): () => void {
    if (this.isClosed) onClose();
    else this.#listeners.add(onClose);
    return () => void this.#listeners.delete(onClose);
  }

  close(): void {
    this.#controller.abort();
    const held = [...this.#listeners];
    this.#listeners.clear();
    for (const onClose of held) onClose();
  }
}
