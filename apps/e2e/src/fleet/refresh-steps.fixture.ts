/**
 * The steps of a refresh at which a test can act. A hook runs just before its step.
 */
import type {
  Cache,
  Conflict,
  Lock,
  SetOptions,
  Unsubscribe,
  WatchListener,
  Written,
} from "@lingpai/core";
import type { Fetch } from "@lingpai/wechat";

/**
 * `acquire`: the lock is requested. `leased`: the lock was granted. `write-intent`: the intent is
 * written. `send`: the request leaves. `answered`: the whole answer has arrived, and no other node
 * knows it. `outcome`: the outcome of the request is written. `release`: the lock is released.
 */
export type RefreshStep =
  | "acquire"
  | "leased"
  | "write-intent"
  | "send"
  | "answered"
  | "outcome"
  | "release";

export class StepHooks {
  readonly #acts = new Map<RefreshStep, () => unknown>();

  /** Runs `act`, and waits for it, before the next such step. */
  next(step: RefreshStep, act: () => unknown): void {
    this.#acts.set(step, act);
  }

  async reach(step: RefreshStep): Promise<void> {
    const act = this.#acts.get(step);
    this.#acts.delete(step);
    await act?.();
  }
}

export function hookedFetch(fetch: Fetch, steps: StepHooks): Fetch {
  return async (input, init) => {
    const isIssue =
      new URL(input instanceof Request ? input.url : input).pathname === "/cgi-bin/token";
    if (!isIssue) return fetch(input, init);
    await steps.reach("send");
    const response = await fetch(input, init);
    const body = await response.text();
    await steps.reach("answered");
    const { status, headers } = response;
    return new Response(body, { status, headers });
  };
}

export function hookedLock(lock: Lock, steps: StepHooks): Lock {
  return {
    path: lock.path,
    ...(lock.queue && { queue: lock.queue }),
    ...(lock.onRelease && { onRelease: lock.onRelease.bind(lock) }),
    async tryAcquire(name, owner, ttlMs) {
      await steps.reach("acquire");
      const grant = await lock.tryAcquire(name, owner, ttlMs);
      if (grant.acquired) await steps.reach("leased");
      return grant;
    },
    extend: (name, owner, ttlMs) => lock.extend(name, owner, ttlMs),
    async release(name, owner) {
      await steps.reach("release");
      return lock.release(name, owner);
    },
    withPrefix: (segment) => hookedLock(lock.withPrefix(segment), steps),
    at: (path) => hookedLock(lock.at(path), steps),
  };
}

/** Hooks the writes of documents, not those of the registry of claims. */
export function hookedCache(cache: Cache, steps: StepHooks): Cache {
  return new HookedCache(cache, steps);
}

class HookedCache implements Cache {
  readonly path: readonly string[];
  readonly pushesChanges: boolean;
  readonly watch?: (listener: WatchListener) => Promise<Unsubscribe>;
  readonly #cache: Cache;
  readonly #steps: StepHooks;

  constructor(cache: Cache, steps: StepHooks) {
    this.#cache = cache;
    this.#steps = steps;
    this.path = cache.path;
    this.pushesChanges = cache.pushesChanges;
    if (cache.watch) this.watch = cache.watch.bind(cache);
  }

  async set(key: string, value: string, options?: SetOptions): Promise<Written | Conflict> {
    const document: unknown = JSON.parse(value);
    const isDocument = typeof document === "object" && document !== null && "outcomeId" in document;
    if (isDocument) await this.#steps.reach("intent" in document ? "write-intent" : "outcome");
    return this.#cache.set(key, value, options);
  }

  get: Cache["get"] = (key) => this.#cache.get(key);
  delete: Cache["delete"] = (key, options) => this.#cache.delete(key, options);
  clear: Cache["clear"] = () => this.#cache.clear();
  keys: Cache["keys"] = () => this.#cache.keys();
  close: Cache["close"] = () => this.#cache.close();

  withPrefix(segment: string): Cache {
    return new HookedCache(this.#cache.withPrefix(segment), this.#steps);
  }

  at(path: readonly string[]): Cache {
    return new HookedCache(this.#cache.at(path), this.#steps);
  }
}
