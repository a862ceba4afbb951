/**
 * Puts one listener on a signal for all waiters of this process. A service may pass its shutdown
 * signal to every call, and adding a listener costs as many steps as the signal has listeners.
 */
interface Shared {
  readonly listeners: Set<() => void>;
  readonly tell: () => void;
}

const all = new WeakMap<AbortSignal, Shared>();

/**
 * Calls `listener` once when the signal aborts, unless the returned function was called before.
 * Does nothing for a signal that has already aborted. The listener must not throw, and the same
 * function counts once.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const shared = all.get(signal) ?? share(signal);
  shared.listeners.add(listener);
  return () => {
    shared.listeners.delete(listener);
    if (shared.listeners.size > 0 || all.get(signal) !== shared) return;
    all.delete(signal);
    signal.removeEventListener("abort", shared.tell);
  };
}

function share(signal: AbortSignal): Shared {
  const listeners = new Set<() => void>();
  const tell = (): void => {
    all.delete(signal);
    for (const listener of listeners) listener();
  };
  const shared: Shared = { listeners, tell };
  all.set(signal, shared);
  signal.addEventListener("abort", tell, { once: true });
  return shared;
}
