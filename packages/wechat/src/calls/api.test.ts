import { inspect } from "node:util";
import { ClosedError, CredentialUnavailableError } from "@lingpai/core";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApi } from "./api.ts";
import type { Api, ApiOptions } from "./api.ts";
import { WechatApiError } from "../errors/platform-errors.ts";
import { fakeCredential, tokenOf } from "./fake-credential.fixture.ts";
import type { FakeCredential, FakeCredentialOptions } from "./fake-credential.fixture.ts";
import { networkError, scriptedFetch, silence } from "../transport/scripted-fetch.fixture.ts";
import type { Scripted, ScriptedFetch, Sent } from "../transport/scripted-fetch.fixture.ts";

interface Fixture {
  readonly api: Api;
  readonly credential: FakeCredential;
  readonly fetch: ScriptedFetch;
  readonly clock: ManualClock;
}

function fixture(
  answers: Scripted[],
  options: ApiOptions = {},
  behaviour: FakeCredentialOptions = {},
): Fixture {
  const fetch = scriptedFetch(...answers);
  const credential = fakeCredential(behaviour);
  const clock = manualClock();
  return {
    api: createApi(credential, { fetch, clock, random: seededRandom(1), ...options }),
    credential,
    fetch,
    clock,
  };
}

const dead = {
  errcode: 40001,
  errmsg:
    "invalid credential, access_token is invalid or not latest rid: 65f307bc-1a5c7d64-18ff931f",
};
const ok = { errcode: 0, errmsg: "ok", total: 3 };
const tokensOf = (sent: readonly Sent[]): (string | null)[] =>
  sent.map(({ url }) => url.searchParams.get("access_token"));
const info = "https://api.weixin.qq.com/cgi-bin/user/info";

describe("request", () => {
  test("sends the token and returns the answer", async () => {
    const { api, fetch } = fixture([ok]);
    await expect(
      api.request("/cgi-bin/user/info?lang=zh_CN", {
        query: { openid: "o 1", count: 2, next: undefined },
      }),
    ).resolves.toEqual(ok);
    expect(fetch.sent[0]?.method).toBe("GET");
    expect(fetch.sent[0]?.url.href).toBe(
      `${info}?lang=zh_CN&openid=o+1&count=2&access_token=${tokenOf(1)}`,
    );
  });

  test("posts JSON without escaping its characters", async () => {
    const { api, fetch } = fixture([ok]);
    await api.request("/cgi-bin/message/custom/send", { json: { text: { content: "令牌" } } });
    expect(fetch.sent[0]).toMatchObject({ method: "POST", body: '{"text":{"content":"令牌"}}' });
    expect(fetch.sent[0]?.headers.get("content-type")).toBe("application/json");
  });

  test("posts any other body unchanged, and keeps a given method", async () => {
    const { api, fetch } = fixture([ok]);
    await api.request("/a", { body: "text" });
    await api.request("/a", { body: "text", method: "PUT" });
    await api.request("/a", { json: {}, headers: { "content-type": "text/plain" } });
    expect(fetch.sent.map(({ method, headers }) => [method, headers.get("content-type")])).toEqual([
      ["POST", "text/plain;charset=UTF-8"],
      ["PUT", "text/plain;charset=UTF-8"],
      ["POST", "text/plain"],
    ]);
  });

  test.each([40001, 40014, 42001])(
    "replaces a token that is refused with %d, once, and the caller sees no error",
    async (errcode) => {
      const { api, fetch, credential } = fixture([{ errcode }, ok]);
      await expect(api.request("/cgi-bin/user/info")).resolves.toEqual(ok);
      expect(tokensOf(fetch.sent)).toEqual([tokenOf(1), tokenOf(2)]);
      expect(credential.calls).toEqual(["get", `reject ${tokenOf(1)} ${errcode}`]);
    },
  );

  test("fails if the replacement is refused too", async () => {
    const { api, fetch } = fixture([dead]);
    await expect(api.request("/cgi-bin/user/info")).rejects.toMatchObject({
      code: "PLATFORM_REFUSED",
      errcode: 40001,
      errmsg: "invalid credential, access_token is invalid or not latest",
      rid: "65f307bc-1a5c7d64-18ff931f",
      action: "reject",
    });
    expect(fetch.sent).toHaveLength(2);
  });

  test("gives the code to the caller if the platform says that the token is alive", async () => {
    const { api, fetch } = fixture([dead], {}, { onReject: () => ({ replaced: false }) });
    await expect(api.request("/cgi-bin/user/info")).rejects.toMatchObject({ errcode: 40001 });
    expect(fetch.sent).toHaveLength(1);
  });

  test("gives as the cause why a dead token could not be replaced", async () => {
    const cause = new CredentialUnavailableError("the secret is wrong");
    const { api } = fixture([dead], {}, { onReject: () => Promise.reject(cause) });
    await expect(api.request("/cgi-bin/user/info")).rejects.toMatchObject({
      errcode: 40001,
      cause,
    });
  });

  test.each([48001, 48004, 61007, 40164, 40013, 45009, 45011, 50002, 47003, 42006])(
    "never refreshes for %d",
    async (errcode) => {
      const { api, fetch, credential } = fixture([{ errcode, errmsg: "no" }]);
      await expect(api.request("/cgi-bin/user/info")).rejects.toBeInstanceOf(WechatApiError);
      expect(credential.calls).toEqual(["get"]);
      expect(fetch.sent).toHaveLength(1);
    },
  );

  test("says when the day's quota is renewed", async () => {
    const answer = Response.json(
      { errcode: 45009 },
      { headers: { date: "Thu, 01 Jan 2026 15:00:00 GMT" } },
    );
    const { api } = fixture([answer]);
    await expect(api.request("/cgi-bin/user/info")).rejects.toMatchObject({
      action: "wait-day",
      retryAfterMs: 3_600_000,
      retryable: true,
    });
  });

  test("throws the error that prevents a token, and sends nothing", async () => {
    const error = new CredentialUnavailableError("none");
    const { api, fetch } = fixture([ok], {}, { onGet: () => Promise.reject(error) });
    await expect(api.request("/cgi-bin/user/info")).rejects.toBe(error);
    expect(fetch.sent).toHaveLength(0);
  });

  test.each<[string, Scripted, RegExp]>([
    ["a page", new Response("<html>"), /GET \/a was answered with is not JSON; use download\(\)/],
    [
      "a gateway's error",
      new Response("bad gateway", { status: 502 }),
      /GET \/a was answered with HTTP 502/,
    ],
  ])("refuses %s", async (_title, answer, message) => {
    const { api } = fixture([answer]);
    await expect(api.request("/a")).rejects.toMatchObject({
      code: "PLATFORM_ANSWER_INVALID",
      message: expect.stringMatching(message),
    });
  });

  test("sends no token to an endpoint that takes a secret instead, and needs none for it", async () => {
    const { api, fetch, credential } = fixture([{ errcode: 48006, errmsg: "over" }]);
    await expect(
      api.request("/cgi-bin/clear_quota/v2", { json: { appid: "a" } }),
    ).rejects.toMatchObject({ errcode: 48006 });
    expect(fetch.sent[0]?.url.search).toBe("");
    expect(credential.calls).toEqual([]);
  });

  test.each([
    "cgi-bin/user/info",
    "//evil.example/a",
    "https://evil.example/a",
    "@evil.example/a",
    ".evil.example/a",
    "",
    "/../admin",
  ])("refuses the path %j before it sends anything", async (path) => {
    const { api, fetch } = fixture([ok], { baseUrl: "https://gateway.example/wechat" });
    await expect(api.request(path)).rejects.toMatchObject({ code: "CONFIGURATION", rule: "path" });
    expect(fetch.sent).toHaveLength(0);
  });
});

describe("a busy platform", () => {
  const busy = { errcode: -1, errmsg: "system error" };

  test("is called again after about 0.5, 1 and 2 s, three times at most", async () => {
    const { api, fetch, clock } = fixture([busy]);
    const failed = expect(api.request("/a")).rejects.toMatchObject({
      errcode: -1,
      action: "retry",
      retryable: true,
    });
    const counts: number[] = [];
    for (const ms of [249, 251, 499, 501, 999, 1001, 60_000]) {
      await clock.advance(ms);
      counts.push(fetch.sent.length);
    }
    await failed;
    expect(counts[0]).toBe(1);
    expect(counts[1]).toBe(2);
    expect(counts[3]).toBe(3);
    expect(counts.at(-1)).toBe(4);
    expect(clock.pendingTimers).toBe(0);
  });

  test("that recovers causes no error", async () => {
    const { api, clock } = fixture([busy, busy, ok]);
    const answer = api.request("/a");
    await clock.advance(5000);
    await expect(answer).resolves.toEqual(ok);
  });

  test("is called once if retries are off", async () => {
    const { api, fetch } = fixture([busy], { busyRetriesMax: 0 });
    await expect(api.request("/a")).rejects.toMatchObject({ errcode: -1 });
    expect(fetch.sent).toHaveLength(1);
  });

  test("delays no caller that aborts, and none whose client closes", async () => {
    const abort = new AbortController();
    const aborted = fixture([busy]);
    const first = expect(aborted.api.request("/a", { signal: abort.signal })).rejects.toThrow(
      "enough",
    );
    await aborted.clock.settle();
    abort.abort(new Error("enough"));
    await first;
    const closed = fixture([busy]);
    const second = expect(closed.api.request("/a")).rejects.toBeInstanceOf(ClosedError);
    await closed.clock.settle();
    closed.api.close();
    await second;
    expect([aborted.clock.pendingTimers, closed.clock.pendingTimers]).toEqual([0, 0]);
  });

  test.each([-1, 4, 0.5, Number.NaN])("cannot be called again %d times", (busyRetriesMax) => {
    expect(() => fixture([], { busyRetriesMax })).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
  });
});

test("a refused token is sent at most twice and a call at most five times, whatever the platform answers", async () => {
  const answers: Scripted[] = [
    ok,
    dead,
    { errcode: 42001 },
    { errcode: "40014" },
    { errcode: -1 },
    { errcode: 48001 },
    new Response("<html>"),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: answers.length - 1 }), { minLength: 1, maxLength: 8 }),
      async (choices) => {
        const script = choices.map((choice) => answers[choice] ?? ok);
        const { api, fetch, clock } = fixture(script);
        const settledCall = api.fetch(info).then(() => true);
        await clock.advance(10_000);
        await expect(settledCall).resolves.toBe(true);
        const given = fetch.sent.map(
          (_sent, index) => choices[Math.min(index, choices.length - 1)] ?? 0,
        );
        expect(given.filter((choice) => [1, 2, 3].includes(choice)).length).toBeLessThanOrEqual(2);
        expect(fetch.sent.length).toBeLessThanOrEqual(5);
        expect(new Set(tokensOf(fetch.sent)).size).toBeLessThanOrEqual(2);
      },
    ),
    { numRuns: 200 },
  );
});

describe("fetch", () => {
  test("returns the platform's response, refusals included, and its body unread", async () => {
    const { api } = fixture([{ errcode: 48001, errmsg: "api unauthorized" }]);
    const response = await api.fetch(info);
    expect([response.status, response.bodyUsed]).toEqual([200, false]);
    await expect(response.json()).resolves.toEqual({ errcode: 48001, errmsg: "api unauthorized" });
  });

  test("returns the refusal if a dead token cannot be replaced", async () => {
    const { api } = fixture(
      [dead],
      {},
      { onReject: () => Promise.reject(new CredentialUnavailableError("none")) },
    );
    await expect(api.fetch(info).then((response) => response.json())).resolves.toEqual(dead);
  });

  test("replaces the global fetch, even when it is detached from its object", async () => {
    const { api } = fixture([ok]);
    const fetch: typeof globalThis.fetch = api.fetch;
    await expect(fetch(info).then((response) => response.json())).resolves.toEqual(ok);
  });

  test("keeps the encoding of the caller's query", async () => {
    const { api, fetch } = fixture([ok]);
    await api.fetch(new URL(`${info}?a=%20b&c=d+e&%E4%BB%A4`));
    expect(fetch.sent[0]?.url.search).toBe(`?a=%20b&c=d+e&%E4%BB%A4&access_token=${tokenOf(1)}`);
  });

  test.each([
    "https://evil.example/cgi-bin/user/info",
    "https://api.weixin.qq.com.evil.example/cgi-bin/user/info",
    "https://api.weixin.qq.com:8443/cgi-bin/user/info",
    "http://api.weixin.qq.com/cgi-bin/user/info",
    "https://api.weixin.qq.com@evil.example/cgi-bin/user/info",
    "https://user@api.weixin.qq.com/cgi-bin/user/info",
    "https://evil.example/?u=https://api.weixin.qq.com/",
  ])("never sends a token to %s", async (url) => {
    const { api, fetch, credential } = fixture([dead]);
    await api.fetch(url).catch(() => undefined);
    await api.fetch(new URL(url)).catch(() => undefined);
    expect(fetch.sent.filter((sent) => sent.url.href.includes("token"))).toEqual([]);
    expect(credential.calls).toEqual([]);
  });

  test.each([
    "https://api.weixin.qq.com/sns/userinfo?access_token=users-own&openid=o",
    "https://api.weixin.qq.com/sns/jscode2session?appid=a&secret=s",
    "https://api.weixin.qq.com/cgi-bin/user/info?access_token=mine",
    "https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential",
    "https://api.weixin.qq.com/cgi-bin/stable_token",
    "https://api.weixin.qq.com/cgi-bin/component/api_component_token",
    "https://api.weixin.qq.com/cgi-bin/wxopen/x?component_access_token=c",
  ])("does not change %s", async (url) => {
    const { api, fetch, credential } = fixture([dead]);
    await api.fetch(url);
    expect(fetch.sent.map((sent) => sent.url.href)).toEqual([url]);
    expect(credential.calls).toEqual([]);
  });

  test("serves another base URL, and no path outside it", async () => {
    const { api, fetch } = fixture([ok], { baseUrl: "https://gateway.example/wechat" });
    for (const url of [
      "https://gateway.example/wechat/cgi-bin/a",
      "https://gateway.example/wechat-other/a",
      "https://gateway.example/",
    ])
      await api.fetch(url);
    expect(tokensOf(fetch.sent)).toEqual([tokenOf(1), null, null]);
  });

  test("does not follow a redirect with a token, even if the caller asks for it", async () => {
    const { api, fetch } = fixture([ok]);
    await api.fetch(info);
    await api.fetch(info, { redirect: "follow" });
    await api.fetch(new Request(info));
    await api.fetch(info, { redirect: "manual" });
    expect(fetch.sent.map(({ init }) => init.redirect)).toEqual([
      "error",
      "error",
      "error",
      "manual",
    ]);
  });

  test("fails as the global fetch does, and shows no token", async () => {
    const plain = networkError("ECONNRESET");
    await expect(fixture([plain]).api.fetch(info)).rejects.toBe(plain);
    const quoting = networkError("ECONNRESET", `GET ${info}?access_token=${tokenOf(1)}`);
    const error = await fixture([quoting])
      .api.fetch(info)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: "TypeError",
      message: "fetch failed",
      cause: { code: "ECONNRESET" },
    });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("live-token");
  });

  test("ends with the caller's signal, in flight and while the token is being replaced", async () => {
    const abort = new AbortController();
    const inFlight = fixture([silence]);
    const first = expect(inFlight.api.fetch(info, { signal: abort.signal })).rejects.toThrow(
      "enough",
    );
    await inFlight.clock.settle();
    abort.abort(new Error("enough"));
    await first;
    const late = new AbortController();
    const onReject = (): never => {
      late.abort(new Error("too late"));
      throw late.signal.reason;
    };
    const replacing = fixture([dead], {}, { onReject });
    await expect(replacing.api.fetch(info, { signal: late.signal })).rejects.toThrow("too late");
  });

  test("shows the token in no refusal, whatever the platform echoes", async () => {
    const { api } = fixture([{ errcode: 47001, errmsg: `bad ${tokenOf(1)}\r\n\u001b[31m` }]);
    const error: unknown = await api
      .request("/a?x=secret-query")
      .catch((caught: unknown) => caught);
    const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error);
    expect(shown).not.toContain("live-token");
    expect(shown).not.toContain("secret-query");
    expect(error).toMatchObject({ errmsg: "bad [redacted] [31m" });
  });
});
