/** The one connection for all subscriptions of a client, as in an adapter. */
import type { Clock, Unsubscribe } from "@lingpai/core";
import type { SimulatedLink } from "./simulated-link.ts";
import type { SimulatedServer } from "./simulated-server.ts";

/** The behaviour of a client's subscriptions. */
export interface SubscriberHabits {
  readonly resubscribes: boolean;
  readonly tellsMissed: boolean;
}

export interface Subscriber {
  readonly connections: number;
  /** `undefined` means that messages may have been missed. */
  subscribe(channel: string, listener: (message: string | undefined) => void): Promise<Unsubscribe>;
  close(): void;
}

interface Subscription {
  readonly channel: string;
  readonly listener: (message: string | undefined) => void;
  leave: () => void;
}

const retryMs = 10;

export function createSubscriber(
  server: SimulatedServer,
  link: SimulatedLink,
  clock: Clock,
  habits: SubscriberHabits,
): Subscriber {
  const subscriptions = new Set<Subscription>();
  let cancelRetry: (() => void) | undefined;

  const join = (subscription: Subscription): void => {
    subscription.leave();
    const { channel, listener } = subscription;
    subscription.leave = server.subscribe(channel, (message) => {
      if (link.isUp)
        void Promise.resolve().then(() => subscriptions.has(subscription) && listener(message));
    });
  };

  const rejoin = (): void => {
    cancelRetry = undefined;
    if (!link.isUp) {
      cancelRetry = clock.setTimer(retryMs, rejoin, { background: true });
      return;
    }
    for (const subscription of subscriptions) {
      join(subscription);
      if (habits.tellsMissed) subscription.listener(undefined);
    }
  };

  link.onBreak(() => {
    for (const { leave } of subscriptions) leave();
    if (habits.resubscribes && subscriptions.size > 0)
      cancelRetry ??= clock.setTimer(retryMs, rejoin, { background: true });
  });

  return {
    get connections() {
      return subscriptions.size > 0 ? 1 : 0;
    },
    async subscribe(channel, listener) {
      const subscription: Subscription = { channel, listener, leave: () => {} };
      subscriptions.add(subscription);
      join(subscription);
      await Promise.resolve();
      return async () => {
        subscriptions.delete(subscription);
        subscription.leave();
      };
    },
    close() {
      cancelRetry?.();
      for (const { leave } of subscriptions) leave();
      subscriptions.clear();
    },
  };
}
