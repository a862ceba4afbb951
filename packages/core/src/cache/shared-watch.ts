/**
 * One subscription at the store for all listeners of a scope: a process may hold a hundred thousand
 * credentials under one prefix.
 */
import type { WatchListener } from "./cache.ts";
import type { Unsubscribe } from "../driver/subscriptions.ts";
import { callSafely, type Subscriptions } from "../driver/subscriptions.ts";

export interface SharedWatchOptions {
  readonly subscriptions: Subscriptions;
  /**
   * Opens a subscription of the whole scope; each message is the full name that changed, or
   * undefined when some may have been missed.
   */
  readonly subscribe: (deliver: WatchListener) => Promise<Unsubscribe>;
  /** The key of a full name; undefined for what is not of the scope. */
  readonly keyOf: (name: string) => string | undefined;
  /** Called when nobody listens any more: the next listener needs another one. */
  readonly onEmpty: () => void;
}

/** Who listens: to one name, or, without one, to all. */
interface Listening {
  readonly name: string | undefined;
  readonly key: string | undefined;
  readonly listener: WatchListener;
}

export class SharedWatch {
  readonly #options: SharedWatchOptions;
  readonly #listening = new Map<string | undefined, Set<Listening>>();
  /** Which subscription each listener was given. */
  readonly #givenTo = new WeakMap<Unsubscribe, Promise<Unsubscribe>>();
  #present: Promise<Unsubscribe> | undefined;

  constructor(options: SharedWatchOptions) {
    this.#options = options;
  }

  /**
   * @param instead what an earlier call gave and what seems dead: unless another one has been
   *   opened since, the store is asked for a new one.
   */
  async open(listening: Listening, instead: Unsubscribe | undefined): Promise<Unsubscribe> {
    // One that is not known here comes through a wrapper, which may know better.
    const seemsDead =
      instead !== undefined && [undefined, this.#present].includes(this.#givenTo.get(instead));
    const present = this.#present === undefined || seemsDead ? this.#renew() : this.#present;
    const remove = this.#add(listening);
    try {
      await present;
    } catch (error) {
      await remove();
      throw error;
    }
    let ended: Promise<void> | undefined;
    const end: Unsubscribe = () => (ended ??= remove());
    this.#givenTo.set(end, present);
    return end;
  }

  #renew(): Promise<Unsubscribe> {
    const before = this.#present;
    const { subscribe, subscriptions } = this.#options;
    const fresh = subscriptions.open<string | undefined>((name) => this.#deliver(name), subscribe);
    this.#present = fresh;
    fresh.then(
      () => endQuietly(before),
      () => {
        // The others may still be told by the one before.
        if (this.#present === fresh) this.#present = before;
        else endQuietly(before);
      },
    );
    return fresh;
  }

  #add(listening: Listening): () => Promise<void> {
    const { name } = listening;
    const others = this.#listening.get(name) ?? new Set();
    this.#listening.set(name, others.add(listening));
    return async () => {
      others.delete(listening);
      if (others.size === 0 && this.#listening.get(name) === others) this.#listening.delete(name);
      if (this.#listening.size > 0) return;
      const present = this.#present;
      this.#present = undefined;
      this.#options.onEmpty();
      await (
        await present
      )?.();
    };
  }

  #deliver(name: string | undefined): void {
    if (name === undefined) {
      for (const listeners of [...this.#listening.values()])
        for (const { listener } of [...listeners]) callSafely(listener, undefined);
      return;
    }
    for (const { listener, key } of [...(this.#listening.get(name) ?? [])])
      callSafely(listener, key);
    const toAll = this.#listening.get(undefined);
    const key = toAll && this.#options.keyOf(name);
    if (toAll !== undefined && key !== undefined)
      for (const { listener } of [...toAll]) callSafely(listener, key);
  }
}

function endQuietly(subscription: Promise<Unsubscribe> | undefined): void {
  subscription?.then((end) => end()).catch(() => {});
}
