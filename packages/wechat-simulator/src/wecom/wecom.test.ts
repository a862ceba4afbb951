import { manualClock, seededRandom, type ManualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import type { Platform } from "../platform/platform.ts";
import { createPlatform } from "../platform/platform.ts";
import type { CorpOptions } from "./wecom.ts";
import { bodyOf, errorOf, hourMs, minuteMs } from "../world.fixture.ts";

const corpId = "ww0123456789abcdef";
const contacts = { corpId, secret: "contacts-secret" };
const crm = { corpId, secret: "crm-secret" };

interface World {
  readonly clock: ManualClock;
  readonly platform: Platform;
  token(app: typeof crm): string;
  call(accessToken: string): string;
}

function world(options: Partial<CorpOptions> = {}): World {
  const clock = manualClock();
  const apps = [
    { agentId: "1000001", secret: contacts.secret },
    { agentId: "1000002", secret: crm.secret },
  ];
  const platform = createPlatform({
    clock,
    random: seededRandom(1),
    overlapMs: 0,
    corps: [{ corpId, apps, ...options }],
  });
  return {
    clock,
    platform,
    token: (app) => bodyOf(platform.wecom.issue(app)).access_token,
    call: (accessToken) =>
      errorOf(platform.calls.call({ endpoint: "/cgi-bin/message/send", accessToken })),
  };
}

describe("an app's token", () => {
  test("is the same until it expires, always with expires_in 7200, and supersedes nothing", async () => {
    const { platform, clock, token, call } = world();
    const first = token(crm);
    await clock.advance(2 * hourMs - 1);
    expect(platform.wecom.issue(crm).body).toEqual({
      errcode: 0,
      errmsg: "ok",
      access_token: first,
      expires_in: 7200,
    });
    expect(call(first)).toBe("ok");
    await clock.advance(1);
    expect(call(first)).toMatch(
      /^42001 access_token expired, hint: \[\d+_[0-9a-f]{8}\], from ip: 127\.0\.0\.1, more info at https:\/\/open\.work\.weixin\.qq\.com\/devtool\/query\?e=42001$/,
    );
    expect(token(crm)).not.toBe(first);
    expect(platform.log.issues(`${corpId}/1000002`)).toHaveLength(2);
    expect(platform.log.fetches(`${corpId}/1000002`)).toHaveLength(3);
  });

  test("differs for each secret", () => {
    const { token, call } = world();
    expect(token(contacts)).not.toBe(token(crm));
    expect([call(token(contacts)), call(token(crm))]).toEqual(["ok", "ok"]);
  });

  test("that WeCom revoked early is refused with 40014", () => {
    const { platform, token, call } = world();
    const first = token(crm);
    platform.operator.revoke(`${corpId}/1000002`);
    expect(call(first)).toMatch(/^40014 invalid access_token/);
    expect(call(token(crm))).toBe("ok");
  });

  test.each([
    [{ corpId: "", secret: "x" }, "41002"],
    [{ corpId, secret: "" }, "41004"],
    [{ corpId: "wwnobody", secret: "x" }, "40013"],
    [{ corpId, secret: "wrong" }, "40001"],
    [{ ...crm, ip: "1.2.3.4" }, "60020"],
  ])("is refused for %j with %s", (request, code) => {
    const { platform } = world({ allowIps: ["127.0.0.1"] });
    expect(errorOf(platform.wecom.issue(request)).slice(0, 5)).toBe(code);
  });

  test("is refused for a wrong secret with 40091 if so configured", () => {
    const { platform } = world({ wrongSecretCode: 40091 });
    expect(errorOf(platform.wecom.issue({ corpId, secret: "wrong" }))).toMatch(/^40091 /);
  });

  test.each([60_000, 3_600_000] as const)(
    "that is fetched too often is refused with 45009 for %i ms, for that app only",
    async (blockMs) => {
      const { platform, clock, token } = world({ throttle: { perMinute: 2, blockMs } });
      token(crm);
      token(crm);
      expect(errorOf(platform.wecom.issue(crm))).toMatch(/^45009 api freq out of limit/);
      expect(errorOf(platform.wecom.issue(contacts))).toBe("ok");
      await clock.advance(blockMs - 1);
      expect(errorOf(platform.wecom.issue(crm))).toMatch(/^45009/);
      await clock.advance(1);
      expect(errorOf(platform.wecom.issue(crm))).toBe("ok");
    },
  );
});

describe("a ticket", () => {
  test("belongs to the corp for jsapi and to the app for agent_config, and is the same until it expires", async () => {
    const { platform, clock, token } = world();
    const jsapi = (accessToken: string): string =>
      bodyOf(platform.wecom.jsapiTicket({ accessToken })).ticket;
    const agent = (accessToken: string): string =>
      bodyOf(platform.wecom.agentTicket({ accessToken, type: "agent_config" })).ticket;
    const first = jsapi(token(crm));
    expect(jsapi(token(contacts))).toBe(first);
    expect(agent(token(crm))).toBe(agent(token(crm)));
    expect(agent(token(crm))).not.toBe(agent(token(contacts)));
    expect(agent(token(crm))).not.toBe(first);
    await clock.advance(2 * hourMs);
    expect(jsapi(token(crm))).not.toBe(first);
  });

  test("needs a live token and a type that exists", () => {
    const { platform, token } = world();
    expect(errorOf(platform.wecom.jsapiTicket({ accessToken: "wrong" }))).toMatch(/^40014 /);
    expect(errorOf(platform.wecom.agentTicket({ accessToken: token(crm), type: "other" }))).toMatch(
      /^40097 /,
    );
  });

  test("is given out at most 100 times an hour to an app", async () => {
    const { platform, clock, token } = world();
    const ask = (app: typeof crm): string =>
      errorOf(platform.wecom.jsapiTicket({ accessToken: token(app) }));
    for (let request = 0; request < 100; request += 1) expect(ask(crm)).toBe("ok");
    expect(ask(crm)).toMatch(/^45009 /);
    expect(ask(contacts)).toBe("ok");
    expect(
      errorOf(platform.wecom.agentTicket({ accessToken: token(crm), type: "agent_config" })),
    ).toBe("ok");
    await clock.advance(hourMs);
    expect(ask(crm)).toBe("ok");
  });

  test("is given out at most 400 times an hour to a corp", () => {
    const apps = Array.from({ length: 5 }, (_, index) => ({
      agentId: String(index),
      secret: `secret-${index}`,
    }));
    const { platform, token } = world({ apps });
    const outcomes = apps.flatMap(({ secret }) => {
      const accessToken = token({ corpId, secret });
      return Array.from({ length: 90 }, () => platform.wecom.jsapiTicket({ accessToken }).ok);
    });
    expect(outcomes.filter(Boolean)).toHaveLength(400);
    expect(outcomes.indexOf(false)).toBe(400);
  });
});

test("an official account and a corp in one simulator do not affect each other", async () => {
  const clock = manualClock();
  const account = { appId: "wx1", secret: "s1" };
  const corps = [{ corpId, apps: [{ agentId: "1", secret: "s" }] }];
  const platform = createPlatform({
    clock,
    random: seededRandom(1),
    overlapMs: 0,
    accounts: [account],
    corps,
  });
  const accessToken = bodyOf(platform.wecom.issue({ corpId, secret: "s" })).access_token;
  platform.official.issuePlain(account);
  platform.operator.kill("wx1");
  await clock.advance(minuteMs);
  expect(errorOf(platform.calls.call({ endpoint: "/cgi-bin/getcallbackip", accessToken }))).toBe(
    "ok",
  );
});
