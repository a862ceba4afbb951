/** A credential carries its origin. Its calls go nowhere else. */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { credential } from "@lingpai/core";
import type { Credential, Issuer } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { createApi } from "./api.ts";
import { componentToken } from "../open-platform/component-token.ts";
import { fakeCredential } from "./fake-credential.fixture.ts";
import { plainToken } from "../tokens/plain-token.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import { stableToken } from "../tokens/stable-token.ts";
import { providerToken, suiteToken } from "../wecom/suite-token.ts";
import { ticket, wecomTicket } from "../tickets/ticket.ts";
import { wecomToken } from "../wecom/wecom-token.ts";

const [appId, corpId] = ["wx0123456789abcdef", "wpO9O5EAAAsbG4iXyzAbCdEfGhIjKl"];
const secret = "0123456789abcdef0123456789abcdef";
const gateway = "https://gateway.example/qyapi";

function held(issuer: Issuer): Credential {
  const clock = manualClock();
  const store = memoryStore({ clock });
  return credential({
    issuer,
    environment: "prod",
    clock,
    cache: memoryCache(store, { clock }),
    lock: memoryLock(store, { clock }),
  });
}

const answer = {
  errcode: 0,
  access_token: "t-of-wecom-0123456789",
  provider_access_token: "p-of-wecom-0123456789",
  expires_in: 7200,
};

test.each<[string, Issuer, string]>([
  ["a plain token", plainToken({ appId, secret }), "wechat"],
  ["a stable token", stableToken({ appId, secret }), "wechat"],
  ["a component's token", componentToken({ componentAppId: appId, secret }), "wechat"],
  ["a ticket", ticket({ appId, type: "jsapi" }), "wechat"],
  ["a WeCom app's token", wecomToken({ corpId, app: "1", secret }), "wecom"],
  ["a suite's token", suiteToken({ suiteId: "ww4asffe99e54c0f4c", secret }), "wecom"],
  ["a provider's token", providerToken({ corpId, secret }), "wecom"],
  ["a WeCom ticket", wecomTicket({ corpId, app: "1", type: "jsapi" }), "wecom"],
])("%s carries its origin", (_what, issuer, platform) => {
  const baseUrl =
    platform === "wecom" ? "https://qyapi.weixin.qq.com" : "https://api.weixin.qq.com";
  expect(held(issuer).origin).toEqual({ platform, baseUrl });
});

describe("a client with a WeCom token", () => {
  test("sends it to WeCom, and to no host of the other platform", async () => {
    const fetch = scriptedFetch(answer);
    const api = createApi(held(wecomToken({ corpId, app: "1", secret, fetch })), { fetch });
    await api.request("/cgi-bin/message/send", { json: {} });
    await api.fetch("https://api.weixin.qq.com/cgi-bin/user/info");
    await api.fetch("https://qyapi.weixin.qq.com/cgi-bin/user/get?userid=u");
    const carrying = fetch.sent.filter(
      ({ url }) => url.searchParams.get("access_token") === answer.access_token,
    );
    expect(carrying.map(({ url }) => url.host)).toEqual([
      "qyapi.weixin.qq.com",
      "qyapi.weixin.qq.com",
    ]);
  });

  test("calls the host from which the token came, even a gateway", async () => {
    const fetch = scriptedFetch(answer);
    const api = createApi(held(wecomToken({ corpId, app: "1", secret, fetch, baseUrl: gateway })), {
      fetch,
    });
    await api.request("/cgi-bin/message/send", { json: {} });
    expect(fetch.sent.map(({ url }) => url.origin + url.pathname)).toEqual([
      `${gateway}/cgi-bin/gettoken`,
      `${gateway}/cgi-bin/message/send`,
    ]);
  });

  test.each(["https://api.weixin.qq.com", "https://sh.api.weixin.qq.com"])(
    "refuses %s as its base URL",
    (baseUrl) => {
      const token = held(wecomToken({ corpId, app: "1", secret }));
      expect(() => createApi(token, { baseUrl })).toThrow(
        expect.objectContaining({ code: "CONFIGURATION", rule: "base-url" }),
      );
      expect(() => wecomToken({ corpId, app: "1", secret, baseUrl })).toThrow(
        /not of the platform/,
      );
    },
  );

  test("classifies codes by WeCom's table", async () => {
    const fetch = scriptedFetch(
      answer,
      { errcode: 45009, errmsg: "api freq out of limit" },
      { errcode: 42007, errmsg: "expired" },
    );
    const api = createApi(held(wecomToken({ corpId, app: "1", secret, fetch })), { fetch });
    await expect(api.request("/a")).rejects.toMatchObject({
      action: "pause",
      retryAfterMs: 60_000,
    });
    await expect(api.request("/a")).rejects.toMatchObject({ action: "pass", retryable: false });
  });

  test("carries a provider's token in the provider's parameter, and only on the provider's paths", async () => {
    const fetch = scriptedFetch(answer);
    const api = createApi(held(providerToken({ corpId, secret, fetch })), { fetch });
    await api.request("/cgi-bin/service/corpid_to_opencorpid", {
      json: { corpid: "ww0123456789abcdef" },
    });
    await api.request("/cgi-bin/service/get_login_info", { json: {} });
    await api.request("/cgi-bin/message/send", { json: {} });
    expect(fetch.sent.slice(1).map(({ url }) => url.search)).toEqual([
      `?provider_access_token=${answer.provider_access_token}`,
      `?access_token=${answer.provider_access_token}`,
      "",
    ]);
  });
});

test("a client with a WeChat token refuses WeCom's host", () => {
  const baseUrl = "https://qyapi.weixin.qq.com";
  expect(() => createApi(fakeCredential(), { baseUrl })).toThrow(/not of the platform/);
  expect(() => stableToken({ appId, secret, baseUrl })).toThrow(/not of the platform/);
});

test("a client with a token of an unknown platform is refused", () => {
  const origin = { platform: "feishu", baseUrl: "https://open.feishu.cn" };
  expect(() => createApi({ ...fakeCredential(), origin })).toThrow(
    expect.objectContaining({ rule: "origin" }),
  );
});
