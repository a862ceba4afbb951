import { manualClock, seededRandom, type ManualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import type { Platform } from "../platform/platform.ts";
import { createPlatform } from "../platform/platform.ts";

const credentials = { appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" };
const { appId } = credentials;

function world(): {
  readonly clock: ManualClock;
  readonly platform: Platform;
  readonly token: string;
} {
  const clock = manualClock();
  const platform = createPlatform({ clock, random: seededRandom(1), accounts: [credentials] });
  const answer = platform.official.issuePlain(credentials);
  return { clock, platform, token: answer.ok ? answer.body.access_token : "" };
}

test.each([
  ["no token", "", 41001, /^access_token missing rid: /],
  ["garbage", "not a token", 40014, /^invalid access_token rid: /],
  [
    "something token-shaped that was never issued",
    "88_" + "x".repeat(132),
    40001,
    /^invalid credential, access_token is invalid or not latest, could get/,
  ],
])("a call with %s is refused", (_title, accessToken, errcode, errmsg) => {
  const { platform } = world();
  const { body } = platform.calls.call({ endpoint: "/cgi-bin/user/info", accessToken });
  expect(body).toMatchObject({ errcode, errmsg: expect.stringMatching(errmsg) });
});

test("a call counts towards its endpoint's daily quota, and quota/get returns the rest", () => {
  const { platform, token } = world();
  platform.operator.setQuota(appId, "/cgi-bin/user/info", { perDay: 2, perMinute: 5 });
  for (let call = 0; call < 2; call += 1)
    platform.calls.call({ endpoint: "/cgi-bin/user/info", accessToken: token });
  const refused = platform.calls.call({ endpoint: "/cgi-bin/user/info", accessToken: token });
  expect(refused.body.errcode).toBe(45009);
  expect(
    platform.calls.quota({ accessToken: token, cgiPath: "/cgi-bin/user/info" }).body,
  ).toMatchObject({
    errcode: 0,
    quota: { daily_limit: 2, used: 2, remain: 0 },
    rate_limit: { call_count: 5, refresh_second: 60 },
  });
  expect(
    platform.calls.quota({ accessToken: token, cgiPath: "/cgi-bin/token" }).body,
  ).toMatchObject({
    quota: { daily_limit: 2000, used: 1 },
  });
  expect(platform.calls.quota({ accessToken: token, cgiPath: "" }).body).toMatchObject({
    errcode: 76021,
  });
});

test("a ticket is the same until it expires, and outlives the token that fetched it", async () => {
  const { platform, clock, token } = world();
  const first = platform.calls.ticket({ accessToken: token, type: "jsapi" });
  await clock.advance(3_600_000);
  platform.operator.kill(appId);
  expect(platform.calls.ticket({ accessToken: token, type: "jsapi" }).body).toMatchObject({
    errcode: 40001,
  });
  const fresh = platform.operator.foreignIssue(appId);
  expect(platform.calls.ticket({ accessToken: fresh, type: "jsapi" })).toEqual(first);
  expect(first.body).toMatchObject({
    errcode: 0,
    errmsg: "ok",
    expires_in: 7200,
    ticket: expect.any(String),
  });
  await clock.advance(3_600_000);
  expect(platform.calls.ticket({ accessToken: fresh, type: "jsapi" }).body).not.toEqual(first.body);
});

test("jsapi and card tickets differ, and every other type is refused", () => {
  const { platform, token } = world();
  const jsapi = platform.calls.ticket({ accessToken: token, type: "jsapi" });
  const card = platform.calls.ticket({ accessToken: token, type: "wx_card" });
  expect(jsapi.body).not.toEqual(card.body);
  expect(platform.calls.ticket({ accessToken: token, type: "other" }).body).toMatchObject({
    errcode: 40097,
  });
});

test("a ticket is refused as an access token", () => {
  const { platform, token } = world();
  const answer = platform.calls.ticket({ accessToken: token, type: "jsapi" });
  const ticket = answer.ok ? answer.body.ticket : "";
  expect(
    platform.calls.call({ endpoint: "/cgi-bin/user/info", accessToken: ticket }).body.errcode,
  ).toBe(40001);
});
