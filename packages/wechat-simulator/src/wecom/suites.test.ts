import { manualClock, seededRandom, type ManualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import type { Platform } from "../platform/platform.ts";
import { createPlatform } from "../platform/platform.ts";
import { bodyOf, errorOf, hourMs, messageKeys, minuteMs, ticketIn } from "../world.fixture.ts";

const suite = { suiteId: "wwsuite", secret: "suite-secret" };
const provider = { corpId: "wwprovider", secret: "provider-secret" };
const corpId = "wwcustomer";

function world(): { readonly clock: ManualClock; readonly platform: Platform } {
  const clock = manualClock();
  return {
    clock,
    platform: createPlatform({
      clock,
      random: seededRandom(1),
      suites: [{ ...suite, ...messageKeys }],
      provider,
    }),
  };
}

function suiteTokenOf({ suites }: Platform): string {
  return bodyOf(suites.issue({ ...suite, ticket: ticketIn(suites.pushTicket(suite.suiteId)) }))
    .suite_access_token;
}

test("a suite ticket is encrypted for its suite, and is valid for 30 minutes even after the next push", async () => {
  const { platform, clock } = world();
  const push = platform.suites.pushTicket(suite.suiteId);
  expect(push).toMatchObject({ appId: suite.suiteId, infoType: "suite_ticket" });
  expect(push.body).toMatch(/^<xml><ToUserName><!\[CDATA\[wwsuite\]\]><\/ToUserName><Encrypt>/);
  const ticket = ticketIn(push);
  platform.suites.pushTicket(suite.suiteId);
  await clock.advance(30 * minuteMs - 1);
  expect(errorOf(platform.suites.issue({ ...suite, ticket }))).toBe("ok");
  await clock.advance(1);
  expect(errorOf(platform.suites.issue({ ...suite, ticket }))).toMatch(
    /^40085 invalid suite_ticket/,
  );
});

test("a suite token is the same until it expires, and needs the right suite, secret and ticket", () => {
  const { platform } = world();
  expect(suiteTokenOf(platform)).toBe(suiteTokenOf(platform));
  const errors = [
    { ...suite, suiteId: "wwnobody", ticket: "x" },
    { ...suite, secret: "wrong", ticket: "x" },
    { ...suite, ticket: "wrong" },
  ].map((request) => errorOf(platform.suites.issue(request)).slice(0, 5));
  expect(errors).toEqual(["40083", "40080", "40085"]);
});

test("a corp's token is obtained with the suite token and the permanent code, and is accepted for that corp", () => {
  const { platform } = world();
  const permanentCode = platform.suites.install(suite.suiteId, corpId);
  const request = { suiteAccessToken: suiteTokenOf(platform), corpId, permanentCode };
  const { access_token: accessToken } = bodyOf(platform.suites.corpToken(request));
  expect(bodyOf(platform.suites.corpToken(request)).access_token).toBe(accessToken);
  expect(errorOf(platform.calls.call({ endpoint: "/cgi-bin/message/send", accessToken }))).toBe(
    "ok",
  );
  expect(errorOf(platform.wecom.agentTicket({ accessToken, type: "agent_config" }))).toBe("ok");
  expect(errorOf(platform.suites.corpToken({ ...request, permanentCode: "wrong" }))).toMatch(
    /^40084 /,
  );
  expect(errorOf(platform.suites.corpToken({ ...request, corpId: "wwnobody" }))).toMatch(/^40013 /);
  expect(
    platform.log.issues(`${corpId}/${suite.suiteId}`, "/cgi-bin/service/get_corp_token"),
  ).toHaveLength(1);
});

test("installing again gives a new permanent code and invalidates the old one", () => {
  const { platform } = world();
  const old = platform.suites.install(suite.suiteId, corpId);
  const permanentCode = platform.suites.install(suite.suiteId, corpId);
  const suiteAccessToken = suiteTokenOf(platform);
  expect(
    errorOf(platform.suites.corpToken({ suiteAccessToken, corpId, permanentCode: old })),
  ).toMatch(/^40084 /);
  expect(errorOf(platform.suites.corpToken({ suiteAccessToken, corpId, permanentCode }))).toBe(
    "ok",
  );
});

test("an expired suite token is refused with 42009, and an unknown one with 40082", async () => {
  const { platform, clock } = world();
  const permanentCode = platform.suites.install(suite.suiteId, corpId);
  const ask = (suiteAccessToken: string): string =>
    errorOf(platform.suites.corpToken({ suiteAccessToken, corpId, permanentCode })).slice(0, 5);
  const expired = suiteTokenOf(platform);
  await clock.advance(2 * hourMs);
  const revoked = suiteTokenOf(platform);
  platform.operator.revoke(suite.suiteId);
  expect([expired, revoked, "wrong"].map(ask)).toEqual(["42009", "40082", "40082"]);
});

test("the provider's token is the same until it expires, and needs the provider's corp and secret", () => {
  const { platform } = world();
  const first = bodyOf(platform.suites.providerToken(provider));
  expect(first).toEqual({ provider_access_token: expect.any(String), expires_in: 7200 });
  expect(bodyOf(platform.suites.providerToken(provider))).toEqual(first);
  expect(errorOf(platform.suites.providerToken({ ...provider, corpId: "wwnobody" }))).toMatch(
    /^40013 invalid corpid/,
  );
  expect(errorOf(platform.suites.providerToken({ ...provider, secret: "wrong" }))).toMatch(
    /^40091 /,
  );
});

test("a suite that the simulator does not know is rejected by name", () => {
  expect(() => world().platform.suites.pushTicket("wwnobody")).toThrow(/no suite wwnobody/);
});
