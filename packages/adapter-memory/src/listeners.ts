/**
 * Listeners by topic. Messages arrive in order, in a later microtask: never within the write that
 * they tell of.
 */
export interface Listeners<T> {
  add(topic: string, listener: (message: T) => void): () => Promise<void>;
  tell(topic: string, message: T): void;
}

export function createListeners<T>(): Listeners<T> {
  const topics = new Map<string, Set<{ readonly hear: (message: T) => void }>>();
  return {
    add(topic, hear) {
      const entry = { hear };
      const listeners = topics.get(topic) ?? new Set();
      topics.set(topic, listeners.add(entry));
      return async () => {
        if (listeners.delete(entry) && listeners.size === 0) topics.delete(topic);
      };
    },
    tell(topic, message) {
      for (const entry of topics.get(topic) ?? []) queueMicrotask(() => entry.hear(message));
    },
  };
}
