/** Cases that a real etcd cannot be made to produce on demand. The real server proves the rest. */
import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { refusalOf } from "../../world.fixture.ts";
import { etcdSource } from "./etcd.ts";
import type { Fetch } from "./http.ts";
import { valuesOf, watched } from "../watched.fixture.ts";

const created = '{"result":{"header":{"revision":"1"},"created":true}}\n';

/** Answers a watch with these lines, and then leaves it open or ends it. */
function watchAnswering(lines: readonly string[], ends: boolean): Fetch {
  return async (_input, init) =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const line of lines) controller.enqueue(new TextEncoder().encode(line));
          if (ends) controller.close();
          else
            init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason), {
              once: true,
            });
        },
      }),
    );
}

const source = (fetch: Fetch): ReturnType<typeof watched> =>
  watched(etcdSource({ url: "http://etcd:2379", prefix: "l/", fetch }), manualClock());

test.each([
  [[created], "closed the watch"],
  [[created, '{"result":{"canceled":true,"compact_revision":"7"}}\n'], "ended the watch"],
  [[created, "<html>\n"], "sent a line that is not JSON"],
])(
  "a watch that receives %j ends with an error, so that it is started again",
  async (lines, message) => {
    const watch = source(watchAnswering(lines, true));
    expect(await refusalOf(watch.ended)).toBe(message);
    expect([watch.changes, watch.clock.pendingTimers]).toEqual([1, 0]);
  },
);

test("a watch reports events that arrive in several chunks, and ignores progress reports", async () => {
  const progress = '{"result":{"header":{"revision":"9"}}}\n';
  const watch = source(
    watchAnswering(
      [
        created.slice(0, 20),
        created.slice(20) + progress,
        '{"result":{"events":[{"kv":',
        '{"key":"bC9h"}}]}}\n',
      ],
      false,
    ),
  );
  await watch.changed(2);
  await watch.stop();
  expect([watch.changes, watch.clock.pendingTimers]).toEqual([2, 0]);
});

test("a watch that is silent for four minutes is replaced by a new one, which is no failure", async () => {
  const watch = source(watchAnswering([created], false));
  await watch.changed(1);
  await watch.clock.advance(4 * 60_000);
  await watch.changed(2);
  await watch.clock.advance(4 * 60_000 - 1);
  expect(watch.changes).toBe(2);
  await watch.stop();
  expect(watch.clock.pendingTimers).toBe(0);
});

test("a watch that is not answered within four minutes has failed", async () => {
  const watch = source(watchAnswering([], false));
  await watch.clock.advance(4 * 60_000);
  expect(await refusalOf(watch.ended)).toBe("fell silent");
});

test("a gateway's foreign answer is an error, not an empty store", async () => {
  const read = (response: Response): Promise<unknown[]> =>
    valuesOf(etcdSource({ url: "http://etcd:2379", key: "k", fetch: async () => response }));
  expect(await refusalOf(read(new Response("<html>")))).toBe(
    "answered /v3/kv/range with something that is not JSON. Check the address",
  );
  expect(await refusalOf(read(Response.json({ kvs: "x" })))).toBe(
    "answered without a list of keys. Check the address",
  );
  expect(await refusalOf(read(new Response("", { status: 502 })))).toBe(
    "answered POST /v3/kv/range with HTTP 502",
  );
  expect(await refusalOf(read(new Response(new Uint8Array(1_048_577))))).toContain(
    "more than 1048576 bytes",
  );
  expect(await refusalOf(read(Response.json({})))).toBe(
    "answered without a list of keys. Check the address",
  );
  expect(await read(Response.json({ header: {} }))).toEqual([]);
  expect(() => etcdSource({ url: "http://etcd:2379" })).toThrow("either a prefix or a key");
});

/**
 * An etcd with signed tokens: each change of users invalidates all earlier ones, and reads then
 * answer 400.
 */
function signedTokens(): { readonly fetch: Fetch; logins: number; changeUsers(): void } {
  const etcd = {
    logins: 0,
    valid: "",
    changeUsers: () => void (etcd.valid = ""),
    fetch: async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const { pathname } = new URL(String(input));
      if (pathname === "/v3/auth/authenticate") {
        etcd.logins += 1;
        etcd.valid = `token-${etcd.logins}`;
        return Response.json({ token: etcd.valid });
      }
      const isValid = new Headers(init?.headers).get("authorization") === etcd.valid;
      if (!isValid) return Response.json({ code: 3 }, { status: 400 });
      return pathname === "/v3/watch" ? new Response(created) : Response.json({ header: {} });
    },
  };
  return etcd;
}

const credentials = { username: "root", password: "correct-horse-battery" };

test("an outdated token that is refused with HTTP 400 causes one new login", async () => {
  const etcd = signedTokens();
  const { fetch } = etcd;
  const made = etcdSource({ url: "http://etcd:2379", key: "k", fetch, ...credentials });
  await valuesOf(made);
  etcd.changeUsers();
  expect(await valuesOf(made)).toEqual([]);
  expect(etcd.logins).toBe(2);
});

test("after a watch failed, the next one begins with a new login", async () => {
  const etcd = signedTokens();
  const { fetch } = etcd;
  const made = etcdSource({ url: "http://etcd:2379", key: "k", fetch, ...credentials });
  expect(await refusalOf(watched(made, manualClock()).ended)).toBe("closed the watch");
  etcd.changeUsers();
  expect(await refusalOf(watched(made, manualClock()).ended)).toBe("closed the watch");
  expect(etcd.logins).toBe(2);
});
