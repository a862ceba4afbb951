/** People who sign in with a server key, on several replicas. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { appSecret, ref, requestOf, serverWorld } from "../server-world.fixture.ts";
import type { AskOptions, Replica, ServerWorld } from "../server-world.fixture.ts";

let world: ServerWorld;
let first: Replica;
let second: Replica;

beforeEach(() => {
  world = serverWorld();
  [first, second] = [world.replica(), world.replica()];
});
afterEach(() => world.close());

const page = { origin: "http://server.test", "lingpai-page": "1" };
const one = `/v1/credentials/${encodeURIComponent(ref)}`;

async function signIn(replica: Replica, key: string): Promise<string> {
  const response = await replica.ask("/v1/session", { json: { key }, headers: page });
  expect(response.status).toBe(200);
  return response.headers.get("set-cookie")!;
}

/** The cookie header as a browser sends it back. */
const cookieOf = (set: string): string => set.split(";")[0]!;

const asked = (cookie: string, more: AskOptions = {}): AskOptions => ({
  ...more,
  headers: { ...page, cookie, ...more.headers },
});

test("a session begins on one replica, is valid on another, and ends on both within 2 s", async () => {
  const key = await world.key({ rights: ["read"], name: "operator" });
  const set = await signIn(first, key);
  expect(set).toMatch(
    /^lingpai-session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  const cookie = cookieOf(set);
  const info = await second.ask("/v1/session", asked(cookie));
  expect(await info.json()).toMatchObject({ name: "operator", rights: ["read"], refs: [ref] });
  const out = await first.ask("/v1/session", asked(cookie, { method: "DELETE" }));
  expect(out.status).toBe(204);
  expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
  await world.clock.advance(1_000);
  for (const replica of [first, second])
    expect((await replica.ask("/v1/session", asked(cookie))).status).toBe(204);
});

test("the store holds neither the cookie's token nor the key", async () => {
  const key = await world.key({ rights: ["read"] });
  const cookie = cookieOf(await signIn(first, key));
  const token = cookie.split("=")[1]!;
  const cache = world.store.cache().withPrefix("server-sessions");
  const stored: string[] = [];
  for await (const name of cache.keys()) stored.push(name, (await cache.get(name))!.value);
  expect(stored).toHaveLength(2);
  expect(stored.join()).not.toContain(token);
  expect(stored.join()).not.toContain(key.slice(14));
});

test("a key cannot fill the store with sessions", async () => {
  const key = await world.key({ rights: ["read"] });
  const ask = requestOf("/v1/session", { json: { key }, headers: page });
  const all = Array.from({ length: 60 }, () => first.server.handle(ask.clone()));
  const statuses = (await world.during(Promise.all(all))).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200).length).toBeLessThan(30);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  await world.clock.advance(10_000);
  await signIn(first, key);
});

test("a session ends after 12 hours, and when its key is revoked", async () => {
  const key = await world.key({ rights: ["read"] });
  const cookie = cookieOf(await signIn(first, key));
  await world.clock.advance(12 * 3_600_000 - 60_000);
  expect((await first.ask("/v1/session", asked(cookie))).status).toBe(200);
  await world.clock.advance(60_000);
  expect((await first.ask("/v1/session", asked(cookie))).status).toBe(204);
  const again = cookieOf(await signIn(first, key));
  await first.keys.revoke(key.split("_")[1]!);
  await world.clock.advance(1_000);
  expect((await second.ask("/v1/session", asked(again))).status).toBe(204);
});

test("over TLS the cookie is Secure and restricted to this host", async () => {
  const key = await world.key({ rights: ["read"] });
  const cache = world.store.cache();
  const proxied = world.replica("proxied", { dashboard: { cache, isBehindTls: true } });
  const set = await signIn(proxied, key);
  expect(set).toMatch(/^__Host-lingpai=.*; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  expect(set).not.toContain("Domain");
  expect((await proxied.ask("/v1/session", asked(cookieOf(set)))).status).toBe(200);
});

test("another site can neither sign in nor use the cookie", async () => {
  const rights = ["read", "refresh"] as const;
  const key = await world.key({ rights });
  const cookie = cookieOf(await signIn(first, key));
  const foreign: readonly Readonly<Record<string, string>>[] = [
    { origin: "https://evil.test" },
    { origin: "http://server.test.evil.test" },
    { origin: "null" },
    { "lingpai-page": "" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of foreign) {
    const asks: readonly [string, AskOptions][] = [
      ["/v1/session", { json: { key } }],
      [`${one}/refresh`, { json: {} }],
      ["/v1/session", { method: "DELETE" }],
      ["/v1/demo/steal", { json: {} }],
    ];
    for (const [path, options] of asks) {
      const response = await first.ask(path, asked(cookie, { ...options, headers }));
      expect([path, headers, response.status]).toEqual([path, headers, 403]);
      expect(await response.json()).toMatchObject({ code: "cross-site" });
    }
  }
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const posted = await first.ask("/v1/session", {
    body: `key=${key}`,
    headers: { ...page, ...form },
  });
  expect(posted.status).toBe(415);
  expect((await first.ask("/v1/session", asked(cookie))).status).toBe(200);
});

test("no route returns a secret to a session", async () => {
  const key = await world.key({
    rights: ["read", "reject", "refresh", "revoke", "admin"],
    refs: ["*"],
  });
  const { secret } = (await (await first.ask(one, { key })).json()) as { readonly secret: string };
  const cookie = cookieOf(await signIn(first, key));
  const secrets = new Set([secret, appSecret, key.slice(14), cookie.split("=")[1]!]);
  for (const path of [
    "/v1/session",
    "/v1/overview",
    "/v1/credentials",
    "/v1/ledger",
    "/v1/conflicts",
    "/v1/fleet",
    "/v1/claims",
    "/v1/keys",
    "/v1/audit",
    `${one}/events`,
  ]) {
    const response = await first.ask(path, asked(cookie));
    expect([path, response.status]).toEqual([path, 200]);
    const text = await response.text();
    for (const each of secrets) expect(text).not.toContain(each);
    expect(text).not.toMatch(/"hash"/);
  }
  expect((await first.ask(one, asked(cookie))).status).toBe(401);
  const seed = { secret: "s".repeat(20), expiresInMs: 60_000 };
  expect((await first.ask(`${one}/seed`, asked(cookie, { json: seed }))).status).toBe(401);
  const refreshed = await first.ask(`${one}/refresh`, asked(cookie, { json: {} }));
  expect([refreshed.status, await refreshed.text()]).toEqual([204, ""]);
});

test("while the store is unreachable, a session that a replica has read stays valid there", async () => {
  const key = await world.key({ rights: ["read"] });
  const cookie = cookieOf(await signIn(first, key));
  const session = async (): Promise<unknown> =>
    (await first.ask("/v1/session", asked(cookie))).json();
  expect((await first.ask("/v1/overview", asked(cookie))).status).toBe(200);
  expect(await session()).not.toHaveProperty("degraded");
  first.plan.unreachable = true;
  await world.clock.advance(5_000);
  expect((await first.ask("/v1/overview", asked(cookie))).status).toBe(200);
  expect(await session()).toHaveProperty("degraded", "store");
  second.plan.unreachable = true;
  expect((await second.ask("/v1/overview", asked(cookie))).status).toBe(503);
  first.plan.unreachable = false;
  second.plan.unreachable = false;
  await world.clock.advance(1_000);
  expect(await session()).not.toHaveProperty("degraded");
});

test("the event stream of a session ends soon after a sign-out on another replica", async () => {
  const key = await world.key({ rights: ["read"] });
  const cookie = cookieOf(await signIn(first, key));
  const stream = await second.ask("/v1/events", asked(cookie));
  expect(stream.status).toBe(200);
  const ended = stream.body!.pipeTo(new WritableStream());
  await first.ask("/v1/session", asked(cookie, { method: "DELETE" }));
  await world.clock.advance(2_500);
  await ended;
});

test("a wrong key, a repeated cookie and a server without a dashboard sign nobody in", async () => {
  const wrong = { json: { key: `lp_0123456789_${"A".repeat(43)}` }, headers: page };
  expect((await first.ask("/v1/session", wrong)).status).toBe(401);
  const key = await world.key({ rights: ["read"] });
  await world.clock.advance(1_000);
  const cookie = cookieOf(await signIn(first, key));
  for (const odd of [`${cookie}; ${cookie}`, `${cookie}x`, "lingpai-session=", `x${cookie}`])
    expect((await first.ask("/v1/session", asked(odd))).status).toBe(204);
  const bare = world.replica("bare", { dashboard: undefined } as never);
  const refused = await bare.ask("/v1/session", { json: { key }, headers: page });
  expect(await refused.json()).toMatchObject({ status: 422, code: "not-supported" });
  expect((await bare.ask("/v1/overview", asked(cookie))).status).toBe(401);
});
