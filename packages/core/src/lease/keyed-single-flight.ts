/** Runs one piece of work per key at a time, shared by all callers that ask for it meanwhile. */
import { onAbort } from "../time/on-abort.ts";

export interface SingleFlight<T> {
  /**
   * Settles as the work under `key` does, and starts `work` when none is running. All callers share
   * its value or its error. A synchronous throw of `work` becomes a rejection.
   *
   * A caller whose `signal` aborts is rejected with the signal's reason. The work itself goes on
   * for the others and is never cancelled. Without a signal a caller waits as long as the work
   * lasts.
   */
  run(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Returns true when work is running that the next caller would join. */
  has(key: string): boolean;
  /**
   * Lets the next caller start new work. Present waiters keep the work that they wait for, and its
   * end does not end the new one.
   */
  forget(key: string): void;
  /** Resolves when all running work has ended, forgotten work included, whatever its outcome. */
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

/** Settles as `flight` does, or rejects as soon as the signal aborts. Leaves no listener behind. */
function detachable<T>(flight: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stay = onAbort(signal, () => reject(signal.reason));
    flight.then(
      (value) => (stay(), resolve(value)),
      (error: unknown) => (stay(), reject(error)),
    );
  });
}
