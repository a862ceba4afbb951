import { describe, expect, test } from "vitest";
import { createLock } from "./create-lock.ts";
import type { Busy, Granted, Lock } from "./lock.ts";
import type { LockDriver } from "./lock-driver.ts";
import { manualClock } from "../testing/index.ts";
import type { ManualClock } from "../testing/index.ts";

interface Fixture {
  readonly lock: Lock;
  readonly clock: ManualClock;
  /** Every call that reached the driver. */
  readonly calls: Array<readonly unknown[]>;
  readonly waiters: Map<string, Set<() => void>>;
}

/**
 * A lock over a driver that records its calls and grants everything. `override` replaces its
 * operations.
 */
function noting(override: Partial<LockDriver> = {}): Fixture {
  const clock = manualClock();
  const calls: Array<readonly unknown[]> = [];
  const waiters = new Map<string, Set<() => void>>();
  const driver: LockDriver = {
    kind: "noting",
    async tryAcquire(name, owner, ttlMs) {
      calls.push(["tryAcquire", name, owner, ttlMs]);
      return { acquired: true, fence: 1, storeNowMs: clock.wallMs() };
    },
    extend: async (name, owner, ttlMs) => calls.push(["extend", name, owner, ttlMs]) > 0,
    release: async (name, owner) => calls.push(["release", name, owner]) > 0,
    async onRelease(name, listener) {
      waiters.set(name, (waiters.get(name) ?? new Set()).add(listener));
      return async () => void waiters.get(name)?.delete(listener);
    },
    ...override,
  };
  return { lock: createLock(driver, { clock }), clock, calls, waiters };
}

const never = (): Promise<never> => new Promise(() => {});

describe("a lock's view", () => {
  test("PREFIX-08 addresses exactly its path, and shares the wait queue of its root", async () => {
    const { lock, calls } = noting();
    const view = lock.withPrefix("a:b").withPrefix("c");
    expect(view.path).toEqual(["a:b", "c"]);
    await view.tryAcquire("n", "me", 1000);
    await view.at(["x"]).extend("n", "me", 2000);
    await lock.release("{n}", "me");
    expect(calls).toEqual([
      ["tryAcquire", "a%3Ab:c:{n}", "me", 1000],
      ["extend", "x:{n}", "me", 2000],
      ["release", "{%7Bn%7D}", "me"],
    ]);
    expect(view.queue).toBe(lock.queue);
  });

  test("PREFIX-11 is refused for a prefix that has no name", () => {
    expect(() => noting().lock.withPrefix("")).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
    expect(() => noting().lock.at(["a", "\ud800"])).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
  });
});

describe("in createLock()", () => {
  test.each([0, -1, NaN, Infinity, 1.5, 2 ** 31, "300", undefined])(
    "LOCK-10 the lease %j is refused before anything is sent",
    async (ttlMs) => {
      const { lock, calls } = noting();
      // @ts-expect-error: a caller in JavaScript may pass this
      await expect(lock.tryAcquire("n", "me", ttlMs)).rejects.toMatchObject({
        code: "CONFIGURATION",
        message: expect.stringContaining("ttlMs"),
      });
      // @ts-expect-error: a caller in JavaScript may pass this
      await expect(lock.extend("n", "me", ttlMs)).rejects.toMatchObject({ code: "CONFIGURATION" });
      expect(calls).toEqual([]);
    },
  );

  test.each([1, 2 ** 31 - 1])("LOCK-10 the lease %j is sent", async (ttlMs) => {
    const { lock, calls } = noting();
    await lock.tryAcquire("n", "me", ttlMs);
    expect(calls).toHaveLength(1);
  });

  test("LOCK-05 an invalid owner gives an error with the remedy", async () => {
    const told = {
      message:
        "A lock's owner must be 1 to 128 visible ASCII characters. Draw it with random.id().",
    };
    await expect(noting().lock.tryAcquire("n", "", 1_000)).rejects.toMatchObject(told);
  });

  test("an empty or malformed name is refused", async () => {
    const { lock, calls } = noting();
    for (const name of ["", "\ud800"]) {
      const outcomes = [
        lock.tryAcquire(name, "me", 1),
        lock.extend(name, "me", 1),
        lock.release(name, "me"),
        lock.onRelease!(name, () => {}),
      ];
      for (const outcome of outcomes)
        await expect(outcome).rejects.toMatchObject({ code: "CONFIGURATION" });
    }
    expect(calls).toEqual([]);
  });

  test("LOCK-05 an invalid owner acquires, extends and releases nothing", async () => {
    const { lock, calls } = noting();
    for (const owner of ["", " ", "a b", "a\n", "é", "x".repeat(129)]) {
      await expect(lock.tryAcquire("n", owner, 1000)).rejects.toMatchObject({
        code: "CONFIGURATION",
      });
      expect(await lock.extend("n", owner, 1000)).toBe(false);
      expect(await lock.release("n", owner)).toBe(false);
    }
    expect(calls).toEqual([]);
  });
});

describe("a store that does not answer or fails", () => {
  test("FAULT-01 fails every operation within the deadline", async () => {
    const { lock, clock } = noting({
      tryAcquire: never,
      extend: never,
      release: never,
      onRelease: never,
    });
    const outcomes = Promise.allSettled([
      lock.tryAcquire("n", "me", 1),
      lock.extend("n", "me", 1),
      lock.release("n", "me"),
      lock.onRelease!("n", () => {}),
    ]);
    await clock.advance(500);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ reason: { code: "CACHE_UNAVAILABLE", reason: "timeout" } });
    expect(clock.pendingTimers).toBe(0);
  });

  test("FAULT-08 is never reported as held or released", async () => {
    const refuse = (): Promise<never> => Promise.reject(new Error("ERR me"));
    const { lock } = noting({ tryAcquire: refuse, extend: refuse, release: refuse });
    for (const outcome of [
      lock.tryAcquire("n", "me", 1),
      lock.extend("n", "me", 1),
      lock.release("n", "me"),
    ]) {
      await expect(outcome).rejects.toMatchObject({
        code: "CACHE_UNAVAILABLE",
        message: expect.not.stringContaining("ERR me"),
      });
    }
  });
});

describe("a lock that is granted after its owner has released it", () => {
  /** A driver whose requests the test answers. Its releases are immediate. */
  const pooled = () => {
    const requests: Array<PromiseWithResolvers<Granted | Busy>> = [];
    const tryAcquire = (): Promise<Granted | Busy> => {
      requests.push(Promise.withResolvers());
      return requests.at(-1)!.promise;
    };
    return { ...noting({ tryAcquire }), requests };
  };
  const granted: Granted = { acquired: true, fence: 1, storeNowMs: 0 };
  const release = ["release", "{n}", "me"];

  test("is released again, even if no caller waits for the grant any more", async () => {
    const { lock, clock, calls, requests } = pooled();
    const asking = expect(lock.tryAcquire("n", "me", 1000)).rejects.toMatchObject({
      reason: "timeout",
    });
    await clock.advance(500);
    await asking;
    await lock.release("n", "me");
    expect(calls).toEqual([release]);
    requests[0]!.resolve(granted);
    await clock.settle();
    expect(calls).toEqual([release, release]);
  });

  test("is released again, even if a failure hides the grant", async () => {
    const { lock, clock, calls, requests } = pooled();
    lock.tryAcquire("n", "me", 1000).catch(() => {});
    await lock.release("n", "me");
    requests[0]!.reject(new Error("the connection broke"));
    await clock.settle();
    expect(calls).toEqual([release, release]);
  });

  test("is released once for each granted request", async () => {
    const { lock, clock, calls, requests } = pooled();
    for (let times = 0; times < 3; times += 1) lock.tryAcquire("n", "me", 1000).catch(() => {});
    await lock.release("n", "me");
    requests[1]!.resolve({ acquired: false, remainingMs: 1 });
    await clock.settle();
    expect(calls).toHaveLength(1);
    requests[0]!.resolve(granted);
    requests[2]!.resolve(granted);
    await clock.settle();
    expect(calls).toEqual([release, release, release]);
  });

  test("is kept if it was not released, was released under another name, or was requested again since", async () => {
    const { lock, clock, calls, requests } = pooled();
    const answers = [lock.tryAcquire("n", "me", 1000), lock.tryAcquire("m", "me", 1000)];
    await lock.release("m", "me");
    answers.push(lock.tryAcquire("m", "me", 1000));
    await lock.release("n", "you");
    calls.length = 0;
    for (const request of requests) request.resolve(granted);
    expect(await Promise.all(answers)).toEqual([granted, granted, granted]);
    await clock.settle();
    expect(calls).toEqual([]);
  });
});

describe("onRelease", () => {
  test("calls each listener, even if another one throws, until it is ended", async () => {
    const { lock, waiters } = noting();
    const heard: number[] = [];
    await lock.onRelease!("n", () => {
      throw new Error("thrown");
    });
    const end = await lock.onRelease!("n", () => heard.push(1));
    waiters.get("{n}")?.forEach((wake) => wake());
    await end();
    await end();
    waiters.get("{n}")?.forEach((wake) => wake());
    expect(heard).toEqual([1]);
    expect(waiters.get("{n}")?.size).toBe(1);
  });

  test("is absent if the driver cannot push", () => {
    const lock = createLock({ kind: "pull", tryAcquire: never, extend: never, release: never });
    expect(lock.onRelease).toBeUndefined();
  });
});
