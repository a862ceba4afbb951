/** Business calls when the platform, the network or the caller fails. */
import { manualClock, seededRandom } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { createApi, tokenlessApi } from "./api.ts";
import type { Api, ApiOptions } from "./api.ts";
import { fakeCredential, tokenOf } from "./fake-credential.fixture.ts";
import { networkError, scriptedFetch, silence } from "../transport/scripted-fetch.fixture.ts";
import type { Scripted, ScriptedFetch } from "../transport/scripted-fetch.fixture.ts";

const ok = { errcode: 0, errmsg: "ok" };
const busy = { errcode: -1, errmsg: "system error" };

function fixture(
  answers: Scripted[],
  options: ApiOptions = {},
): { api: Api; fetch: ScriptedFetch; clock: ManualClock } {
  const [fetch, clock] = [scriptedFetch(...answers), manualClock()];
  return {
    api: createApi(fakeCredential(), { fetch, clock, random: seededRandom(1), ...options }),
    fetch,
    clock,
  };
}

/** Returns whether and how the call has ended after this much time. */
async function after(clock: ManualClock, ms: number, call: Promise<unknown>): Promise<unknown> {
  let ending: unknown = "pending";
  void call.then(
    (value) => (ending = value),
    (error: unknown) => (ending = error),
  );
  await clock.advance(ms);
  return ending;
}

describe("a call without an answer", () => {
  test("ends after 30 s", async () => {
    const { api, clock } = fixture([silence]);
    const call = api.request("/cgi-bin/user/info");
    expect(await after(clock, 29_999, call)).toBe("pending");
    expect(await after(clock, 1, call)).toMatchObject({
      code: "CALL_TIMEOUT",
      retryable: true,
      timeoutMs: 30_000,
    });
    expect(clock.pendingTimers).toBe(0);
  });

  test("ends after 30 s for fetch too, even if fetch ignores the signal", async () => {
    const { api, clock } = fixture([() => new Promise(() => undefined)]);
    expect(await after(clock, 30_000, api.fetch("https://api.weixin.qq.com/a"))).toMatchObject({
      code: "CALL_TIMEOUT",
    });
  });

  test("has 300 s for an upload, and otherwise as long as its caller says", async () => {
    const form = new FormData();
    form.set("media", new Blob(["x"]));
    const { api, clock } = fixture([silence]);
    expect(await after(clock, 299_999, api.request("/a", { body: form }))).toBe("pending");
    await clock.advance(1);
    expect(
      await after(clock, 300_000, api.request("/a", { body: "x".repeat(300_000) })),
    ).toMatchObject({ timeoutMs: 300_000 });
    expect(await after(clock, 50, api.request("/a", { body: form, timeoutMs: 50 }))).toMatchObject({
      timeoutMs: 50,
    });
    const slow = fixture([silence], { timeoutMs: 60_000, uploadTimeoutMs: 5 });
    expect(await after(slow.clock, 5, slow.api.request("/a", { body: form }))).toMatchObject({
      timeoutMs: 5,
    });
    expect(await after(slow.clock, 30_000, slow.api.request("/a"))).toBe("pending");
  });

  test("ends too if the answer has begun and then stops", async () => {
    const begun = (): Response =>
      new Response(
        new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{"a":')) }),
      );
    const { api, clock } = fixture([begun]);
    expect(await after(clock, 30_000, api.request("/a"))).toMatchObject({ code: "CALL_TIMEOUT" });
    const long = fixture([
      () =>
        new Response(
          new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(70_000).fill(0x7b)) }),
        ),
    ]);
    expect(await after(long.clock, 30_000, long.api.request("/a"))).toMatchObject({
      code: "CALL_TIMEOUT",
    });
  });

  test("leaves the time for reading a download to the caller", async () => {
    let send: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (send = controller).enqueue(Uint8Array.of(0xff, 0xd8)),
    });
    const { api, clock } = fixture([() => new Response(body)]);
    const response = await api.fetch("https://api.weixin.qq.com/cgi-bin/media/get");
    await clock.advance(3_600_000);
    send?.close();
    expect((await response.arrayBuffer()).byteLength).toBe(2);
  });
});

describe("a platform that is busy", () => {
  test("is sent a POST once, because it processed each", async () => {
    const { api, fetch, clock } = fixture([busy]);
    expect(
      await after(clock, 60_000, api.request("/cgi-bin/message/custom/send", { json: {} })),
    ).toMatchObject({
      errcode: -1,
      action: "retry",
      retryable: true,
    });
    expect(
      await after(
        clock,
        60_000,
        api.fetch("https://api.weixin.qq.com/a", { method: "POST", body: "{}" }),
      ),
    ).toMatchObject({
      status: 200,
    });
    expect(fetch.sent).toHaveLength(2);
  });

  test("is sent a POST again if the caller marks it as harmless", async () => {
    const { api, fetch, clock } = fixture([busy, busy, ok]);
    expect(
      await after(
        clock,
        60_000,
        api.request("/cgi-bin/tags/update", { json: {}, idempotent: true }),
      ),
    ).toEqual(ok);
    expect(fetch.sent).toHaveLength(3);
    expect(fetch.sent[0]?.init).not.toHaveProperty("idempotent");
  });

  test("is sent a GET again, unless the caller forbids it", async () => {
    const { api, fetch, clock } = fixture([busy]);
    await after(clock, 60_000, api.request("/cgi-bin/user/info"));
    await after(clock, 60_000, api.request("/cgi-bin/user/info", { idempotent: false }));
    expect(fetch.sent).toHaveLength(4 + 1);
  });
});

describe("a URL with an invalid text in the token's place", () => {
  test.each([
    "",
    "ACCESS_TOKEN",
    "${token}",
    "{access_token}",
    "undefined",
    "null",
    "[object Object]",
    "TOKEN",
  ])("%j is refused with a sentence, and nothing is sent", async (value) => {
    const { api, fetch } = fixture([ok]);
    const url = `https://api.weixin.qq.com/cgi-bin/user/info?access_token=${encodeURIComponent(value)}`;
    const refused = {
      code: "CONFIGURATION",
      rule: "token-parameter",
      message: expect.stringMatching(/Leave the parameter out/),
    };
    await expect(api.fetch(url)).rejects.toMatchObject(refused);
    await expect(
      api.request(`/cgi-bin/user/info?access_token=${encodeURIComponent(value)}`),
    ).rejects.toMatchObject(refused);
    expect(fetch.sent).toEqual([]);
  });
});

describe("the platform's other hosts", () => {
  const others = [
    "api2.weixin.qq.com",
    "sh.api.weixin.qq.com",
    "sz.api.weixin.qq.com",
    "hk.api.weixin.qq.com",
  ];

  test.each(others)("receive the token as the main host does: %s", async (host) => {
    const { api, fetch } = fixture([ok]);
    await api.fetch(`https://${host}/cgi-bin/user/info`);
    expect(fetch.sent[0]?.url.href).toBe(
      `https://${host}/cgi-bin/user/info?access_token=${tokenOf(1)}`,
    );
  });

  test.each(["https://sh.api.weixin.qq.com", "https://api.weixin.qq.com"])(
    "are refused as destinations where a gateway's client would have called %s without a token",
    async (origin) => {
      const { api, fetch } = fixture([ok], { baseUrl: "https://gateway.example/wechat" });
      const refused = {
        code: "CONFIGURATION",
        rule: "destination",
        message: expect.stringMatching(/gateway\.example/),
      };
      await expect(api.fetch(`${origin}/cgi-bin/user/info`)).rejects.toMatchObject(refused);
      await expect(api.fetch(`${origin}/sns/jscode2session`)).resolves.toMatchObject({
        status: 200,
      });
      expect(fetch.sent).toHaveLength(1);
    },
  );

  test("are refused over http:", async () => {
    const { api, fetch } = fixture([ok]);
    await expect(api.fetch("http://api.weixin.qq.com/cgi-bin/user/info")).rejects.toThrow(
      /unencrypted/,
    );
    expect(fetch.sent).toEqual([]);
  });

  test("are tried in turn if nothing was sent to the host before, and the one that answered is kept for five minutes", async () => {
    const unreachable = networkError("ECONNREFUSED");
    const { api, fetch, clock } = fixture([unreachable, unreachable, ok], {
      fallbackBaseUrls: true,
    });
    await expect(api.request("/cgi-bin/user/info")).resolves.toEqual(ok);
    await api.request("/a");
    await clock.advance(300_000);
    await api.request("/a");
    expect(fetch.sent.map(({ url }) => url.host)).toEqual([
      "api.weixin.qq.com",
      others[0],
      others[1],
      others[1],
      "api.weixin.qq.com",
    ]);
    expect(fetch.sent.every(({ url }) => url.searchParams.get("access_token") === tokenOf(1))).toBe(
      true,
    );
  });

  test("are not tried if the call may have been sent", async () => {
    const { api, fetch } = fixture([networkError("ECONNRESET")], {
      fallbackBaseUrls: ["https://gateway.example/b"],
    });
    await expect(api.request("/a", { json: {} })).rejects.toThrow("fetch failed");
    expect(fetch.sent).toHaveLength(1);
  });

  test("are tried once each if none can be reached", async () => {
    const { api, fetch } = fixture([networkError("ENOTFOUND")], { fallbackBaseUrls: true });
    await expect(api.request("/a")).rejects.toThrow("fetch failed");
    expect(fetch.sent).toHaveLength(5);
  });

  test("must belong to the same platform", () => {
    expect(() =>
      createApi(fakeCredential(), { fallbackBaseUrls: ["https://qyapi.weixin.qq.com"] }),
    ).toThrow(/not of the platform/);
  });
});

describe("a client without a token, in cloud hosting", () => {
  test("calls the platform's plain origin, adds nothing, and reads answers as any client does", async () => {
    const fetch = scriptedFetch(ok, { errcode: 48001, errmsg: "api unauthorized" });
    const api = tokenlessApi({ token: "none", fetch, clock: manualClock() });
    await expect(api.request("/wxa/msg_sec_check", { json: { content: "a" } })).resolves.toEqual(
      ok,
    );
    await expect(api.request("/cgi-bin/menu/get")).rejects.toMatchObject({
      errcode: 48001,
      action: "pass",
    });
    await api.fetch("http://api.weixin.qq.com/cgi-bin/menu/get", { idempotent: true });
    expect(fetch.sent.map(({ url }) => url.href)).toEqual([
      "http://api.weixin.qq.com/wxa/msg_sec_check",
      "http://api.weixin.qq.com/cgi-bin/menu/get",
      "http://api.weixin.qq.com/cgi-bin/menu/get",
    ]);
  });

  test("ends its calls at the time limit too, and cannot send a secret unencrypted", async () => {
    const clock = manualClock();
    const api = tokenlessApi({ token: "none", fetch: scriptedFetch(silence), clock });
    expect(await after(clock, 30_000, api.request("/a"))).toMatchObject({ code: "CALL_TIMEOUT" });
    expect(() => tokenlessApi({ token: "none", baseUrl: "http://gateway.example" })).toThrow(
      /not https:/,
    );
    expect(() => createApi(fakeCredential(), { baseUrl: "http://api.weixin.qq.com" })).toThrow(
      /not https:/,
    );
  });
});
