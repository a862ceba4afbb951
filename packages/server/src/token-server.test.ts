/** The routes of credentials, over the real client. The platform's own log decides. */
import { afterEach, describe, expect, test } from "vitest";
import { appId, otherRef, ref, requestOf, serverWorld } from "./server-world.fixture.ts";
import type { Replica, ServerWorld } from "./server-world.fixture.ts";

const worlds: ServerWorld[] = [];
const one = `/v1/credentials/${encodeURIComponent(ref)}`;

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});

function start(seed?: number): ServerWorld {
  const world = serverWorld(seed);
  worlds.push(world);
  return world;
}

interface Body {
  readonly secret: string;
  readonly fingerprint: string;
  readonly commitId: string;
  readonly generation: number;
  readonly expiresInMs: number;
  readonly renewsInMs: number;
  readonly state: string;
  readonly degraded?: string;
  readonly replaced?: boolean;
}

function fetchesOf({ simulator }: ServerWorld): number {
  return simulator.log.fetches(appId).filter(({ code }) => code === 0).length;
}

async function bodyOf(response: Response): Promise<Body> {
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
}

describe("the routes of a credential", () => {
  test("return a live token with durations, and fetch once for all replicas", async () => {
    const world = start();
    const key = await world.key();
    const [first, second] = [world.replica(), world.replica()];
    const response = await first.ask(one, { key });
    const body = await bodyOf(response);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("etag")).toBe(`"${body.commitId}"`);
    expect(body).toMatchObject({ generation: 1, state: "live" });
    expect(body.expiresInMs).toBeGreaterThan(7_000_000);
    expect(body.renewsInMs).toBeGreaterThan(0);
    expect(body.renewsInMs).toBeLessThan(body.expiresInMs);
    expect(JSON.stringify(body)).not.toMatch(/At":|1767\d{9}/);
    expect((await bodyOf(await second.ask(one, { key }))).secret).toBe(body.secret);
    expect(fetchesOf(world)).toBe(1);
  });

  test("answer 304 with fresh durations if the caller already has the commit", async () => {
    const world = start();
    const key = await world.key();
    const replica = world.replica();
    const { commitId, expiresInMs } = await bodyOf(await replica.ask(one, { key }));
    await world.clock.advance(60_000);
    const headers = { "if-none-match": `W/"x", "${commitId}"` };
    const same = await replica.ask(one, { key, headers });
    expect(same.status).toBe(304);
    const leftMs = Number(same.headers.get("lingpai-expires-in-ms"));
    expect(leftMs).toBeLessThanOrEqual(expiresInMs - 60_000);
    expect(leftMs).toBeGreaterThan(expiresInMs - 62_000);
    expect(await same.text()).toBe("");
  });

  test.each(["*", "x", '"', '""', "a".repeat(5_000), '"\u00ff"'])(
    "ignore an invalid If-None-Match: %j",
    async (tag) => {
      const world = start();
      const key = await world.key();
      const asked = { key, headers: { "if-none-match": tag } };
      expect((await world.replica().ask(`${one}?wait=55`, asked)).status).toBe(200);
    },
  );

  test("hold a long poll until the next commit, whichever replica made it", async () => {
    const world = start();
    const key = await world.key();
    const [first, second] = [world.replica(), world.replica()];
    const { commitId } = await bodyOf(await first.ask(one, { key }));
    const asked = { key, headers: { "if-none-match": `"${commitId}"` } };
    let settledAtMs = 0;
    const polled = first.server.handle(requestOf(`${one}?wait=55`, asked)).then((response) => {
      settledAtMs = world.clock.monotonicMs();
      return response;
    });
    await world.clock.advance(20_000);
    expect(settledAtMs).toBe(0);
    await world.during(second.client.credential.refresh());
    const committedAtMs = world.clock.monotonicMs();
    const body = await bodyOf(await world.during(polled));
    expect(body.commitId).not.toBe(commitId);
    expect(settledAtMs - committedAtMs).toBeLessThan(1_000);
  });

  test.each([
    ["3", 3_000],
    ["55", 55_000],
    ["999999", 55_000],
    ["-1", 0],
    ["1e3", 0],
    ["NaN", 0],
  ])("end a long poll with wait=%s after %i ms, clamped or ignored", async (wait, ms) => {
    const world = start();
    const key = await world.key();
    const replica = world.replica();
    const { commitId } = await bodyOf(await replica.ask(one, { key }));
    const fromMs = world.clock.monotonicMs();
    const headers = { "if-none-match": `"${commitId}"` };
    const answered = await world.during(
      replica.server.handle(requestOf(`${one}?wait=${wait}`, { key, headers })),
      10,
    );
    expect(answered.status).toBe(304);
    expect(world.clock.monotonicMs() - fromMs).toBeGreaterThanOrEqual(ms);
    expect(world.clock.monotonicMs() - fromMs).toBeLessThanOrEqual(ms + 20);
  });

  test("keep nothing of a long poll whose caller disconnected", async () => {
    const world = start();
    const key = await world.key();
    const replica = world.replica();
    const { commitId } = await bodyOf(await replica.ask(one, { key }));
    await world.clock.advance(2_000);
    const before = world.clock.pendingTimers;
    const gone = new AbortController();
    const headers = { "if-none-match": `"${commitId}"` };
    const asked = { key, headers, signal: gone.signal };
    const polls = Array.from({ length: 50 }, () =>
      replica.server.handle(requestOf(`${one}?wait=55`, asked)).catch(() => undefined),
    );
    await world.clock.advance(1_000);
    expect(world.clock.pendingTimers).toBeGreaterThanOrEqual(before + 50);
    gone.abort();
    await Promise.all(polls);
    await world.clock.advance(1_000);
    expect(world.clock.pendingTimers).toBeLessThanOrEqual(before);
  });

  test("accept a limited number of long polls, and say when to come again", async () => {
    const world = start();
    const key = await world.key();
    const replica = world.replica("a", { limits: { waits: 2 } });
    const { commitId } = await bodyOf(await replica.ask(one, { key }));
    const asked = { key, headers: { "if-none-match": `"${commitId}"` } };
    const open = [1, 2].map(() => replica.server.handle(requestOf(`${one}?wait=55`, asked)));
    await world.clock.advance(10);
    const refused = await replica.ask(`${one}?wait=55`, asked);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ obstacle: "waits" });
    await replica.server.close();
    for (const poll of await Promise.all(open)) expect(poll.status).toBe(304);
  });

  test("serve the replica's copy while the store is unreachable, and say so", async () => {
    const world = start();
    const key = await world.key();
    const replica = world.replica();
    const { secret } = await bodyOf(await replica.ask(one, { key }));
    replica.plan.unreachable = true;
    await world.clock.advance(400_000);
    const body = await bodyOf(await replica.ask(one, { key }));
    expect(body).toMatchObject({ secret, degraded: "store" });
  });

  test("report the obstacle and the time if there is no credential", async () => {
    const world = start();
    const key = await world.key();
    const replica = world.replica();
    for (let n = 0; n < 50; n += 1) world.simulator.faults.next({ errcode: -1 });
    const response = await replica.ask(one, { key });
    expect(response.status).toBe(503);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ code: "unavailable", status: 503 });
    expect(problem["obstacle"]).toBeTypeOf("string");
    expect(problem["remedy"]).toBeTypeOf("string");
  });
});

describe("the routes that change a credential", () => {
  const reject = (replica: Replica, key: string, fingerprint: string): Promise<Response> =>
    replica.ask(`${one}/rejections`, { key, json: { fingerprint, code: "40001" } });

  test("answer hundreds of reports of one dead token with one fetch", async () => {
    const world = start();
    const key = await world.key();
    const [first, second] = [world.replica(), world.replica()];
    const { fingerprint, secret: dead } = await bodyOf(await first.ask(one, { key }));
    await bodyOf(await second.ask(one, { key }));
    world.simulator.operator.revoke(appId);
    const reports = Array.from({ length: 100 }, (_, at) =>
      (at % 2 ? first : second).server.handle(
        requestOf(`${one}/rejections`, { key, json: { fingerprint, code: 40001 } }),
      ),
    );
    const bodies = await world.during(Promise.all(reports.map(async (r) => bodyOf(await r))));
    expect(new Set(bodies.map((body) => body.secret)).size).toBe(1);
    expect(bodies[0]?.secret).not.toBe(dead);
    const issued = fetchesOf(world);
    const late = await bodyOf(await reject(first, key, fingerprint));
    expect(late.secret).toBe(bodies[0]?.secret);
    expect(fetchesOf(world)).toBe(issued);
  });

  test("ignore an unknown fingerprint", async () => {
    const world = start();
    const key = await world.key();
    const replica = world.replica();
    const { commitId } = await bodyOf(await replica.ask(one, { key }));
    const body = await bodyOf(await reject(replica, key, "AAAAAAAAAAAAAAAA"));
    expect(body.commitId).toBe(commitId);
    expect(fetchesOf(world)).toBe(1);
  });

  test("require a right of their own for each of refresh, revoke and seed", async () => {
    const world = start();
    const rights = ["read", "refresh", "revoke", "admin"] as const;
    const all = await world.key({ rights });
    const replica = world.replica();
    const { commitId } = await bodyOf(await replica.ask(one, { key: all }));
    for (const [act, right] of [
      ["refresh", "refresh"],
      ["revoke", "revoke"],
      ["seed", "admin"],
    ] as const) {
      const key = await world.key({ rights: rights.filter((other) => other !== right) });
      await world.clock.advance(500);
      const refused = await replica.ask(`${one}/${act}`, { key, json: {} });
      expect(refused.status).toBe(403);
      expect(await refused.text()).toContain(right);
    }
    const refreshed = await bodyOf(await replica.ask(`${one}/refresh`, { key: all, json: {} }));
    expect(refreshed.commitId).not.toBe(commitId);
    const secret = "seeded-token-".padEnd(60, "x");
    const seeded = await replica.ask(`${one}/seed`, {
      key: all,
      json: { secret, expiresInMs: 7_200_000 },
    });
    expect(seeded.status).toBe(204);
    expect((await bodyOf(await replica.ask(one, { key: all }))).secret).toBe(secret);
    expect((await replica.ask(`${one}/revoke`, { key: all, json: {} })).status).toBe(204);
    const other = await world.key({ rights, refs: [otherRef] });
    await world.clock.advance(500);
    const foreign = `/v1/credentials/${otherRef}/revoke`;
    expect((await replica.ask(foreign, { key: other, json: {} })).status).toBe(422);
  });
});

test("the list has no secrets and only what the key may read, page by page, also by state", async () => {
  const world = start();
  const all = await world.key({ refs: ["*"] });
  const some = await world.key();
  const replica = world.replica();
  const { secret } = await bodyOf(await replica.ask(one, { key: all }));
  const list = async (query: string, key: string): Promise<Record<string, unknown>> => {
    const response = await replica.ask(`/v1/credentials${query}`, { key });
    const text = await response.text();
    expect(text).not.toContain(secret);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const refsOf = (page: Record<string, unknown>): unknown =>
    (page["credentials"] as readonly { readonly ref: string }[]).map((listed) => listed.ref);
  expect(refsOf(await list("", some))).toEqual([ref]);
  const first = await list("?limit=1", all);
  const second = await list(`?limit=1&cursor=${String(first["cursor"])}`, all);
  expect([refsOf(first), refsOf(second)].flat()).toEqual([ref, otherRef].toSorted());
  expect(second["cursor"]).toBeUndefined();
  expect(refsOf(await list("?state=none", all))).toEqual([otherRef]);
});
