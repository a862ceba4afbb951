/**
 * Notifies callbacks of the end of this server. An `AbortSignal` scans all of its listeners for
 * each one that is added or removed, which takes seconds with ten thousand.
 */
export class Closing {
  readonly #controller = new AbortController();
  readonly #listeners = new Set<() => void>();

  /** For the few callers that need a signal. */
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
