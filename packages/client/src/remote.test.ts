/** The client over the real server in one process. The platform's own log decides. */
import { seededRandom } from "@lingpai/core/testing";
import { delay } from "@lingpai/core";
import type { Credential, CredentialEvent } from "@lingpai/core";
import { wechat } from "@lingpai/wechat";
import { afterEach, expect, test } from "vitest";
import { appId, clientWorld, ref } from "./client-world.fixture.ts";
import type { ClientWorld } from "./client-world.fixture.ts";
import { remote } from "./remote.ts";

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Started {
  readonly world: ClientWorld;
  readonly token: Credential;
  readonly keyId: string;
}

async function start(count = 2): Promise<Started> {
  const world = clientWorld(count);
  const { id, key } = await world.key();
  const { clock, fetch, urls } = world;
  const source = remote({ urls, key, fetch, clock, random: seededRandom(1) });
  const token = source.credential(ref);
  ends.push(async () => {
    await world.during(token.close());
    await world.close();
  });
  return { world, token, keyId: id };
}

const fetches = ({ simulator }: ClientWorld): number =>
  simulator.log.fetches(appId).filter(({ code }) => code === 0).length;

test("a hundred callers at once cost one request, and later calls none", async () => {
  const { world, token } = await start();
  expect(token.peek()).toBeUndefined();
  const all = await world.during(Promise.all(Array.from({ length: 100 }, () => token.get())));
  expect(new Set(all.map((secret) => secret.reveal())).size).toBe(1);
  const arrivals = world.hosts.flatMap((host) => host.arrivals);
  expect(arrivals.filter(({ atMs }) => atMs === arrivals[0]?.atMs)).toHaveLength(1);
  expect(token.peek()).toBe(await token.get());
  expect(token.status()).toMatchObject({ state: "fresh", role: "consumer", generation: 1 });
});

test("a commit on the server arrives within a second, long before the old token ends", async () => {
  const { world, token } = await start();
  const first = await world.during(token.get());
  const events: CredentialEvent[] = [];
  token.watch((event) => void events.push(event));
  await world.clock.advance(90_000);
  await world.during(world.hosts[1]!.owner.credential.refresh());
  await world.clock.advance(1_000);
  expect(token.peek()?.reveal()).not.toBe(first.reveal());
  expect(events.map(({ type }) => type)).toContain("adopted");
});

test("the client never polls more than once a second, whatever the server answers", async () => {
  const { world, token } = await start(1);
  await world.during(token.get());
  const [host] = world.hosts;
  const answers = [
    new Response(null, { status: 304, headers: { "lingpai-expires-in-ms": "100000" } }),
    new Response(null, { status: 304 }),
    Response.json({ secret: 7 }),
    new Response("<html>", { status: 502 }),
    new Response("x".repeat(100_000)),
  ];
  for (const answer of answers) {
    host!.fault = async () => answer.clone();
    host!.arrivals.length = 0;
    await world.clock.advance(60_000);
    const times = host!.arrivals.map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThan(0);
    expect(times.length).toBeLessThanOrEqual(61);
    for (const [at, timeMs] of times.entries())
      if (at > 1) expect(timeMs - times[at - 1]!).toBeGreaterThanOrEqual(1_000);
  }
});

test("a credential that nobody uses is not polled, and its next caller asks the server", async () => {
  const { world, token } = await start(1);
  const { clock } = world;
  const [host] = world.hosts;
  const minuteMs = 60_000;
  const lifeMs = 10 * minuteMs;
  host!.fault = async ({ url }) => {
    if (url.includes("wait=")) await delay(clock, 55_000);
    const commit = { commitId: "commit", fingerprint: "f".repeat(16), generation: 1, secret: "T1" };
    return Response.json({ ...commit, expiresInMs: lifeMs, renewsInMs: lifeMs });
  };
  await world.during(token.get());
  await clock.advance(9 * minuteMs);
  expect(token.peek()).toBeDefined();
  await clock.advance(9 * minuteMs);
  expect(token.status().state).toBe("fresh");
  await clock.advance(4 * minuteMs);
  host!.arrivals.length = 0;
  await clock.advance(60 * minuteMs);
  expect(host!.arrivals).toEqual([]);
  expect(token.peek()).toBeUndefined();
  expect((await world.during(token.get())).reveal()).toBe("T1");
  token.watch(() => {});
  await clock.advance(60 * minuteMs);
  expect(token.status().state).toBe("fresh");
});

test("another replica answers if one is down or hangs", async () => {
  for (const fault of ["down", "hangs"] as const) {
    const { world, token } = await start();
    world.hosts[0]!.fault = fault;
    const fromMs = world.clock.monotonicMs();
    expect((await world.during(token.get())).reveal()).toMatch(/\S/);
    expect(world.clock.monotonicMs() - fromMs).toBeLessThan(6_000);
    world.hosts[0]!.fault = undefined;
    world.hosts[1]!.fault = fault;
    await world.clock.advance(120_000);
    await world.during(world.hosts[0]!.owner.credential.refresh());
    await world.clock.advance(60_000);
    expect(token.peek()?.reveal()).toBe(world.hosts[0]!.owner.credential.peek()?.reveal());
  }
});

test("a dead token is replaced within seconds although the replica that is asked first stands still", async () => {
  const { world, token } = await start();
  const dead = await world.during(token.get());
  await world.clock.advance(10_000);
  world.simulator.operator.kill(appId, { kind: "stable" });
  world.hosts[0]!.fault = "hangs";
  const fromMs = world.clock.monotonicMs();
  const before = fetches(world);
  const result = await world.during(token.reject(dead, { platformCode: "40001" }));
  expect(result).toMatchObject({ replaced: true });
  expect(world.clock.monotonicMs() - fromMs).toBeLessThan(5_000);
  const fetched = fetches(world);
  expect(fetched).toBe(before + 1);
  // Both stand still: the report fails in its time, and leaves nothing behind.
  world.hosts[1]!.fault = "hangs";
  const failed = world.during(token.reject(await token.get(), { platformCode: "40001" }));
  await expect(failed).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
  expect(fetches(world)).toBe(fetched);
});

test("while no server answers, the copy is served until exactly its expiry", async () => {
  const { world, token } = await start();
  const secret = await world.during(token.get());
  await world.clock.advance(60_000);
  const events: CredentialEvent[] = [];
  token.watch((event) => void events.push(event));
  for (const host of world.hosts) host.fault = "down";
  const leftMs = token.status().remainingMs!;
  expect(leftMs).toBeGreaterThan(6_900_000);
  // The machine's clock jumps by ten minutes in both directions, which changes nothing.
  world.clock.stepWall(600_000);
  await world.clock.advance(leftMs / 2);
  world.clock.stepWall(-1_200_000);
  await world.clock.advance(leftMs / 2 - 1_000);
  expect(await token.get()).toBe(secret);
  expect(events.filter(({ type }) => type === "kept-stale")).toHaveLength(1);
  await world.clock.advance(1_001);
  expect(token.peek()).toBeUndefined();
  await expect(world.during(token.get())).rejects.toMatchObject({
    code: "CREDENTIAL_UNAVAILABLE",
    retryable: true,
  });
  for (const host of world.hosts) host.fault = undefined;
  expect((await world.during(token.get())).reveal()).not.toBe(secret.reveal());
});

test("a dead token is reported once for all callers, without its text, and replaced", async () => {
  const { world, token } = await start();
  const dead = await world.during(token.get());
  world.simulator.operator.revoke(appId);
  for (const host of world.hosts) host.arrivals.length = 0;
  const reports = Array.from({ length: 50 }, () => token.reject(dead, { platformCode: "40001" }));
  const results = await world.during(Promise.all(reports));
  expect(results.every((result) => result.replaced)).toBe(true);
  const arrivals = world.hosts.flatMap((host) => host.arrivals);
  expect(arrivals.filter(({ path }) => path.endsWith("/rejections"))).toHaveLength(1);
  expect(arrivals.some(({ hasSecret }) => hasSecret)).toBe(false);
  expect(fetches(world)).toBe(2);
  const late = await world.during(token.reject(dead));
  expect(late).toMatchObject({ replaced: true, wasReplaced: true });
  expect(fetches(world)).toBe(2);
  expect(token.peek()?.reveal()).not.toBe(dead.reveal());
});

test("a token that the platform calls alive is kept", async () => {
  const { world, token } = await start();
  const secret = await world.during(token.get());
  expect(await world.during(token.reject(secret.reveal()))).toEqual({ replaced: false });
  expect(token.peek()?.reveal()).toBe(secret.reveal());
});

test("a revoked key causes a clear error after the copy's end, and a new key is used", async () => {
  const { world, token, keyId } = await start();
  await world.during(token.get());
  await world.keys.revoke(keyId);
  await world.clock.advance(5_000);
  expect(token.peek()).toBeDefined();
  await world.clock.advance(token.status().remainingMs! + 1);
  await expect(world.during(token.get())).rejects.toThrow(/401 \(unauthorized\)/);
});

test("a client over this source needs no secret, replaces a dead token, and signs with tickets", async () => {
  const world = clientWorld();
  const { key } = await world.key();
  const { clock, fetch, urls } = world;
  const source = remote({ urls, key, fetch, clock, random: seededRandom(1) });
  const client = wechat({ appId, source, fetch: world.simulator.fetch, clock });
  const owner = world.hosts[0]!.owner;
  expect(await world.during(client.token())).toBe(await world.during(owner.token()));
  world.simulator.operator.revoke(appId);
  const call = client.request("/cgi-bin/user/info", { query: { openid: "o" } });
  expect(await world.during(call)).toMatchObject({ openid: "o" });
  const page = await world.during(client.jsSdkConfig("https://example.com/"));
  expect(page.signature).toMatch(/^[0-9a-f]{40}$/);
  await world.during(client.close());
  await world.close();
});

test("closing settles callers, and leaves no timer", async () => {
  const world = clientWorld(1);
  world.hosts[0]!.fault = "hangs";
  const { key } = await world.key();
  const { clock, fetch, urls } = world;
  const token = remote({ urls, key, fetch, clock }).credential(ref);
  const got = token.get();
  const outcome = expect(got).rejects.toMatchObject({ code: "CLOSED" });
  await clock.advance(10);
  await world.during(token.close());
  await outcome;
  await expect(token.get()).rejects.toMatchObject({ code: "CLOSED" });
  await world.close();
  await clock.advance(1_000);
  expect(clock.pendingTimers).toBe(0);
});

test("invalid options are refused at construction, without showing the key", () => {
  const key = "lp_secret key";
  for (const wrong of [
    { urls: ["ftp://x"], key: "k" },
    { urls: [], key: "k" },
    { urls: ["http://u:p@x"], key: "k" },
    { urls: ["http://x"], key },
    { urls: ["http://x"], key: "k", waitMs: 1 },
    { urls: ["http://x"], key: "k", wait: 1 },
  ]) {
    const make = (): unknown => remote(wrong as never);
    expect(make).toThrow(/./);
    expect(make).not.toThrow(/secret key/);
  }
});
