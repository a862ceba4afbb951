/**
 * The moments of a refresh at which a test can act: each is reached just before what it is named
 * for happens.
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
 * `acquire`: the lock is asked for. `holding`: it was granted. `announce`: the intent is written.
 * `send`: the request leaves. `answered`: its answer is here, whole, and known to nobody else.
 * `outcome`: what became of the request is written. `release`: the lock is given back.
 */
export type Moment =
  | "acquire"
  | "holding"
  | "announce"
  | "send"
  | "answered"
  | "outcome"
  | "release";

export class Moments {
  readonly #acts = new Map<Moment, () => unknown>();

  /** Does this, and waits for it, the next time that the moment comes. */
  next(moment: Moment, act: () => unknown): void {
    this.#acts.set(moment, act);
  }

  async reach(moment: Moment): Promise<void> {
    const act = this.#acts.get(moment);
    this.#acts.delete(moment);
    await act?.();
  }
}

export function tappedFetch(fetch: Fetch, moments: Moments): Fetch {
  return async (input, init) => {
    const isIssue =
      new URL(input instanceof Request ? input.url : input).pathname === "/cgi-bin/token";
    if (!isIssue) return fetch(input, init);
    await moments.reach("send");
    const response = await fetch(input, init);
    const body = await response.text();
    await moments.reach("answered");
    const { status, headers } = response;
    return new Response(body, { status, headers });
  };
}

export function tappedLock(lock: Lock, moments: Moments): Lock {
  return {
    path: lock.path,
    ...(lock.queue && { queue: lock.queue }),
    ...(lock.onRelease && { onRelease: lock.onRelease.bind(lock) }),
    async tryAcquire(name, owner, ttlMs) {
      await moments.reach("acquire");
      const grant = await lock.tryAcquire(name, owner, ttlMs);
      if (grant.acquired) await moments.reach("holding");
      return grant;
    },
    extend: (name, owner, ttlMs) => lock.extend(name, owner, ttlMs),
    async release(name, owner) {
      await moments.reach("release");
      return lock.release(name, owner);
    },
    withPrefix: (segment) => tappedLock(lock.withPrefix(segment), moments),
    at: (path) => tappedLock(lock.at(path), moments),
  };
}

/** Only the documents are tapped, not the registry of claims. */
export function tappedCache(cache: Cache, moments: Moments): Cache {
  return new TappedCache(cache, moments);
}

class TappedCache implements Cache {
  readonly path: readonly string[];
  readonly pushesChanges: boolean;
  readonly watch?: (listener: WatchListener) => Promise<Unsubscribe>;
  readonly #cache: Cache;
  readonly #moments: Moments;

  constructor(cache: Cache, moments: Moments) {
    this.#cache = cache;
    this.#moments = moments;
    this.path = cache.path;
    this.pushesChanges = cache.pushesChanges;
    if (cache.watch) this.watch = cache.watch.bind(cache);
  }

  async set(key: string, value: string, options?: SetOptions): Promise<Written | Conflict> {
    const document: unknown = JSON.parse(value);
    const isDocument = typeof document === "object" && document !== null && "outcomeId" in document;
    if (isDocument) await this.#moments.reach("intent" in document ? "announce" : "outcome");
    return this.#cache.set(key, value, options);
  }

  get: Cache["get"] = (key) => this.#cache.get(key);
  delete: Cache["delete"] = (key, options) => this.#cache.delete(key, options);
  clear: Cache["clear"] = () => this.#cache.clear();
  keys: Cache["keys"] = () => this.#cache.keys();
  close: Cache["close"] = () => this.#cache.close();

  withPrefix(segment: string): Cache {
    return new TappedCache(this.#cache.withPrefix(segment), this.#moments);
  }

  at(path: readonly string[]): Cache {
    return new TappedCache(this.#cache.at(path), this.#moments);
  }
}
