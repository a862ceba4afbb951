import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { upstashCache, upstashLock, upstashStore } from "./index.ts";
import type { UpstashDatabase } from "./index.ts";

const url = "https://eu1-a-database.upstash.io";
const factories = [upstashCache, upstashLock, upstashStore];

/** A database that gives these answers, repeats the last one, and records the requests. */
function answering(...answers: readonly (() => Promise<Response> | Response)[]) {
  const sent: { readonly to: string; readonly init: RequestInit }[] = [];
  const database: UpstashDatabase = {
    url,
    token: "secret-token",
    fetch: async (to, init) => {
      sent.push({ to, init });
      return (answers[sent.length - 1] ?? answers.at(-1)!)();
    },
  };
  return { database, sent };
}

const json = (body: object, init?: ResponseInit) => (): Response => Response.json(body, init);
const refused = (cache: { get(key: string): Promise<unknown> }): Promise<unknown> =>
  cache.get("wx1").catch((error: unknown) => error);

test.each<readonly [string, unknown]>([
  ["nothing", undefined],
  ["an address alone", url],
  ["a Redis address", { url: "rediss://eu1-a-database.upstash.io:6379", token: "t" }],
  ["a foreign address in clear", { url: "http://eu1-a-database.upstash.io", token: "t" }],
  ["no token", { url, token: undefined }],
  ["a token with a line break", { url, token: "t\n" }],
])(
  "%s instead of a database is refused at construction, without showing a token",
  (_, database) => {
    for (const make of factories)
      expect(() => make(database as UpstashDatabase)).toThrow(
        expect.objectContaining({ code: "CONFIGURATION" }),
      );
  },
);

test("http is accepted for this machine", () => {
  for (const host of ["localhost:8079", "127.0.0.1:8079", "[::1]:8079"])
    expect(upstashCache({ url: `http://${host}`, token: "t" }).path).toEqual([]);
});

test.each([
  ["another token", json({ error: "WRONGPASS" }, { status: 401 }), "unauthorized", false],
  [
    "a refused command",
    json({ error: "NOPERM no permissions" }, { status: 400 }),
    "forbidden",
    false,
  ],
  ["a page of a proxy", () => new Response("<html>", { status: 502 }), "other", true],
  ["a limit of requests", () => new Response("slow down", { status: 429 }), "other", true],
  ["an answer that is none", json({}), "other", true],
  ["no network", () => Promise.reject(new TypeError("fetch failed")), "disconnected", true],
] as const)(
  "%s is reported with its reason, and shows neither token nor value",
  async (_, answer, reason, retryable) => {
    const { database } = answering(answer);
    const error = await refused(upstashCache(database));

    expect(error).toMatchObject({ code: "CACHE_UNAVAILABLE", reason, retryable });
    expect(String(error) + JSON.stringify(error)).not.toContain("secret-token");
  },
);

test("a request is a POST that follows no redirection, with the token in its header alone", async () => {
  const { database, sent } = answering(json({ result: null }));
  await refused(upstashCache(database));

  const [{ to, init } = { to: "", init: {} }] = sent;
  expect(to).toBe(url);
  expect(init).toMatchObject({ method: "POST", redirect: "error" });
  expect(new Headers(init.headers).get("authorization")).toBe("Bearer secret-token");
  expect(init.body).not.toContain("secret-token");
});

test("the state that an answer names is sent with the next request, so that no replica answers from an older one", async () => {
  const first = json({ result: null }, { headers: { "upstash-sync-token": "state-1" } });
  const { database, sent } = answering(first, json({ result: null }));
  const cache = upstashCache(database);
  for (const _ of [1, 2, 3]) await refused(cache);

  const states = sent.map(({ init }) => new Headers(init.headers).get("upstash-sync-token"));
  expect(states).toEqual([null, "state-1", "state-1"]);
});

test("a request without an answer is aborted together with all that wait for it, and later ones are sent", async () => {
  const clock = manualClock();
  const never = (): Promise<Response> => new Promise(() => {});
  const { database, sent } = answering(never, json({ result: null }));
  const cache = upstashCache(
    {
      ...database,
      fetch: (to, init) =>
        Promise.race([
          database.fetch!(to, init),
          new Promise<never>((_, reject) => {
            init.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
          }),
        ]),
    },
    { clock, deadlineMs: 500 },
  );
  const waiting = [refused(cache), refused(cache)];
  await clock.advance(1000);
  for (const error of await Promise.all(waiting))
    expect(error).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "timeout" });
  expect(sent.length).toBe(1);

  await refused(cache);
  expect(sent.length).toBe(2);
  expect(clock.pendingTimers).toBe(0);
});
