import { delay } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { onBorrowed } from "./borrowed.ts";
import type { Patience } from "./borrowed.ts";

/**
 * The outcome of the one connection of this pool, which comes and answers after this many ms.
 * `Infinity` means never.
 */
function borrowing({ comesAfterMs = 0, answersAfterMs = 0 }) {
  const clock = manualClock();
  const given: string[] = [];
  const after = (ms: number): Promise<void> =>
    ms === Infinity ? new Promise(() => {}) : delay(clock, ms);
  const use = (patience: Patience): Promise<string> =>
    onBorrowed(
      {
        borrow: () => after(comesAfterMs).then(() => "connection"),
        giveBack: (_connection, isDead) => given.push(isDead ? "closed" : "kept"),
      },
      { clock, deadlineMs: 500 },
      patience,
      () => after(answersAfterMs).then(() => "answer"),
    );
  return { clock, given, use };
}

const timeout = { code: "CACHE_UNAVAILABLE", reason: "timeout", retryable: true };

test("a connection that answered is returned to the pool", async () => {
  const { clock, given, use } = borrowing({ comesAfterMs: 900, answersAfterMs: 900 });
  const used = use("short");
  await clock.advance(1800);
  expect(await used).toBe("answer");
  expect(given).toEqual(["kept"]);
  expect(clock.pendingTimers).toBe(0);
});

test("a connection that does not answer is closed at twice the deadline, even if its client never settles", async () => {
  const { clock, given, use } = borrowing({ answersAfterMs: Infinity });
  const used = expect(use("short")).rejects.toMatchObject(timeout);
  await clock.advance(999);
  expect(given).toEqual([]);
  await clock.advance(1);
  await used;
  expect(given).toEqual(["closed"]);
});

test("a pool without a free connection is given up too, and a connection that comes later is returned", async () => {
  const { clock, given, use } = borrowing({ comesAfterMs: 60_000 });
  const used = expect(use("long")).rejects.toMatchObject(timeout);
  await clock.advance(1000);
  await used;
  expect(given).toEqual([]);
  await clock.advance(59_000);
  expect(given).toEqual(["kept"]);
});

test("a statement over many rows has 60 times as long", async () => {
  const { clock, given, use } = borrowing({ answersAfterMs: 59_999 });
  const used = use("long");
  await clock.advance(59_999);
  expect(await used).toBe("answer");
  expect(given).toEqual(["kept"]);
});
