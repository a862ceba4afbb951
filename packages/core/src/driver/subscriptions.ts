/**
 * The subscriptions that one object has open at its driver: isolated listeners, no leak after a
 * lost answer, one way to end them all.
 */
import type { DriverGuard } from "./driver-guard.ts";

/** Ends a subscription. Calling it twice does nothing. */
export type Unsubscribe = () => Promise<void>;

export interface Subscriptions {
  /**
   * Subscribes through `subscribe`, which hands each message to `deliver`. What a listener throws
   * is dropped: it harms no other listener and no writer. A subscription that the driver grants
   * after the deadline is ended at once.
   */
  open<T>(
    listener: (message: T) => void,
    subscribe: (deliver: (message: T) => void) => Promise<Unsubscribe>,
  ): Promise<Unsubscribe>;
  /** Ends them all. One that cannot be ended does not stop the others. */
  close(): Promise<void>;
}

export function createSubscriptions(guard: DriverGuard): Subscriptions {
  const active = new Set<Unsubscribe>();

  return {
    async open(listener, subscribe) {
      let listening = true;
      const deliver = (message: Parameters<typeof listener>[0]): void => {
        if (listening) callSafely(listener, message);
      };
      const opening = guard.run(
        () => subscribe(deliver),
        (unsubscribe) => void unsubscribe().catch(() => {}),
      );
      let unsubscribeOnce: Promise<void> | undefined;
      const end: Unsubscribe = () => {
        listening = false;
        active.delete(end);
        unsubscribeOnce ??= opening.then(
          (unsubscribe) => guard.run(unsubscribe),
          () => {},
        );
        return unsubscribeOnce;
      };
      active.add(end);
      try {
        await opening;
      } catch (error) {
        listening = false;
        active.delete(end);
        throw error;
      }
      return end;
    },
    async close() {
      await Promise.allSettled([...active].map((end) => end()));
    },
  };
}

/** Also when the listener is an async function, whose failure is a rejection that nobody awaits. */
export function callSafely<T>(listener: (message: T) => unknown, message: T): void {
  try {
    const outcome = listener(message);
    if (outcome instanceof Promise) outcome.catch(() => {});
  } catch {
    // Dropped: see Subscriptions.open.
  }
}
