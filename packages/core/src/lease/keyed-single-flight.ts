/** One piece of work per key at a time, shared by everybody who asks for it meanwhile. */

export interface SingleFlight<T> {
  /**
   * What the flight under `key` gives, starting one with `work` when none is there. All callers
   * share its value or its error; a synchronous throw of `work` is a rejection.
   *
   * A caller whose `signal` aborts is rejected with the signal's reason and leaves the flight to
   * the others; the flight itself is never cancelled. Without a signal a caller waits as long as
   * the flight lasts.
   */
  run(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Whether a flight is under way that the next caller would join. */
  has(key: string): boolean;
  /**
   * Lets the next caller start anew. Those who wait keep what they wait for, and its end does not
   * end the new flight.
   */
  forget(key: string): void;
  /**
   * Resolves when every flight that was under way, forgotten ones included, has ended, however it
   * ended.
   */
  settled(): Promise<void>;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const joinable = new Map<string, Promise<T>>();
  const underWay = new Set<Promise<T>>();

  const start = (key: string, work: () => Promise<T>): Promise<T> => {
    const flight = new Promise<T>((resolve) => resolve(work()));
    joinable.set(key, flight);
    underWay.add(flight);
    const end = (): void => {
      underWay.delete(flight);
      if (joinable.get(key) === flight) joinable.delete(key);
    };
    // Handling both outcomes here also keeps a failure that every caller has left from being an
    // unhandled rejection.
    flight.then(end, end);
    return flight;
  };

  return {
    run(key, work, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      const flight = joinable.get(key) ?? start(key, work);
      return signal === undefined ? flight : detachable(flight, signal);
    },
    has: (key) => joinable.has(key),
    forget: (key) => void joinable.delete(key),
    settled: async () => void (await Promise.allSettled(underWay)),
  };
}

/** Settles as `flight` does, or rejects as soon as the signal aborts; leaves no listener behind. */
function detachable<T>(flight: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    const stay = (): void => signal.removeEventListener("abort", leave);
    flight.then(
      (value) => (stay(), resolve(value)),
      (error: unknown) => (stay(), reject(error)),
    );
  });
}
