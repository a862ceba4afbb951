/** The faults that take a minute, or a Sentinel: no call fails, and nothing is served past its end. */
import { delay, systemClock } from "@lingpai/core";
import { startSentinel, startServer, until } from "@lingpai/test-servers";
import { afterEach, expect, test } from "vitest";
import { appId, appWorld, getOne } from "../server-world.fixture.ts";
import type { AppWorld } from "../server-world.fixture.ts";
import { faultFleet, goesOn, lossOf } from "./fault-fleet.fixture.ts";

const minutes = 60_000;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function started(lifetimeMs: number): Promise<AppWorld> {
  const world = await appWorld({ overlapMs: 0, lifetimeMs });
  ends.push(() => world.close());
  return world;
}

test("a server that stands still for a minute, longer than its token lives, costs no call", async () => {
  const world = await started(45_000);
  const redis = await startServer();
  ends.push(() => redis.stop());
  const fleet = await faultFleet(world, redis.url);
  const workload = fleet.workload();
  await goesOn(workload);
  const [first, second] = fleet.servers;
  first.child.kill("SIGSTOP");
  await delay(systemClock, 60_000);
  await goesOn(workload);
  first.child.kill("SIGCONT");
  // The first thing that is asked of it: it may not know yet how long it stood still.
  const response = await getOne(fleet.urls[0], fleet.key);
  const { expiresInMs, secret } = (await response.json()) as {
    readonly expiresInMs: number;
    readonly secret: string;
  };
  expect(response.status).toBe(200);
  expect(expiresInMs).toBeGreaterThan(0);
  const called = await fetch(
    `${world.env["LINGPAI_APPS_MAIN_BASE_URL"]}/cgi-bin/user/info?access_token=${secret}&openid=o1`,
  );
  expect(await called.json()).toMatchObject({ openid: "o1" });
  await goesOn(workload);
  second.child.kill("SIGKILL");
  fleet.steal();
  await goesOn(workload);
  expect(await lossOf(world, workload)).toEqual([]);
});

test("a failover of Sentinel in the middle of a fetch costs no call", async () => {
  const world = await started(7_200_000);
  const sentinel = await startSentinel();
  ends.push(() => sentinel.stop());
  const [first, ...others] = sentinel.sentinels.map(({ host, port }) => `${host}:${port}`);
  const nodes = others.map((node) => `node=${node}`).join("&");
  const url = `redis-sentinel://${first}/${sentinel.name}?${nodes}`;
  const fleet = await faultFleet(world, url);
  const workload = fleet.workload();
  await goesOn(workload);
  await fleet.stealAndFetch();
  await sentinel.failOver();
  await goesOn(workload);
  // What was fetched meanwhile is stored: after one more loss the fleet fetches once.
  const { fetches } = world.simulator.log.tally(appId);
  fleet.steal();
  await goesOn(workload);
  await until("it is replaced", async () => world.simulator.log.tally(appId).fetches > fetches);
  expect(await lossOf(world, workload)).toEqual([]);
});

test("tokens that are always within every margin cost no call and one poll a second, whatever the clock", async () => {
  const world = await started(20_000);
  const redis = await startServer();
  ends.push(() => redis.stop());
  const fleet = await faultFleet(world, redis.url);
  const shifts = [10 * minutes, -10 * minutes];
  const clients = shifts.map((shiftMs) => fleet.clientProcess(shiftMs));
  await goesOn(...clients);
  const { issued } = world.simulator.log.tally(appId);
  const before = clients.map(({ latest }) => latest.asked);
  const fromMs = systemClock.monotonicMs();
  for (const at of [1, 0, 1]) {
    await delay(systemClock, 20_000);
    for (const [index, client] of clients.entries()) client.shift(shifts[(at + index) % 2]!);
    await goesOn(...clients);
  }
  const seconds = (systemClock.monotonicMs() - fromMs) / 1_000;
  const issuedSince = world.simulator.log.tally(appId).issued - issued;
  expect(issuedSince).toBeGreaterThanOrEqual(3);
  for (const [index, { latest }] of clients.entries())
    // One poll a second, and a report of each token that was replaced under its feet.
    expect(latest.asked - before[index]!).toBeLessThanOrEqual(seconds + 3 * issuedSince + 2);
  expect(await lossOf(world, ...clients)).toEqual([]);
});
