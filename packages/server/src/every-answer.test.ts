/** What holds for every route of /openapi.json, the dashboard's and the façade's included. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { appId, appSecret, ref, serverWorld } from "./server-world.fixture.ts";
import type { AskOptions, Replica, ServerWorld } from "./server-world.fixture.ts";

let world: ServerWorld;
let replica: Replica;
beforeEach(() => {
  world = serverWorld();
  const doctor = async () => ({ checks: [], findings: [] }) as never;
  replica = world.replica("all", { metrics: async () => "", doctor });
});
afterEach(() => world.close());

interface Operation {
  readonly method: string;
  /** With a credential that there is. */
  readonly path: string;
  readonly name: string;
}

/** As they are published, so that a route which is added is judged by itself. */
async function operations(): Promise<readonly Operation[]> {
  const document = (await (await replica.ask("/openapi.json")).json()) as {
    readonly paths: Readonly<Record<string, object>>;
  };
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((each) => {
      const method = each.toUpperCase();
      const there = path.replace("{ref}", encodeURIComponent(ref)).replace("{id}", "0123456789");
      return { method, path: there, name: `${method} ${path}` };
    }),
  );
  expect(all.length).toBeGreaterThan(25);
  return all;
}

/** What the dashboard's page sends: signing in is for it alone. */
const ofPage = { "lingpai-page": "1", origin: "http://server.test" };
const bodyOf = (method: string): AskOptions => (method === "POST" ? { json: {} } : { method });

/** Answers without a key. All others are refused with 401. */
const open: Readonly<Record<string, number>> = {
  "GET /healthz": 200,
  "GET /readyz": 200,
  "GET /openapi.json": 200,
  // The page asks whether somebody has signed in; signing in without a key is bad input.
  "GET /v1/session": 204,
  "POST /v1/session": 400,
  // As WeChat answers: 200, and a code.
  "GET /cgi-bin/token": 200,
  "POST /cgi-bin/stable_token": 200,
  "GET /cgi-bin/ticket/getticket": 200,
};

test("each route refuses whoever has no key, but those that are named here", async () => {
  const found: Record<string, number> = {};
  for (const { method, name, path } of await operations()) {
    const response = await replica.ask(path, { ...bodyOf(method), headers: ofPage });
    const text = await response.text();
    if (response.status !== 401) found[name] = response.status;
    if (path.startsWith("/cgi-bin"))
      expect([name, JSON.parse(text)]).toEqual([
        name,
        { errcode: expect.toSatisfy((code: number) => code > 40_000), errmsg: expect.any(String) },
      ]);
  }
  expect(found).toEqual(open);
  expect(world.simulator.log.fetches(appId)).toEqual([]);
});

test("no cache may keep or share an answer of any route but the public ones", async () => {
  const key = await world.key({
    rights: ["read", "reject", "refresh", "revoke", "admin"],
    refs: ["*"],
  });
  for (const { method, name, path } of await operations()) {
    if (["GET /healthz", "GET /readyz", "GET /openapi.json"].includes(name)) continue;
    for (const given of [key, undefined]) {
      const gone = new AbortController();
      const response = await replica.ask(path, {
        ...bodyOf(method),
        key: given,
        signal: gone.signal,
      });
      const { headers } = response;
      expect([name, headers.get("cache-control")]).toEqual([
        name,
        expect.stringMatching(/^no-store\b/),
      ]);
      expect([name, headers.get("vary")]).toEqual([name, "authorization, cookie"]);
      await response.body?.cancel();
    }
  }
});

test("each route that reads a body refuses one that is too large or too slow", async () => {
  const key = await world.key({
    rights: ["read", "reject", "refresh", "revoke", "admin"],
    refs: ["*"],
    perSecond: 1_000,
  });
  const posts = (await operations()).filter(({ method }) => method === "POST");
  expect(posts.map(({ name }) => name)).toContain("POST /cgi-bin/stable_token");
  expect(posts.length).toBeGreaterThanOrEqual(8);
  for (const { name, path } of posts) {
    const status = async (asked: AskOptions): Promise<[string, number, boolean]> => {
      const response = await replica.ask(path, { key, headers: ofPage, ...asked });
      const text = await response.text();
      return [name, response.status, text.includes(appSecret)];
    };
    const declared = { ...ofPage, "content-length": "99999999" };
    expect(await status({ body: "{}", headers: declared })).toEqual([name, 413, false]);
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
    });
    expect(await status({ body: endless })).toEqual([name, 413, false]);
    const silent = new ReadableStream({ start: (c) => c.enqueue(new Uint8Array([123])) });
    const fromMs = world.clock.monotonicMs();
    expect(await status({ body: silent })).toEqual([name, 408, false]);
    expect(world.clock.monotonicMs() - fromMs).toBeLessThan(10_500);
  }
});
