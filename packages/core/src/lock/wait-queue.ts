/** Orders this process's callers for one name: first come, first served, one at a time. */
import { onAbort } from "../time/on-abort.ts";

export interface WaitQueue {
  /**
   * Resolves when it is the caller's turn, with the function that ends the turn. More than one call
   * of it does nothing. Rejects with the signal's reason when it aborts first; the place in the
   * queue is then gone.
   */
  turn(name: string, signal?: AbortSignal): Promise<() => void>;
}

export function createWaitQueue(): WaitQueue {
  const tails = new Map<string, Set<() => void>>();

  const leave = (name: string, waiters: Set<() => void>): void => {
    const next = waiters.values().next().value;
    if (next === undefined) tails.delete(name);
    else {
      waiters.delete(next);
      next();
    }
  };

  return {
    turn(name, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const waiters = tails.get(name);
        const begin = (queue: Set<() => void>): void => {
          let over = false;
          resolve(() => {
            if (over) return;
            over = true;
            leave(name, queue);
          });
        };
        if (waiters === undefined) {
          const queue = new Set<() => void>();
          tails.set(name, queue);
          return begin(queue);
        }
        const wake = (): void => {
          ignoreAbort?.();
          begin(waiters);
        };
        waiters.add(wake);
        const ignoreAbort =
          signal &&
          onAbort(signal, () => {
            waiters.delete(wake);
            reject(signal.reason);
          });
      });
    },
  };
}
