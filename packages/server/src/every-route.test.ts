/** Rules for every route: who may use it, and how it answers bad input. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openApi } from "./routes/open-api.ts";
import { routes } from "./route-table.ts";
import { appSecret, ref, requestOf, serverWorld } from "./server-world.fixture.ts";
import type { AskOptions, Replica, ServerWorld } from "./server-world.fixture.ts";

let world: ServerWorld;
let replica: Replica;

beforeEach(() => {
  world = serverWorld();
  replica = world.replica();
});
afterEach(() => world.close());

const rights = ["read", "reject", "refresh", "revoke", "admin"] as const;
const keyed = routes.filter((route) => route.rights.length > 0);
const named = keyed.map((route) => [`${route.method} ${route.path}`, route] as const);
const pathOf = (path: string, name: string = ref): string =>
  path.replace(":ref", encodeURIComponent(name));
const askOf = (method: string): AskOptions => (method === "POST" ? { json: {} } : {});

async function problemOf(response: Response, status: number): Promise<Record<string, unknown>> {
  const text = await response.text();
  expect([response.status, text]).toEqual([status, expect.any(String)]);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  const problem = JSON.parse(text) as Record<string, unknown>;
  expect(problem).toMatchObject({ status, type: expect.stringMatching(/^urn:lingpai:problem:/) });
  for (const field of ["title", "detail", "remedy"]) expect(problem[field]).toMatch(/\S/);
  expect(text).not.toContain(appSecret);
  return problem;
}

test.each(named)(
  "%s answers 401 without a key, and with a wrong one",
  async (_, { method, path }) => {
    await world.key({ rights, refs: ["*"] });
    const right = `lp_0123456789_${"A".repeat(43)}`;
    for (const key of [undefined, right, "lp_x_y", "admin", "0"]) {
      const response = await replica.ask(pathOf(path), { ...askOf(method), key });
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      await problemOf(response, 401);
    }
    const basic = { authorization: "Basic YTpi" };
    await problemOf(await replica.ask(pathOf(path), { ...askOf(method), headers: basic }), 401);
  },
);

test.each(named)(
  "an Authorization header that is too long, repeated or malformed is refused with 400 by %s",
  async (_, { method, path }) => {
    const key = await world.key({ rights, refs: ["*"] });
    const long = "a".repeat(100_000);
    for (const header of [
      `Bearer ${key}, Bearer ${key}`,
      `Bearer ${long}`,
      "Bearer",
      `${key}`,
      "Bearer  x",
    ]) {
      const headers = { authorization: header };
      const problem = await problemOf(
        await replica.ask(pathOf(path), { ...askOf(method), headers }),
        400,
      );
      expect(problem["detail"]).toContain("Bearer KEY");
    }
  },
);

test.each(named)(
  "%s answers 403 if any of its rights is missing",
  async (_, { method, path, rights: needed }) => {
    for (const right of needed) {
      const rest = rights.filter((other) => other !== right);
      const key = await world.key({ rights: rest, refs: ["*"] });
      await world.clock.advance(500);
      const response = await replica.ask(pathOf(path), { ...askOf(method), key });
      expect((await problemOf(response, 403))["detail"]).toContain(`\`${right}\``);
    }
  },
);

const ofOne = named.filter(([, { path }]) => path.includes(":ref"));
test.each(ofOne)(
  "a foreign reference is refused with 403, whether it exists or not, by %s",
  async (_, route) => {
    const key = await world.key({ rights, refs: ["another"] });
    const there = await replica.ask(pathOf(route.path), { ...askOf(route.method), key });
    const absent = await replica.ask(pathOf(route.path, "nope"), { ...askOf(route.method), key });
    expect(await problemOf(there, 403)).toEqual(await problemOf(absent, 403));
  },
);

test.each(ofOne)(
  "a reference is an opaque name, and %s answers 404 for an unknown one",
  async (_, { method, path }) => {
    const key = await world.key({ rights, refs: ["*"] });
    for (const name of [
      "../../admin",
      "..%2f..%2fadmin",
      "nope",
      "__proto__",
      "\u0000",
      "令牌",
      "%",
    ]) {
      const asked = { ...askOf(method), key };
      const problem = await problemOf(await replica.ask(pathOf(path, name), asked), 404);
      expect(problem["code"]).toBe("unknown-credential");
    }
    const raw = path.replace(":ref", "..%2F..%2Fadmin");
    await problemOf(await replica.ask(raw, { ...askOf(method), key }), 404);
  },
);

const withBody = keyed.filter(({ path }) => /\/(rejections|seed)$/.test(path));
const bodied = withBody.map((route) => [route.path, route] as const);
test.each(bodied)(
  "invalid, large and slow bodies, and bodies of another type, are refused by %s",
  async (_, { path }) => {
    const key = await world.key({ rights, refs: ["*"] });
    const at = pathOf(path);
    const secret = "s3cr3t-in-a-wrong-place";
    for (const body of [
      "",
      "{",
      "[]",
      "null",
      `{"secret":7,"fingerprint":"${secret}"}`,
      `{"${secret}":1}`,
      '{"a":'.repeat(2_000),
    ]) {
      const response = await replica.ask(at, { key, body });
      expect(JSON.stringify(await problemOf(response, 400))).not.toContain(secret);
    }
    await problemOf(await replica.ask(at, { key, body: new Uint8Array([0xff, 0xfe]) }), 400);
    await problemOf(await replica.ask(at, { key, body: "x".repeat(70_000) }), 413);
    const large = { "content-length": "99999999" };
    await problemOf(await replica.ask(at, { key, body: "{}", headers: large }), 413);
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
    });
    await problemOf(await replica.ask(at, { key, body: endless }), 413);
    const text = { "content-type": "text/plain" };
    await problemOf(await replica.ask(at, { key, body: "{}", headers: text }), 415);
    const silent = new ReadableStream({ start: (c) => c.enqueue(new Uint8Array([123])) });
    const fromMs = world.clock.monotonicMs();
    await problemOf(await replica.ask(at, { key, body: silent }), 408);
    expect(world.clock.monotonicMs() - fromMs).toBeLessThan(10_100);
  },
);

test.each(named)("a key above its rate gets 429 and the time to wait from %s", async (_, route) => {
  const key = await world.key({ rights, refs: ["none"], perSecond: 1 });
  const statuses: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    const response = await replica.server.handle(
      requestOf(pathOf(route.path), { ...askOf(route.method), key }),
    );
    statuses.push(response.status);
    if (n < 2) continue;
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await problemOf(response, 429)).toMatchObject({ obstacle: "rate-limit" });
  }
  expect(statuses.at(-1)).toBe(429);
  await world.clock.advance(1_000);
  const later = await replica.ask(pathOf(route.path), { ...askOf(route.method), key });
  expect(later.status).not.toBe(429);
});

test("an unknown path answers 404, and a known path with another method 405", async () => {
  const key = await world.key();
  for (const path of [
    "/",
    "/v1",
    "/v2/credentials",
    "/v1/credentials/a/b/c",
    "/admin",
    "/v1/credentials/x/../../../admin",
  ])
    await problemOf(await replica.ask(path, { key }), 404);
  for (const { method, path } of routes) {
    const other = method === "GET" ? "PATCH" : "PUT";
    const response = await replica.ask(pathOf(path), { key, method: other });
    expect(response.headers.get("allow")).toContain(method);
    await problemOf(response, 405);
  }
});

test("healthz and readyz need no key, and a replica that never read its keys is not ready", async () => {
  expect((await replica.ask("/healthz")).status).toBe(200);
  replica.plan.unreachable = true;
  expect((await replica.ask("/readyz")).status).toBe(503);
  const key = await world.key();
  await problemOf(await replica.ask(pathOf("/v1/credentials/:ref"), { key }), 503);
  replica.plan.unreachable = false;
  await world.clock.advance(500);
  expect((await replica.ask("/readyz")).status).toBe(200);
  replica.plan.unreachable = true;
  await world.clock.advance(5_000);
  expect((await replica.ask("/readyz")).status).toBe(200);
  await replica.server.close();
  expect((await replica.ask("/readyz")).status).toBe(503);
  replica.plan.unreachable = false;
});

test("openapi.json has every route, and every status that a route can answer", async () => {
  const document = (await (await replica.ask("/openapi.json")).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  };
  expect(document).toEqual(JSON.parse(JSON.stringify(openApi(routes))));
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const mounted = routes.map(
    ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
  );
  expect(described.toSorted()).toEqual(mounted.toSorted());
});

test("an unexpected error is 500, tells the caller nothing, and is reported", async () => {
  const key = await world.key();
  const { credential: whole } = replica.client;
  const credential = {
    id: whole.id,
    watch: () => () => undefined,
    peek: () => undefined,
    get: () => Promise.reject(new Error(`lost ${appSecret}`)),
  } as unknown as typeof whole; // the route calls no other member
  const broken = world.replica("broken", { credentials: [{ credential, ref }] });
  await problemOf(await broken.ask(pathOf("/v1/credentials/:ref"), { key }), 500);
  expect(broken.errors).toHaveLength(1);
});
