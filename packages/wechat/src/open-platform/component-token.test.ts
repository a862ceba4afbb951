/**
 * How each of the platform's codes ends a request for a component's or a tenant's token, and which
 * answers are accepted.
 */
import { Secret } from "@lingpai/core";
import type { IssueRequest } from "@lingpai/core";
import { describe, expect, test } from "vitest";
import { asSecret } from "../transport/platform-answer.ts";
import { authorizerToken } from "./authorizer-token.ts";
import { componentToken } from "./component-token.ts";
import { componentAppId, secret, tenantAppId } from "./platform-world.fixture.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";

const signal = new AbortController().signal;
const parent = new Secret("the-parents-secret-0123", "fp");
const input = new Secret("refreshtoken@@@sent-0123", "fi");
const request: IssueRequest = {
  signal,
  reason: "cold",
  forced: false,
  current: undefined,
  parent,
  input,
};
const component = (...answers: Parameters<typeof scriptedFetch>) => {
  const fetch = scriptedFetch(...answers);
  return { fetch, issuer: componentToken({ componentAppId, secret, fetch }) };
};
const tenant = (...answers: Parameters<typeof scriptedFetch>) => {
  const fetch = scriptedFetch(...answers);
  return { fetch, issuer: authorizerToken({ componentAppId, appId: tenantAppId, fetch }) };
};

describe("a component token's issuer", () => {
  test("sends the documented request", async () => {
    const { fetch, issuer } = component({ component_access_token: "granted", expires_in: 7200 });
    await expect(issuer.issue(request)).resolves.toEqual({
      secret: asSecret("granted"),
      expiresInMs: 7_200_000,
    });
    expect(issuer).toMatchObject({
      id: `wechat:component:${componentAppId}`,
      policy: { kind: "supersede", overlapMs: 300_000 },
    });
    expect([fetch.sent[0]?.method, fetch.sent[0]?.url.href]).toEqual([
      "POST",
      "https://api.weixin.qq.com/cgi-bin/component/api_component_token",
    ]);
    expect(JSON.parse(fetch.sent[0]?.body ?? "")).toEqual({
      component_appid: componentAppId,
      component_appsecret: secret,
      component_verify_ticket: "the-parents-secret-0123",
    });
  });

  test.each<[number, string]>([
    [-1, "busy"],
    [61005, "parent"],
    [61006, "parent"],
    [61011, "fatal"],
    [41018, "fatal"],
    [40125, "fatal"],
    [40001, "fatal"],
    [61004, "fatal"],
    [40164, "fatal"],
    [45009, "quota"],
    [45011, "busy"],
    [77777, "busy"],
  ])("turns %d into %s", async (errcode, outcome) => {
    await expect(component({ errcode, errmsg: "no" }).issuer.issue(request)).rejects.toMatchObject({
      outcome,
      platformCode: String(errcode),
    });
  });

  test("fetches a rotated secret once more if it is wrong, and sends nothing without a ticket", async () => {
    const secrets = [secret, "0".repeat(32)];
    const fetch = scriptedFetch(
      { errcode: 40125 },
      { component_access_token: "t", expires_in: 7200 },
    );
    await componentToken({ componentAppId, secret: () => secrets.shift() ?? "", fetch }).issue(
      request,
    );
    expect(fetch.sent).toHaveLength(2);
    const alone = component({});
    await expect(alone.issuer.issue({ ...request, parent: undefined })).rejects.toMatchObject({
      outcome: "unsent",
    });
    expect(alone.fetch.sent).toHaveLength(0);
  });
});

describe("a tenant token's issuer", () => {
  const granted = {
    authorizer_access_token: "granted",
    expires_in: 7200,
    authorizer_refresh_token: "refreshtoken@@@next",
  };

  test("sends the documented request, and carries the refresh token to use from now on", async () => {
    const { fetch, issuer } = tenant(granted);
    await expect(issuer.issue(request)).resolves.toEqual({
      secret: asSecret("granted"),
      expiresInMs: 7_200_000,
      nextInput: asSecret("refreshtoken@@@next"),
    });
    expect(issuer).toMatchObject({
      id: `wechat:authorizer:${componentAppId}:${tenantAppId}`,
      policy: { kind: "rotate", overlapMs: 300_000, inputGraceMs: 300_000 },
    });
    expect(fetch.sent[0]?.url.href).toBe(
      "https://api.weixin.qq.com/cgi-bin/component/api_authorizer_token?component_access_token=the-parents-secret-0123",
    );
    expect(JSON.parse(fetch.sent[0]?.body ?? "")).toEqual({
      component_appid: componentAppId,
      authorizer_appid: tenantAppId,
      authorizer_refresh_token: "refreshtoken@@@sent-0123",
    });
  });

  test("keeps the refresh token that it sent if the answer names none", async () => {
    const { authorizer_refresh_token: _none, ...without } = granted;
    await expect(tenant(without).issuer.issue(request)).resolves.toMatchObject({
      nextInput: asSecret("refreshtoken@@@sent-0123"),
    });
  });

  test.each([
    ["an empty refresh token", { ...granted, authorizer_refresh_token: "" }],
    ["a refresh token that is no text", { ...granted, authorizer_refresh_token: 1 }],
    ["a refresh token with a newline", { ...granted, authorizer_refresh_token: "a\n" }],
    ["no access token", { ...granted, authorizer_access_token: undefined }],
    ["no life", { ...granted, expires_in: 0 }],
  ])("reports an unknown outcome for an answer with %s", async (_title, answer) => {
    await expect(tenant(answer).issuer.issue(request)).rejects.toMatchObject({
      outcome: "unknown",
      platformCode: "invalid-answer",
    });
  });

  test.each<[number, string]>([
    [-1, "busy"],
    [40001, "parent"],
    [40014, "parent"],
    [42001, "parent"],
    [42006, "parent"],
    [61023, "input"],
    [61003, "fatal"],
    [42007, "fatal"],
    [42002, "fatal"],
    [61007, "fatal"],
    [48001, "fatal"],
    [61011, "fatal"],
    [61004, "fatal"],
    [45009, "quota"],
    [45011, "busy"],
    [77777, "busy"],
  ])("turns %d into %s, and shows no secret", async (errcode, outcome) => {
    const failed = tenant({
      errcode,
      errmsg: `no ${parent.reveal()} ${input.reveal()}`,
    }).issuer.issue(request);
    await expect(failed).rejects.toMatchObject({
      outcome,
      platformCode: String(errcode),
      message: expect.not.stringMatching(/parents-secret|sent-0123/),
    });
  });

  test("sends nothing without a parent or an input", async () => {
    const { fetch, issuer } = tenant(granted);
    await expect(issuer.issue({ ...request, parent: undefined })).rejects.toMatchObject({
      outcome: "unsent",
    });
    const { input: _input, ...bare } = request;
    await expect(issuer.issue(bare)).rejects.toMatchObject({ outcome: "input" });
    await expect(issuer.recover?.({ signal, parent: undefined })).rejects.toMatchObject({
      outcome: "unsent",
    });
    expect(fetch.sent).toHaveLength(0);
  });
});

describe("looking up a refresh token", () => {
  const info = (token: string | undefined): object => ({
    authorization_info: { authorizer_appid: tenantAppId, authorizer_refresh_token: token },
  });
  const entry = {
    authorizer_appid: tenantAppId,
    refresh_token: "refreshtoken@@@listed",
    auth_time: 1,
  };

  test("sends the documented request", async () => {
    const { fetch, issuer } = tenant(info("refreshtoken@@@told"));
    await expect(issuer.recover?.({ signal, parent })).resolves.toEqual(
      asSecret("refreshtoken@@@told"),
    );
    expect(fetch.sent[0]?.url.pathname).toBe("/cgi-bin/component/api_get_authorizer_info");
    expect(JSON.parse(fetch.sent[0]?.body ?? "")).toEqual({
      component_appid: componentAppId,
      authorizer_appid: tenantAppId,
    });
    expect(fetch.sent).toHaveLength(1);
  });

  test.each([[info("")], [info(undefined)], [{}]])(
    "searches the list of all accounts if the answer is %j",
    async (answer) => {
      const { fetch, issuer } = tenant(answer, { total_count: 1, list: [entry] });
      await expect(issuer.recover?.({ signal, parent })).resolves.toEqual(
        asSecret("refreshtoken@@@listed"),
      );
      expect(fetch.sent[1]?.url.pathname).toBe("/cgi-bin/component/api_get_authorizer_list");
      expect(JSON.parse(fetch.sent[1]?.body ?? "")).toEqual({
        component_appid: componentAppId,
        offset: 0,
        count: 500,
      });
    },
  );

  test.each<[string, object, string]>([
    ["that the account has not authorised", { errcode: 61003 }, "fatal"],
    ["a dead component token", { errcode: 42006 }, "parent"],
    ["an unknown component", { errcode: 61011 }, "fatal"],
    ["a busy platform", { errcode: -1 }, "busy"],
    ["a token that none is", info("a b"), "unknown"],
  ])(
    "that is answered with %s ends as such, and does not request the list",
    async (_title, answer, outcome) => {
      const { fetch, issuer } = tenant(answer);
      await expect(issuer.recover?.({ signal, parent })).rejects.toMatchObject({ outcome });
      expect(fetch.sent).toHaveLength(1);
    },
  );

  test.each<[string, object, string]>([
    ["nobody", { total_count: 0, list: [] }, "fatal"],
    [
      "others only",
      { total_count: 1, list: [{ ...entry, authorizer_appid: "wx0000000000000000" }] },
      "fatal",
    ],
    [
      "the account without a token",
      { total_count: 1, list: [{ ...entry, refresh_token: undefined }] },
      "fatal",
    ],
    ["no list", { total_count: 1 }, "unknown"],
    ["a list of something else", { total_count: 1, list: ["a"] }, "unknown"],
    ["no count", { list: [] }, "unknown"],
    ["a dead component token", { errcode: 42006 }, "parent"],
    ["an unknown component", { errcode: 61011 }, "fatal"],
    ["a busy platform", { errcode: -1 }, "busy"],
  ])("in a list of %s ends as such", async (_title, answer, outcome) => {
    const { fetch, issuer } = tenant(info(""), answer);
    await expect(issuer.recover?.({ signal, parent })).rejects.toMatchObject({ outcome });
    expect(fetch.sent).toHaveLength(2);
  });
});
