import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { createSimulator } from "@lingpai/wechat-simulator";
import { expect, test } from "vitest";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import { wechat } from "./wechat.ts";
import type { Wechat } from "./wechat.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";

function clientOf(fetch: typeof globalThis.fetch): Wechat {
  const clock = manualClock();
  const store = memoryStore({ clock });
  return wechat({
    appId,
    secret,
    environment: "prod",
    cache: memoryCache(store),
    lock: memoryLock(store),
    clock,
    fetch,
  });
}

test("a login exchanges its code once for the user's session, and costs no access token", async () => {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(1),
    accounts: [{ appId, secret }],
  });
  const client = clientOf(simulator.fetch);
  const code = simulator.users.code(appId, "o1");
  await expect(client.jscode2session(code)).resolves.toEqual({
    openId: "o1",
    unionId: "union-o1",
    sessionKey: expect.stringMatching(/^[\w+/]{22}==$/),
  });
  await expect(client.jscode2session(code)).rejects.toMatchObject({
    code: "PLATFORM_REFUSED",
    errcode: 40163,
  });
  await expect(client.jscode2session("unknown")).rejects.toMatchObject({ errcode: 40029 });
  const late = simulator.users.code(appId, "o1");
  await clock.advance(300_000);
  await expect(client.jscode2session(late)).rejects.toMatchObject({ errcode: 40029 });
  expect(simulator.log.fetches(appId, "/cgi-bin/stable_token")).toEqual([]);
  await client.close();
});

test("a login sends the documented request, and shows neither secret nor code if the platform echoes them", async () => {
  const fetch = scriptedFetch(
    { openid: "o1", session_key: "a2V5", errcode: 0 },
    { errcode: 40029, errmsg: `bad ${secret} the-code` },
  );
  const client = clientOf(fetch);
  await expect(client.jscode2session("the-code")).resolves.toEqual({
    openId: "o1",
    unionId: undefined,
    sessionKey: "a2V5",
  });
  const { origin, pathname, searchParams } = new URL(fetch.sent[0]?.url ?? "");
  expect([`${origin}${pathname}`, Object.fromEntries(searchParams)]).toEqual([
    "https://api.weixin.qq.com/sns/jscode2session",
    { appid: appId, secret, js_code: "the-code", grant_type: "authorization_code" },
  ]);
  await expect(client.jscode2session("the-code")).rejects.toThrow(/bad \[redacted\] \[redacted\]/);
  await client.close();
});
