/** Services that use two servers while one of them, or their Redis, fails: no call fails. */
import { delay, systemClock } from "@lingpai/core";
import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appWorld } from "../server-world.fixture.ts";
import type { AppWorld } from "../server-world.fixture.ts";
import { faultFleet, goesOn, lossOf } from "./fault-fleet.fixture.ts";

const minutes = 60_000;

let world: AppWorld;
let redis: Server;
beforeEach(async () => {
  [world, redis] = await Promise.all([appWorld({ overlapMs: 0 }), startServer()]);
});
afterEach(async () => {
  await world.close();
  await redis.stop();
});

test("a server that is killed while it fetches costs no call, nor do clocks that are wrong", async () => {
  const fleet = await faultFleet(world, redis.url);
  const workload = fleet.workload();
  const fast = fleet.clientProcess(10 * minutes);
  const slow = fleet.clientProcess(-10 * minutes);
  await goesOn(workload, fast, slow);
  expect(fast.latest.wallMs - slow.latest.wallMs).toBeGreaterThan(19 * minutes);
  await fleet.stealAndFetch();
  fleet.servers[0].child.kill("SIGKILL");
  fast.shift(-10 * minutes);
  slow.shift(10 * minutes);
  await goesOn(workload, fast, slow);
  expect(await lossOf(world, workload, fast, slow)).toEqual([]);
});

test("a server that stands still and comes back costs no call, and serves nothing that has ended", async () => {
  const fleet = await faultFleet(world, redis.url);
  const [first, second] = fleet.servers;
  const workload = fleet.workload();
  await goesOn(workload);
  // As a machine that was suspended; 8 s stand for the minute that the nightly run waits.
  first.child.kill("SIGSTOP");
  fleet.steal();
  await delay(systemClock, 8_000);
  await goesOn(workload);
  first.child.kill("SIGCONT");
  await goesOn(workload);
  second.child.kill("SIGKILL");
  // Only the one that stood still is left: it knows the token that replaced its own.
  fleet.steal();
  await goesOn(workload);
  expect(await lossOf(world, workload)).toEqual([]);
});

test("a Redis that fails in the middle of a fetch and comes back costs no call", async () => {
  const fleet = await faultFleet(world, redis.url);
  const workload = fleet.workload();
  await goesOn(workload);
  await fleet.stealAndFetch();
  await redis.kill();
  await delay(systemClock, 1_500);
  await redis.restart();
  await goesOn(workload);
  expect(await lossOf(world, workload)).toEqual([]);
});
