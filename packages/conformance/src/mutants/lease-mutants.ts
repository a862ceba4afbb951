import { AsyncResource } from "node:async_hooks";
import {
  delay,
  systemClock,
  type AcquireOptions,
  type Clock,
  type Lease,
  type Lock,
  LockLostError,
  LockTimeoutError,
} from "@lingpai/core";
import { altered } from "../trial/spies.ts";
import type { Core } from "../backend.ts";
import { hasCode, mutant, type Mutant } from "./mutant.ts";

type Acquire = Core["acquire"];

/** Returns core with another `acquire`, and with a `withLease` that uses it. */
function acquiring(make: (sound: Acquire) => Acquire): (sound: Core) => Partial<Core> {
  return (sound) => {
    const acquire = make(sound.acquire);
    return { acquire, withLease: releasing(acquire) };
  };
}

function releasing(acquire: Acquire): Core["withLease"] {
  return async (lock, name, options, work) => {
    const lease = await acquire(lock, name, options);
    try {
      return await work(lease);
    } finally {
      await lease.release();
    }
  };
}

/** Returns a lease with some members replaced. */
function leaseWith(lease: Lease, change: Partial<Lease>): Lease {
  return {
    acquired: true,
    name: lease.name,
    fence: lease.fence,
    storeNowMs: lease.storeNowMs,
    signal: change.signal ?? lease.signal,
    get lost() {
      return lease.lost;
    },
    isHeld: change.isHeld ?? (() => lease.isHeld()),
    release: change.release ?? (() => lease.release()),
    [Symbol.asyncDispose]:
      change[Symbol.asyncDispose] ?? (async () => void (await lease.release())),
  };
}

function clockOf({ clock = systemClock }: { readonly clock?: Clock }): Clock {
  return clock;
}

/** A naive wait: no second try after subscribing and no timer, unless they are asked for. */
function naive({
  looksAgain,
  lookEveryMs,
}: {
  readonly looksAgain: boolean;
  readonly lookEveryMs?: number;
}): (sound: Acquire) => Acquire {
  return (sound) => async (lock, name, options) => {
    const once = (): Promise<Lease | undefined> =>
      sound(lock, name, { ...options, waitMs: 0 }).catch((error: unknown) =>
        hasCode(error, "LOCK_TIMEOUT") ? undefined : Promise.reject(error),
      );
    const first = await once();
    if (first !== undefined || options.waitMs === 0)
      return first ?? Promise.reject(new LockTimeoutError(name, 0));
    let wake = (): void => {};
    const unsubscribe = await lock.onRelease?.(name, () => wake());
    for (let isFirst = true; ; isFirst = false) {
      if (!isFirst || !looksAgain) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        await (lookEveryMs === undefined ? woken : delay(clockOf(options), lookEveryMs));
      }
      const lease = await once();
      if (lease === undefined) continue;
      await unsubscribe?.();
      return lease;
    }
  };
}

function without<T extends object>(options: T, key: keyof T): T {
  const { [key]: _, ...rest } = options;
  return rest as T; // the member was optional
}

/** Adapters that wait wrongly. */
const waitingMutants: readonly Mutant[] = [
  mutant("every try is granted", "LEASE-01 LEASE-16", {
    lockDriver: ({ tryAcquire }) => ({
      async tryAcquire(name, owner, ttlMs) {
        const outcome = await tryAcquire(name, owner, ttlMs);
        return outcome.acquired ? outcome : { acquired: true, fence: 2 ** 41, storeNowMs: 2 ** 40 };
      },
    }),
  }),
  mutant("no waiter is notified of a release", "LEASE-02", {
    rules: ({ release }) => ({
      release: (shard, ...rest) => release({ ...shard, publish: () => {} }, ...rest),
    }),
  }),
  mutant("a waiter polls every 5 ms", "LEASE-03", {
    core: acquiring(naive({ looksAgain: true, lookEveryMs: 5 })),
  }),
  mutant("a waiter polls without jitter", "LEASE-03", {
    core: acquiring(naive({ looksAgain: true, lookEveryMs: 100 })),
  }),
  mutant("a wait ends 200 ms late", "LEASE-04 LEASE-23", {
    core: acquiring(
      (sound) => (lock, name, options) =>
        sound(lock, name, { ...options, waitMs: options.waitMs + 200 }),
    ),
  }),
  mutant("an aborted wait continues in the background", "LEASE-05 LEASE-13", {
    core: acquiring((sound) => (lock, name, options) => {
      const waiting = sound(lock, name, without(options, "signal"));
      const { signal } = options;
      if (signal === undefined) return waiting;
      waiting.catch(() => {});
      const aborted = new Promise<never>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
      );
      return Promise.race([waiting, aborted]);
    }),
  }),
  mutant("a waiter that gave up still blocks the queue", "LEASE-09", {
    core: acquiring(queueThatNobodyLeaves),
  }),
  mutant("a waiter retries only after a message", "LEASE-10 LEASE-18", {
    core: acquiring(naive({ looksAgain: true })),
  }),
  mutant("a waiter does not retry after it has subscribed", "LEASE-17", {
    core: acquiring(naive({ looksAgain: false })),
  }),
  mutant("all leases of a process have the same owner", "LEASE-22 LOCK-15", {
    core: (sound) => {
      const random = { next: () => 0.5, id: () => "host-1.process-4711" };
      return {
        acquire: (lock, name, options) => sound.acquire(lock, name, { ...options, random }),
        tryLease: (lock, name, options) => sound.tryLease(lock, name, { ...options, random }),
      };
    },
  }),
  mutant("owners are consecutive numbers", "LOCK-15", {
    core: (sound) => {
      let count = 0;
      const random = { next: () => 0.5, id: () => `host-1.process-4711.${(count += 1)}` };
      return {
        acquire: (lock, name, options) => sound.acquire(lock, name, { ...options, random }),
      };
    },
  }),
];

/** Adapters that work wrongly under a lease. */
const workMutants: readonly Mutant[] = [
  mutant("a lease is not extended", "LEASE-06", {
    core: acquiring(
      (sound) => (lock, name, options) =>
        sound(altered(lock, { extend: async () => true }), name, options),
    ),
  }),
  mutant("the timers of a lease keep the process alive", "LEASE-06", {
    core: acquiring((sound) => (lock, name, options) => {
      const clock = clockOf(options);
      return sound(lock, name, {
        ...options,
        clock: { ...clock, setTimer: (delayMs, fire) => clock.setTimer(delayMs, fire) },
      });
    }),
  }),
  mutant("the error of a failed release replaces the work's error", "LEASE-08 LEASE-21", {
    core: acquiring((sound) => async (lock, name, options) => {
      const lease = await sound(lock, name, options);
      const release = async (): Promise<boolean> =>
        (await lease.release()) || Promise.reject(new LockLostError(name, "refused"));
      return leaseWith(lease, {
        release,
        [Symbol.asyncDispose]: async () => void (await release()),
      });
    }),
  }),
  mutant("a release is sent twice", "LEASE-11", {
    core: acquiring(
      (sound) => (lock, name, options) =>
        sound(
          altered(lock, {
            release: async (which, owner) => (
              await lock.release(which, owner),
              await lock.release(which, owner),
              true
            ),
          }),
          name,
          options,
        ),
    ),
  }),
  mutant("an acquisition within the work waits for the work's own lease", "LEASE-12", {
    core: (sound) => {
      const outside = new AsyncResource("outside every call chain");
      const acquire: Acquire = (lock, name, options) =>
        outside.runInAsyncScope(() => sound.acquire(lock, name, options));
      return { acquire, withLease: releasing(acquire) };
    },
  }),
  mutant("each caller of a failing load starts another load", "LEASE-25", {
    core: () => ({
      createSingleFlight: () => ({
        run: (_key, work) => work(),
        has: () => false,
        forget: () => {},
        settled: async () => {},
      }),
    }),
  }),
];

/** Adapters that report the loss of a lease wrongly. */
const lossMutants: readonly Mutant[] = [
  mutant("the signal never aborts", "LEASE-07 LEASE-14 LEASE-24", {
    core: acquiring(
      (sound) => async (lock, name, options) =>
        leaseWith(await sound(lock, name, options), {
          signal: new AbortController().signal,
          isHeld: () => true,
        }),
    ),
  }),
  mutant("a suspend of the machine is not noticed", "LEASE-07", {
    core: acquiring((sound) => (lock, name, options) => {
      const clock = clockOf(options);
      return sound(lock, name, {
        ...options,
        clock: { ...clock, wallMs: () => clock.monotonicMs() },
      });
    }),
  }),
  mutant("the signal aborts after the lease is over", "LEASE-14", {
    core: acquiring((sound) => async (lock, name, options) => {
      const lease = await sound(lock, name, options);
      const controller = new AbortController();
      lease.signal.addEventListener(
        "abort",
        () => clockOf(options).setTimer(options.ttlMs, () => controller.abort(lease.signal.reason)),
        {
          once: true,
        },
      );
      return leaseWith(lease, { signal: controller.signal });
    }),
  }),
  mutant("a release after a loss is retried for 2 s", "LEASE-15", {
    core: acquiring((sound) => async (lock, name, options) => {
      const lease = await sound(lock, name, options);
      const release = async (): Promise<boolean> => {
        const released = await lease.release();
        if (!released) await delay(clockOf(options), 2_000);
        return released;
      };
      return leaseWith(lease, { release });
    }),
  }),
  mutant("a lease that was not granted and one that was lost cause the same error", "LEASE-16", {
    core: (sound) => ({
      withLease: async (lock, name, options, work) => {
        try {
          return await sound.withLease(lock, name, options, work);
        } catch (error) {
          throw hasCode(error, "LOCK_LOST") ? new LockTimeoutError(name, options.waitMs) : error;
        }
      },
    }),
  }),
  mutant("a grant that arrives after its lease has ended counts as held", "LEASE-19", {
    core: (sound) => ({
      tryLease: async (lock, name, options) => {
        const lease = await sound.tryLease(lock, name, options);
        return lease.acquired
          ? lease
          : sound.tryLease(lock, name, { ...options, ttlMs: options.ttlMs * 10 });
      },
    }),
  }),
  mutant("only a timer aborts the signal, which is late after a blocked event loop", "LEASE-20", {
    core: acquiring((sound) => async (lock, name, options) => {
      const lease = await sound(lock, name, options);
      const controller = new AbortController();
      lease.signal.addEventListener("abort", () => controller.abort(lease.signal.reason), {
        once: true,
      });
      return leaseWith(lease, { signal: controller.signal });
    }),
  }),
];

export const leaseMutants: readonly Mutant[] = [...waitingMutants, ...workMutants, ...lossMutants];

/** A queue of its own. A waiter that gives up keeps its place until its wait would have ended. */
function queueThatNobodyLeaves(sound: Acquire): Acquire {
  const tails = new WeakMap<Lock, Promise<unknown>>();
  return (lock, name, options: AcquireOptions) => {
    const turn = tails.get(lock) ?? Promise.resolve();
    const waiting = turn.then(() => sound(lock, name, options));
    const place = waiting.then(
      () => {},
      () => delay(clockOf(options), options.waitMs),
    );
    tails.set(lock, place);
    return waiting;
  };
}
