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
  /** Those of one name, in an array that is replaced when one comes or goes: most are alone. */
  readonly #toName = new Map<string, readonly Listening[]>();
  readonly #toAll = new Set<Listening>();
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
    this.#add(listening);
    try {
      await present;
    } catch (error) {
      await this.#remove(listening);
      throw error;
    }
    let ended: Promise<void> | undefined;
    const end: Unsubscribe = () => (ended ??= this.#remove(listening));
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

  #add(listening: Listening): void {
    const { name } = listening;
    if (name === undefined) this.#toAll.add(listening);
    else this.#toName.set(name, (this.#toName.get(name) ?? []).concat(listening));
  }

  async #remove(listening: Listening): Promise<void> {
    const { name } = listening;
    this.#toAll.delete(listening);
    if (name !== undefined) {
      const others = this.#toName.get(name)?.filter((other) => other !== listening) ?? [];
      if (others.length > 0) this.#toName.set(name, others);
      else this.#toName.delete(name);
    }
    if (this.#toName.size + this.#toAll.size > 0) return;
    const present = this.#present;
    this.#present = undefined;
    this.#options.onEmpty();
    await (
      await present
    )?.();
  }

  #deliver(name: string | undefined): void {
    if (name === undefined) {
      for (const { listener } of [...this.#toName.values()].flat().concat([...this.#toAll]))
        callSafely(listener, undefined);
      return;
    }
    for (const { listener, key } of this.#toName.get(name) ?? []) callSafely(listener, key);
    const key = this.#toAll.size > 0 ? this.#options.keyOf(name) : undefined;
    if (key === undefined) return;
    for (const { listener } of [...this.#toAll]) callSafely(listener, key);
  }
}

function endQuietly(subscription: Promise<Unsubscribe> | undefined): void {
  subscription?.then((end) => end()).catch(() => {});
}
