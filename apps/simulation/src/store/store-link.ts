/**
 * The connection of one process to the store. Commands keep their order, replies take time or are
 * lost, and messages may be lost.
 */
import type { Unsubscribe, WatchListener } from "@lingpai/core";
import type { CacheDriver, LockDriver } from "@lingpai/core/driver";
import { CacheUnavailableError } from "@lingpai/core";
import type { Primary, Watcher } from "./primary.ts";
import type { Process } from "../world/process.ts";
import type { World } from "../world/world.ts";

/** How one command travels: its delays, and whether its request or reply is lost. */
export interface CommandDelivery {
  readonly requestMs: number;
  readonly replyMs: number;
  /** `silent`: the driver never settles. `reset`: the driver reports a broken connection. */
  readonly fate:
    | "answered"
    | "request-lost-silent"
    | "reply-lost-silent"
    | "request-lost-reset"
    | "reply-lost-reset";
}

export interface StoreLinkOptions {
  readonly world: World;
  readonly process: Process;
  readonly primary: Primary;
  /** Draws the delivery of a command. */
  readonly command: (command: string) => CommandDelivery;
  /** Draws the delay of a message; undefined: it is lost. */
  readonly message: () => number | undefined;
  /** Called when the store has executed a command. */
  readonly onExecuted: (command: Executed) => void;
  readonly pushesChanges: boolean;
}

export interface Executed {
  readonly process: Process;
  readonly primary: Primary;
  readonly command: string;
  readonly name: string;
  readonly value: string | undefined;
  readonly result: unknown;
}

interface Subscription {
  readonly scope: string;
  readonly listener: WatchListener;
  watcher: Watcher | undefined;
}

/** A reply that takes longer is lost. */
const longestReplyMs = 2_000;

export class StoreLink {
  readonly cacheDriver: CacheDriver;
  readonly lockDriver: LockDriver;
  readonly #options: StoreLinkOptions;
  readonly #subscriptions = new Set<Subscription>();
  #primary: Primary;
  /** Undefined while the connection works. */
  #brokenSince: number | undefined;
  #isRefusing = false;
  #requestsUntilMs = 0;
  #repliesUntilMs = 0;

  constructor(options: StoreLinkOptions) {
    this.#options = options;
    this.#primary = options.primary;
    const run = <T>(
      command: string,
      name: string,
      execute: (primary: Primary) => T,
      value?: string,
    ): Promise<T> => this.#run(command, name, execute, value);
    const entries: CacheDriver = {
      kind: "simulated",
      get: (name) => run("get", name, (primary) => primary.get(name)),
      set: (name, value, write) =>
        run("set", name, (primary) => primary.set(name, value, write), value),
      delete: (name, ifVersion) =>
        run("delete", name, (primary) => primary.delete(name, ifVersion)),
      clear: (scope) =>
        run(
          "clear",
          scope,
          (primary) => primary.names(scope).filter((name) => primary.delete(name)).length,
        ),
      names: (scope) => this.#names(scope),
      close: async () => {},
    };
    this.cacheDriver = options.pushesChanges
      ? { ...entries, watch: (scope, listener) => this.#watch(scope, listener) }
      : entries;
    this.lockDriver = {
      kind: "simulated",
      tryAcquire: (name, owner, ttlMs) =>
        run("acquire", name, (primary) => primary.tryAcquire(name, owner, ttlMs)),
      extend: (name, owner, ttlMs) =>
        run("extend", name, (primary) => primary.extend(name, owner, ttlMs)),
      release: (name, owner) => run("release", name, (primary) => primary.release(name, owner)),
    };
  }

  get primary(): Primary {
    return this.#primary;
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  get isBroken(): boolean {
    return this.#brokenSince !== undefined;
  }

  /**
   * Breaks the connection in both directions. `refusing`: the driver knows and rejects at once;
   * otherwise its commands never settle.
   */
  cut({ refusing = false }: { readonly refusing?: boolean } = {}): void {
    this.#brokenSince ??= this.#options.world.nowMs;
    this.#isRefusing = refusing;
    for (const subscription of this.#subscriptions) this.#detach(subscription);
  }

  /**
   * Restores the connection, perhaps to another primary. Listeners are told to read again, because
   * they may have missed messages.
   */
  connect(primary: Primary): void {
    for (const subscription of this.#subscriptions) this.#detach(subscription);
    this.#primary = primary;
    this.#brokenSince = undefined;
    this.#isRefusing = false;
    for (const subscription of this.#subscriptions) this.#attach(subscription);
    this.#options.process.receive(this.#options.message() ?? 1, () => {
      for (const { listener } of [...this.#subscriptions]) listener(undefined);
    });
  }

  /** Ends all subscriptions, as the end of the process does. */
  close(): void {
    for (const subscription of this.#subscriptions) this.#detach(subscription);
    this.#subscriptions.clear();
  }

  #run<T>(
    command: string,
    name: string,
    execute: (primary: Primary) => T,
    value: string | undefined,
  ): Promise<T> {
    const { world, process } = this.#options;
    const { requestMs, replyMs, fate } = this.#options.command(command);
    return new Promise((resolve, reject) => {
      const reset = (): void =>
        process.receive(replyMs, () =>
          reject(
            new CacheUnavailableError("The simulated connection broke.", {
              reason: "disconnected",
            }),
          ),
        );
      const lose = (): void => (fate.endsWith("reset") || this.#isRefusing ? reset() : undefined);
      if (fate.startsWith("request-lost") || this.#isRefusing) return lose();
      // Commands of one connection do not overtake each other, and neither do their replies.
      this.#requestsUntilMs = Math.max(world.nowMs + requestMs, this.#requestsUntilMs);
      const arrive = (): "quiet" => {
        const primary = this.#primary;
        if (this.isBroken) {
          lose();
          return "quiet";
        }
        if (world.nowMs < primary.frozenUntilMs) {
          // The command waits in the socket of the frozen server, unless the client connects to
          // another one.
          world.after(primary.frozenUntilMs - world.nowMs, () =>
            this.#primary === primary ? arrive() : "quiet",
          );
          return "quiet";
        }
        const outcome = this.#execute(primary, { command, name, value }, execute);
        if (fate.startsWith("reply-lost")) {
          lose();
          return "quiet";
        }
        this.#repliesUntilMs = Math.max(world.nowMs + replyMs, this.#repliesUntilMs);
        process.receive(this.#repliesUntilMs - world.nowMs, () => {
          if ("refusal" in outcome) reject(outcome.refusal);
          else resolve(outcome.result);
        });
        return "quiet";
      };
      world.after(this.#requestsUntilMs - world.nowMs, arrive);
    });
  }

  #execute<T>(
    primary: Primary,
    asked: { readonly command: string; readonly name: string; readonly value: string | undefined },
    execute: (primary: Primary) => T,
  ): Outcome<T> {
    const { process, onExecuted } = this.#options;
    const outcome = outcomeOf(() => execute(primary));
    onExecuted({
      process,
      primary,
      ...asked,
      result: "refusal" in outcome ? outcome.refusal : outcome.result,
    });
    return outcome;
  }

  async *#names(scope: string): AsyncGenerator<string> {
    yield* await this.#run("names", scope, (primary) => primary.names(scope), undefined);
  }

  async #watch(scope: string, listener: WatchListener): Promise<Unsubscribe> {
    const subscription: Subscription = { scope, listener, watcher: undefined };
    const subscribed = this.#run(
      "subscribe",
      scope,
      () => {
        this.#subscriptions.add(subscription);
        this.#attach(subscription);
      },
      undefined,
    );
    let isKnown = false;
    // A subscription whose reply is lost ends with its connection.
    this.#options.world.after(2 * longestReplyMs, () => {
      if (!isKnown) this.#drop(subscription);
      return "quiet";
    });
    await subscribed;
    isKnown = true;
    return async () => this.#drop(subscription);
  }

  #drop(subscription: Subscription): void {
    this.#detach(subscription);
    this.#subscriptions.delete(subscription);
  }

  #attach(subscription: Subscription): void {
    const { process, message } = this.#options;
    const deliver: WatchListener = (name) => {
      const delayMs = message();
      if (delayMs !== undefined) process.receive(delayMs, () => subscription.listener(name));
    };
    subscription.watcher = { scope: subscription.scope, deliver };
    this.#primary.watchers.add(subscription.watcher);
  }

  #detach(subscription: Subscription): void {
    if (subscription.watcher !== undefined) this.#primary.watchers.delete(subscription.watcher);
    subscription.watcher = undefined;
  }
}

/** The outcome of a command: a result, or the error that refuses it. */
type Outcome<T> = { readonly result: T } | { readonly refusal: unknown };

function outcomeOf<T>(execute: () => T): Outcome<T> {
  try {
    return { result: execute() };
  } catch (refusal) {
    return { refusal };
  }
}
