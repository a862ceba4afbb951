import type { Rejection } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { createApi } from "./api.ts";
import { fakeCredential, tokenOf } from "./fake-credential.fixture.ts";
import { scriptedFetch, type Scripted } from "../transport/scripted-fetch.fixture.ts";

const dead = { errcode: 40001, errmsg: "invalid credential" };
const ok = { errcode: 0, errmsg: "ok", total: 3 };
const path = "/cgi-bin/user/info";

/** A client whose every token is refused, and the tokens that it has sent. */
function client(
  answers: readonly Scripted[],
  wasReplaced: boolean,
): { ask: () => Promise<unknown>; sent: () => (string | null)[] } {
  const fetch = scriptedFetch(...answers);
  const onReject = (replace: () => Rejection): Rejection =>
    ({ ...replace(), wasReplaced }) as Rejection;
  const api = createApi(fakeCredential({ onReject }), { fetch, clock: manualClock() });
  return {
    ask: () => api.request(path),
    sent: () => fetch.sent.map(({ url }) => url.searchParams.get("access_token")),
  };
}

describe("a call that is refused a second time", () => {
  test("is sent a third time if the fleet itself had replaced the token by then, and its caller sees no error", async () => {
    const { ask, sent } = client([dead, dead, ok], true);
    await expect(ask()).resolves.toEqual(ok);
    expect(sent()).toEqual([tokenOf(1), tokenOf(2), tokenOf(3)]);
  });

  test("is not sent again if its token was replaced only because of it", async () => {
    const { ask, sent } = client([dead, dead, ok], false);
    await expect(ask()).rejects.toMatchObject({ errcode: 40001 });
    expect(sent()).toEqual([tokenOf(1), tokenOf(2)]);
  });

  test("is never sent a fourth time, however often the fleet replaces the token", async () => {
    const { ask, sent } = client([dead, dead, dead, ok], true);
    await expect(ask()).rejects.toMatchObject({ errcode: 40001 });
    expect(sent()).toHaveLength(3);
  });
});

describe("an answer that nobody will read", () => {
  const half = (ended: string[], text: string): Response =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
        cancel: () => void ended.push(text),
      }),
    );

  test.each([
    ["busy", { errcode: -1, errmsg: "system error" }],
    ["refused", dead],
  ])("because it was %s frees its connection", async (_title, answer) => {
    const [clock, ended] = [manualClock(), [] as string[]];
    const text = JSON.stringify(answer).padEnd(70_000);
    const fetch = scriptedFetch(() => {
      const response = half(ended, text.trimEnd());
      // The refusal has ended, but the body has not: its reader must cancel it.
      return Object.assign(response, { clone: () => new Response(text.trimEnd()) });
    }, ok);
    const api = createApi(fakeCredential(), { fetch, clock });
    const asking = api.request(path);
    await clock.advance(10_000);
    await expect(asking).resolves.toEqual(ok);
    expect(ended).toEqual([text.trimEnd()]);
  });
});

describe("a client", () => {
  test("shows the caller's own URL in the answer, and names the call that had no answer", async () => {
    const clock = manualClock();
    const api = createApi(fakeCredential(), { fetch: scriptedFetch(ok), clock });
    const answer = await api.fetch(`https://api.weixin.qq.com${path}?openid=o`);
    expect(answer.url).toBe(`https://api.weixin.qq.com${path}?openid=o`);
    const silent = createApi(fakeCredential(), {
      fetch: () => new Promise(() => {}),
      clock,
    });
    const asking = silent.request(path).catch(String);
    await clock.advance(30_000);
    expect(await asking).toContain(`GET ${path} had no answer within 30000 ms`);
  });

  test("passes on the reason why a token could not be replaced, and none if there is none", async () => {
    const cause = new Error("no store");
    const failing = createApi(
      fakeCredential({
        onReject: () => {
          throw cause;
        },
      }),
      { fetch: scriptedFetch(dead), clock: manualClock() },
    );
    await expect(failing.request(path)).rejects.toMatchObject({ errcode: 40001, cause });
    const kept = createApi(fakeCredential({ onReject: () => ({ replaced: false }) }), {
      fetch: scriptedFetch(dead),
      clock: manualClock(),
    });
    const error: unknown = await kept.request(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ errcode: 40001 });
    expect(Object.hasOwn(error as object, "cause")).toBe(false);
  });

  test("says which client was closed", async () => {
    const clock = manualClock();
    const busy = { errcode: -1, errmsg: "system error" };
    const api = createApi(fakeCredential(), { fetch: scriptedFetch(busy), clock });
    const asking = api.request(path).catch(String);
    await clock.advance(1);
    api.close();
    expect(await asking).toContain("The WeChat client");
  });
});
