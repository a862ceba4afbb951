import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { FakePool } from "./pool.fixture.ts";
import { postgresDrivers } from "./postgres.ts";

test("an error that a connection reports after its use does not end the process, whether the connection was returned or closed", async () => {
  const [pool, clock] = [new FakePool(), manualClock()];
  const { cache, lock } = postgresDrivers(pool, { clock, deadlineMs: 500 });
  await cache.get("{wx1}");
  await lock.release("{wx1}", "nobody");
  const stranded = await pool.connect();
  stranded.isStranded = true;
  pool.connect = async () => stranded;
  const unanswered = cache.get("{wx1}").catch((error: unknown) => error);
  await clock.advance(1000);

  expect(await unanswered).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "timeout" });
  expect(stranded.isReleased).toBe(true);
  expect(pool.made.length).toBeGreaterThan(2);
  for (const connection of pool.made) {
    expect(() => connection.emit("error", new Error("terminating connection"))).not.toThrow();
    expect(connection.listenerCount("error")).toBe(1);
  }
});

test("all drivers over one pool prepare the tables once, and add one listener to a connection", async () => {
  const [pool, clock] = [new FakePool(), manualClock()];
  const one = await pool.connect();
  pool.connect = async () => one;
  for (const _ of [1, 2, 3]) {
    const { cache, lock } = postgresDrivers(pool, { clock, deadlineMs: 500 });
    await cache.get("{wx1}");
    await lock.release("{wx1}", "nobody");
  }

  expect(one.asked.filter((statement) => statement.includes("to_regclass")).length).toBe(1);
  expect(one.listenerCount("error")).toBe(1);
  expect(pool.listenerCount("error")).toBe(1);
});
