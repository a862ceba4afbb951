/** One caller tries to use up the open connections of all others. */
import { eventLog } from "@lingpai/event-log";
import { afterEach, expect, test } from "vitest";
import { ref, requestOf, serverWorld } from "./server-world.fixture.ts";
import type { ServerWorld } from "./server-world.fixture.ts";

const worlds: ServerWorld[] = [];
const one = `/v1/credentials/${encodeURIComponent(ref)}`;

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});

function start(): ServerWorld {
  const world = serverWorld();
  worlds.push(world);
  return world;
}

test("one key cannot take all long polls of a replica", async () => {
  const world = start();
  const [greedy, other] = [await world.key(), await world.key()];
  const replica = world.replica("a", { limits: { waits: 4, waitsPerKey: 2 } });
  const etag = (await replica.ask(one, { key: greedy })).headers.get("etag")!;
  const poll = (key: string): Promise<Response> =>
    replica.server.handle(requestOf(`${one}?wait=55`, { key, headers: { "if-none-match": etag } }));
  const open = [poll(greedy), poll(greedy)];
  await world.clock.advance(10);
  const refused = await world.during(poll(greedy));
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect(await refused.json()).toMatchObject({ obstacle: "waits" });
  open.push(poll(other));
  await world.clock.advance(60_000);
  for (const answer of await Promise.all(open)) expect(answer.status).toBe(304);
  // Each poll that ended returned its place.
  const again = [poll(greedy), poll(greedy)];
  await world.clock.advance(60_000);
  for (const answer of await Promise.all(again)) expect(answer.status).toBe(304);
});

test("one key cannot take all event streams, even if they begin at once", async () => {
  const world = start();
  const [greedy, other] = [await world.key(), await world.key()];
  const replica = world.replica("a", { limits: { streams: 4, streamsPerKey: 3 } });
  const begin = (key: string, many: number): Promise<Response[]> =>
    Promise.all(Array.from({ length: many }, () => replica.ask("/v1/events", { key })));
  const mine = await begin(greedy, 10);
  const opened = mine.filter(({ status }) => status === 200);
  expect(opened).toHaveLength(3);
  expect(mine.filter(({ status }) => status === 429)).toHaveLength(7);
  const [others, late] = [await begin(other, 1), await begin(other, 1)];
  expect([others[0]?.status, late[0]?.status]).toEqual([200, 503]);
  await Promise.all(opened.map(({ body }) => body!.cancel()));
  const [again] = await begin(greedy, 1);
  expect(again?.status).toBe(200);
  await Promise.all([again, ...others].map((response) => response!.body!.cancel()));
});

test("HEAD reports that the stream exists, and opens none", async () => {
  const world = start();
  const key = await world.key();
  const replica = world.replica("a", { limits: { streams: 1 } });
  const before = world.clock.pendingTimers;
  for (let n = 0; n < 5; n += 1) {
    const response = await replica.ask("/v1/events", { key, method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  }
  await world.clock.advance(2_000);
  expect(world.clock.pendingTimers).toBeLessThanOrEqual(before);
  const stream = await replica.ask("/v1/events", { key });
  expect(stream.status).toBe(200);
  await stream.body!.cancel();
});

test("a stream that continues after hundreds of stored events misses none", async () => {
  const world = start();
  const key = await world.key();
  const replica = world.replica();
  const log = eventLog({ cache: world.store.cache(), clock: world.clock });
  const append = (n: number): void => log.append("fleet", { type: "rejected", ref, n });
  append(-1);
  await world.during(log.flush());
  const last = (await log.lastId("fleet"))!;
  for (let n = 0; n < 600; n += 1) append(n);
  await world.during(log.flush());
  const headers = { "last-event-id": last };
  const response = await replica.ask("/v1/events", { key, headers });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  // These events happen while the reader still reads the stored ones.
  for (let n = 600; n < 900; n += 1) append(n);
  await world.during(log.flush());
  while (!text.includes('"n":899') && !text.includes("event: gap"))
    text += (await world.during(reader.read())).value;
  const seen = [...text.matchAll(/"n":(-?\d+)/g)].map(([, n]) => Number(n));
  expect(seen).toEqual(Array.from({ length: 900 }, (_, n) => n));
  expect(text).not.toContain("event: gap");
  await reader.cancel();
  await log.close();
});

test("a caller that disconnects while there is no token yet causes no error in the server", async () => {
  const world = start();
  const key = await world.key();
  const replica = world.replica();
  const gone = new AbortController();
  const asked = replica.server.handle(requestOf(one, { key, signal: gone.signal }));
  gone.abort();
  await world.during(asked);
  expect(replica.errors).toEqual([]);
});
