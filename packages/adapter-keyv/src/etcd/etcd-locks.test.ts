import { expect, test } from "vitest";
import { manualClock } from "@lingpai/core/testing";
import { casStore } from "../cas/cas.fixture.ts";
import { etcdLocks } from "./etcd-locks.ts";

/** Reports the remaining time as etcd does: in seconds, rounded up. */
const inSeconds = (leftMs: number): number => (Math.floor(leftMs / 1000) + 1) * 1000;

const name = "prod:{wx1}";
const key = `lingpai/locks/${name}`;

test.each(["extend", "tryAcquire"] as const)(
  "%s by the owner makes a lease last at least as long as asked, and never shortens it",
  async (ask) => {
    for (let elapsedMs = 100; elapsedMs < 3000; elapsedMs += 100) {
      for (const ttlMs of [500, 1000, 1900, 2000, 2500, 5000]) {
        const clock = manualClock();
        const store = casStore(clock, inSeconds);
        const locks = etcdLocks(store, clock);
        const first = await locks.tryAcquire(name, "me", 2500);
        await clock.advance(elapsedMs);
        if (store.leftMs(key) === 0) continue;
        const beforeMs = store.leftMs(key);

        const answer = await locks[ask](name, "me", ttlMs);

        expect(answer).toEqual(ask === "extend" ? true : { ...first, storeNowMs: clock.wallMs() });
        expect(store.leftMs(key)).toBeGreaterThanOrEqual(Math.max(beforeMs, ttlMs));
      }
    }
  },
);
