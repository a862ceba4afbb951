/**
 * Shares one subscription at the store among all listeners of a scope, because a process may hold a
 * hundred thousand credentials under one prefix.
 */
import type { WatchListener } from "./cache.ts";
import type { Unsubscribe } from "../driver/subscriptions.ts";
import { callSafely, type Subscriptions } from "../driver/subscriptions.ts";

export interface SharedWatchOptions {
  readonly subscriptions: Subscriptions;
  /**
   * Opens a subscription of the whole scope. Each message is the full name that changed, or
   * undefined when messages may have been missed.
   */
  readonly subscribe: (deliver: WatchListener) => Promise<Unsubscribe>;
  /** Returns the key of a full name. Undefined for a name outside the scope. */
  readonly keyOf: (name: string) => string | undefined;
  /** Called when the last listener has gone. The next listener needs a new `SharedWatch`. */
  readonly onEmpty: () => void;
}

/** A listener of one name, or of all names when `name` is undefined. */
interface Listening {
  readonly name: string | undefined;
  readonly key: string | undefined;
  readonly listener: WatchListener;
  /** The next listener of the same name. */
  other: Listening | undefined;
  /** What its caller was given, and the subscription at the store that this stands for. */
  end: Unsubscribe | undefined;
  present: Promise<Unsubscribe> | undefined;
}

interface Ended {
  readonly done: Promise<void>;
  readonly present: Promise<Unsubscribe> | undefined;
}

export class SharedWatch {
  readonly #options: SharedWatchOptions;
  /** The newest listener of each name, which leads to the others. Most names have one. */
  readonly #toName = new Map<string, Listening>();
  readonly #toAll = new Set<Listening>();
  /** The subscription of each listener that has left. Present listeners know their own. */
  readonly #ended = new WeakMap<Unsubscribe, Ended>();
  #present: Promise<Unsubscribe> | undefined;

  constructor(options: SharedWatchOptions) {
    this.#options = options;
  }

  /**
   * Adds a listener.
   *
   * @param instead the result of an earlier call for the same name, whose subscription seems dead.
   *   The store is asked for a new subscription, unless that happened since.
   */
  async open(
    { name, key, listener }: Pick<Listening, "name" | "key" | "listener">,
    instead: Unsubscribe | undefined,
  ): Promise<Unsubscribe> {
    const listening: Listening = {
      name,
      key,
      listener,
      other: undefined,
      end: undefined,
      present: undefined,
    };
    // An unknown one comes from a wrapper of this cache. The wrapper decides whether it is dead.
    const seemsDead =
      instead !== undefined && [undefined, this.#present].includes(this.#behind(instead, name));
    const present = this.#present === undefined || seemsDead ? this.#renew() : this.#present;
    this.#add(listening);
    try {
      await present;
    } catch (error) {
      await this.#remove(listening);
      throw error;
    }
    listening.present = present;
    // Bound, not an arrow function, which would hold a context of its own.
    listening.end = this.#end.bind(this, listening);
    return listening.end;
  }

  /** Returns the subscription at the store for which this stands. Undefined for an unknown one. */
  #behind(end: Unsubscribe, name: string | undefined): Promise<Unsubscribe> | undefined {
    const present = name === undefined ? this.#toAll : allFrom(this.#toName.get(name));
    for (const listening of present) if (listening.end === end) return listening.present;
    return this.#ended.get(end)?.present;
  }

  /** Removes the listener, once. */
  #end(listening: Listening): Promise<void> {
    const { end, present } = listening;
    const before = end && this.#ended.get(end);
    if (before !== undefined) return before.done;
    const done = this.#remove(listening);
    if (end !== undefined) this.#ended.set(end, { done, present });
    return done;
  }

  #renew(): Promise<Unsubscribe> {
    const before = this.#present;
    const { subscribe, subscriptions } = this.#options;
    const fresh = subscriptions.open<string | undefined>((name) => this.#deliver(name), subscribe);
    this.#present = fresh;
    fresh.then(
      () => endQuietly(before),
      () => {
        // The previous subscription may still work for the other listeners.
        if (this.#present === fresh) this.#present = before;
        else endQuietly(before);
      },
    );
    return fresh;
  }

  #add(listening: Listening): void {
    const { name } = listening;
    if (name === undefined) return void this.#toAll.add(listening);
    listening.other = this.#toName.get(name);
    this.#toName.set(name, listening);
  }

  async #remove(listening: Listening): Promise<void> {
    const { name, other } = listening;
    if (name === undefined) this.#toAll.delete(listening);
    else if (this.#toName.get(name) !== listening) {
      for (const each of allFrom(this.#toName.get(name)))
        if (each.other === listening) each.other = other;
    } else if (other === undefined) this.#toName.delete(name);
    else this.#toName.set(name, other);
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
      const told = [...this.#toName.values()].flatMap((first) => [...allFrom(first)]);
      for (const { listener } of told.concat([...this.#toAll])) callSafely(listener, undefined);
      return;
    }
    for (const { listener, key } of allFrom(this.#toName.get(name))) callSafely(listener, key);
    const key = this.#toAll.size > 0 ? this.#options.keyOf(name) : undefined;
    if (key === undefined) return;
    for (const { listener } of [...this.#toAll]) callSafely(listener, key);
  }
}

function* allFrom(first: Listening | undefined): Generator<Listening, void, undefined> {
  for (let each = first; each !== undefined; each = each.other) yield each;
}

function endQuietly(subscription: Promise<Unsubscribe> | undefined): void {
  subscription?.then((end) => end()).catch(() => {});
}
