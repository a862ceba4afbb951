import { expect, test } from "vitest";
import { manualClock } from "@lingpai/core/testing";
import { casStore } from "../cas/cas.fixture.ts";
import { memcachedLocks } from "./memcached-locks.ts";

const name = "prod:{wx1}";
const key = `lingpai/locks/${name}`;

test.each(["extend", "tryAcquire"] as const)(
  "%s by the owner makes a lease last at least as long as asked, and never shortens it",
  async (ask) => {
    for (const [elapsedMs, ttlMs] of [
      [1000, 1000],
      [1000, 4500],
      [4000, 5000],
      [4000, 9000],
    ] as const) {
      const clock = manualClock();
      const store = casStore(clock);
      const locks = memcachedLocks(store, clock);
      const first = await locks.tryAcquire(name, "me", 5000);
      await clock.advance(elapsedMs);
      const beforeMs = store.leftMs(key);

      const answer = await locks[ask](name, "me", ttlMs);

      expect(answer).toEqual(ask === "extend" ? true : { ...first, storeNowMs: clock.wallMs() });
      expect(store.leftMs(key)).toBeGreaterThanOrEqual(Math.max(beforeMs, ttlMs));
    }
  },
);

test("a clock that was set back does not hide that a lease is too short", async () => {
  const clock = manualClock();
  const setBackMs = 3_600_000;
  const store = casStore(clock, (leftMs) => leftMs + setBackMs);
  const locks = memcachedLocks(store, clock);
  await locks.tryAcquire(name, "me", 5000);
  await clock.advance(4000);

  expect(await locks.extend(name, "me", 3000)).toBe(true);

  expect(store.leftMs(key)).toBeGreaterThanOrEqual(3000);
  expect(store.leftMs(key)).toBeLessThanOrEqual(5000);
});
