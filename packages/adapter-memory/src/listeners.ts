/**
 * Listeners by topic. Messages arrive in order and in a later microtask, never within the write
 * that they report.
 */
export interface Listeners<T> {
  add(topic: string, listener: (message: T) => void): () => Promise<void>;
  notify(topic: string, message: T): void;
}

export function createListeners<T>(): Listeners<T> {
  const topics = new Map<string, Set<{ readonly receive: (message: T) => void }>>();
  return {
    add(topic, receive) {
      const entry = { receive };
      const listeners = topics.get(topic) ?? new Set();
      topics.set(topic, listeners.add(entry));
      return async () => {
        if (listeners.delete(entry) && listeners.size === 0) topics.delete(topic);
      };
    },
    notify(topic, message) {
      for (const entry of topics.get(topic) ?? []) queueMicrotask(() => entry.receive(message));
    },
  };
}
