import { manualClock } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { beforeEach, expect, test } from "vitest";
import { createListener } from "./listener.ts";
import type { PostgresListener } from "./listener.ts";
import { FakePool } from "./pool.fixture.ts";

let clock: ManualClock;
let pool: FakePool;
let listener: PostgresListener;
let told: (string | undefined)[];

const watch = (): Promise<unknown> => listener.watch("prod:{", (name) => told.push(name));

beforeEach(() => {
  clock = manualClock();
  pool = new FakePool();
  listener = createListener(pool, clock);
  told = [];
});

test("a listener is notified of changes, and after a lost connection that it may have missed some", async () => {
  await watch();
  pool.last.emit("notification", { payload: "eprod:{wx1}" });
  pool.last.emit("end");
  await clock.advance(50);
  pool.last.emit("notification", { payload: "eprod:{wx2}" });

  expect(pool.made.map(({ isReleased }) => isReleased)).toEqual([true, false]);
  expect(told).toEqual(["prod:{wx1}", undefined, "prod:{wx2}"]);
});

test("a new listener that fails in the pause before the next attempt does not end the attempts", async () => {
  await watch();
  pool.state = "down";
  pool.last.emit("end");

  await expect(listener.onRelease("prod:{wx1}", () => {})).rejects.toThrow("connection refused");
  pool.state = "up";
  await clock.advance(10_000);

  expect(told).toEqual([undefined]);
});

test("a new listener in the pause before the next attempt restores the others, and they are notified that they may have missed some", async () => {
  await watch();
  pool.last.emit("end");

  await listener.onRelease("prod:{wx1}", () => {});
  expect(told).toEqual([undefined]);
  await clock.advance(10_000);

  expect(told).toEqual([undefined]);
  expect(pool.made.length).toBe(2);
});

test("the attempts become rarer, and start again at short intervals with the next loss", async () => {
  await watch();
  pool.state = "down";
  pool.last.emit("end");
  await clock.advance(60_000);
  pool.state = "up";
  await clock.advance(5_000);
  expect(pool.made.length).toBe(2);

  pool.last.emit("end");
  await clock.advance(50);
  expect(pool.made.length).toBe(3);
});

test("a connection that died without a FIN is noticed within 35 seconds and replaced", async () => {
  await watch();
  await clock.advance(90_000);
  expect(pool.last.asked).toEqual(["LISTEN lingpai_changes", "SELECT 1", "SELECT 1", "SELECT 1"]);
  expect(told).toEqual([]);

  pool.last.isStranded = true;
  await clock.advance(34_999);
  expect(pool.last.isReleased).toBe(false);
  await clock.advance(51);

  expect(pool.made.map(({ isReleased }) => isReleased)).toEqual([true, false]);
  expect(told).toEqual([undefined]);
});

test("a pool that does not answer does not prevent later listeners", async () => {
  pool.state = "silent";
  const first = watch();
  first.catch(() => {});
  await clock.advance(5_000);
  await expect(first).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "timeout" });

  pool.state = "up";
  await watch();
  pool.last.emit("notification", { payload: "eprod:{wx1}" });
  expect(told).toEqual(["prod:{wx1}"]);
});

test("no query is sent, and no timer left, after the last listener has gone", async () => {
  const unsubscribe = await listener.watch("prod:{", () => {});
  await unsubscribe();
  await clock.settle();

  expect(pool.last.isReleased).toBe(true);
  pool.last.emit("end");
  expect(clock.pendingTimers).toBe(0);

  pool.state = "down";
  await expect(watch()).rejects.toThrow("connection refused");
  expect(clock.pendingTimers).toBe(0);
});

test("a pool that is ended gets its connection back at once, and no other one is requested", async () => {
  await watch();
  pool.ending = true;
  await clock.advance(250);
  expect(pool.last.isReleased).toBe(true);
  pool.last.emit("end");
  await clock.advance(60_000);
  expect(pool.made.length).toBe(1);
});

test("a connection that is lost as its pool ends is not replaced", async () => {
  await watch();
  pool.ending = true;
  pool.last.emit("end");
  await clock.advance(60_000);
  expect(pool.made.length).toBe(1);
  expect(pool.last.isReleased).toBe(true);
});
