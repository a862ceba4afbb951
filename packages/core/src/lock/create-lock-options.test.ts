import { expect, test } from "vitest";
import { createLock, type LockOptions } from "./create-lock.ts";
import type { LockDriver } from "./lock-driver.ts";
import { manualClock } from "../testing/index.ts";

const silent: LockDriver = {
  kind: "silent",
  tryAcquire: () => new Promise(() => {}),
  extend: () => new Promise(() => {}),
  release: () => new Promise(() => {}),
};

test.each(["tryAcquire", "extend", "release"] as const)(
  "a driver without %s is refused when the lock is made, by an error that names what it needs",
  (missing) => {
    const { [missing]: _missing, ...driver } = silent;
    expect(() => createLock(driver as LockDriver)).toThrow(
      expect.objectContaining({
        code: "CONFIGURATION",
        message:
          "The lock's driver must be an object with tryAcquire, extend, release, not an object without them. Implement LockDriver, or use an adapter.",
      }),
    );
  },
);

test("an option of a lock that does not exist is refused, by an error that names those that do", () => {
  const options = { deadline: 1_000 } as LockOptions;
  expect(() => createLock(silent, options)).toThrow(
    'The lock\'s options has no "deadline". There are: clock, deadlineMs.',
  );
});

test("a lock with an invalid clock is refused when it is made", () => {
  const options = { clock: {} } as LockOptions;
  expect(() => createLock(silent, options)).toThrow(
    expect.objectContaining({ code: "CONFIGURATION" }),
  );
});

test("a lock waits for its store as long as deadlineMs says", async () => {
  const clock = manualClock();
  const lock = createLock(silent, { clock, deadlineMs: 70 });
  let isOver = false;
  const waiting = lock.tryAcquire("n", "me", 1_000).catch((error: unknown) => {
    isOver = true;
    return error;
  });
  await clock.advance(69);
  expect(isOver).toBe(false);
  await clock.advance(1);
  expect(await waiting).toMatchObject({ code: "CACHE_UNAVAILABLE" });
});
