/** The end of an object that is closed once, for the work that must not outlast it. */
export class Closing {
  #reason: Error | undefined;
  /**
   * Created for the first waiter and dropped after the last one. A controller takes half a KiB, and
   * a process may hold a hundred thousand objects at rest.
   */
  #controller: AbortController | undefined;
  #waits = 0;

  get isClosed(): boolean {
    return this.#reason !== undefined;
  }

  /** Aborts the signals that were given, with this reason. Further calls change nothing. */
  close(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** @throws the reason of the closing, after it. */
  throwIfClosed(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** Settles as `work` does, which gets a signal that aborts at the closing. */
  async during<T>(work: (closing: AbortSignal) => Promise<T>): Promise<T> {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    this.#waits += 1;
    try {
      return await work(this.#controller.signal);
    } finally {
      this.#waits -= 1;
      if (this.#waits === 0) this.#controller = undefined;
    }
  }
}
