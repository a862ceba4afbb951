import { Secret } from "@lingpai/core";
import type { Issuer, IssueRequest } from "@lingpai/core";
import { describe, expect, test } from "vitest";
import { asSecret } from "../transport/platform-answer.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import type { ScriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import { corpToken, providerToken, suiteToken } from "./suite-token.ts";

const suiteId = "ww4asffe99e54c0f4c";
const corpId = "ww0123456789abcdef";
const secret = "kP3-suite_secret_of_43_characters_xxxxxxxxx";
const parent = new Secret("the-parents-secret", "fp");
const request: IssueRequest = {
  signal: new AbortController().signal,
  reason: "cold",
  forced: false,
  current: undefined,
  parent,
};

interface Kind {
  readonly id: string;
  readonly make: (fetch: ScriptedFetch) => Issuer;
  readonly field: string;
  readonly url: string;
  readonly body: Readonly<Record<string, string>>;
}

const kinds: Kind[] = [
  {
    id: `wecom:suite:${suiteId}`,
    make: (fetch) => suiteToken({ suiteId, secret, fetch }),
    field: "suite_access_token",
    url: "https://qyapi.weixin.qq.com/cgi-bin/service/get_suite_token",
    body: { suite_id: suiteId, suite_secret: secret, suite_ticket: "the-parents-secret" },
  },
  {
    id: `wecom:corp:${suiteId}:${corpId}`,
    make: (fetch) => corpToken({ suiteId, corpId, permanentCode: secret, fetch }),
    field: "access_token",
    url: "https://qyapi.weixin.qq.com/cgi-bin/service/get_corp_token?suite_access_token=the-parents-secret",
    body: { auth_corpid: corpId, permanent_code: secret },
  },
  {
    id: `wecom:provider:${corpId}`,
    make: (fetch) => providerToken({ corpId, secret, fetch }),
    field: "provider_access_token",
    url: "https://qyapi.weixin.qq.com/cgi-bin/service/get_provider_token",
    body: { corpid: corpId, provider_secret: secret },
  },
];

describe.each(kinds)("the issuer $id", ({ id, make, field, url, body }) => {
  test("sends the documented request, and does not assume that the whole lifetime is left", async () => {
    const fetch = scriptedFetch({ errcode: 0, errmsg: "ok", [field]: "granted", expires_in: 7200 });
    const issuer = make(fetch);
    expect(issuer.id).toBe(id);
    await expect(issuer.issue(request)).resolves.toMatchObject({
      secret: asSecret("granted"),
      expiresInMs: 300_000,
      isAgeUnknown: true,
    });
    expect([fetch.sent[0]?.url.href, JSON.parse(String(fetch.sent[0]?.body))]).toEqual([url, body]);
  });

  test.each<[number, string]>([
    [-1, "busy"],
    [45009, "busy"],
    [60020, "fatal"],
    [40013, "fatal"],
    [99999, "busy"],
  ])("turns %d into %s, and shows no secret", async (errcode, outcome) => {
    const echo = JSON.stringify([body, new URL(url).searchParams.get("suite_access_token")]);
    const failed = make(scriptedFetch({ errcode, errmsg: `no ${echo}` })).issue(request);
    await expect(failed).rejects.toMatchObject({
      outcome,
      platformCode: String(errcode),
      message: expect.not.stringMatching(/suite_secret_of|parents/),
    });
  });
});

test.each<[string, Kind | undefined, number, string]>([
  ["a dead ticket is reported to whoever pushed it", kinds[0], 40085, "parent"],
  ["an unknown suite is a matter of configuration", kinds[0], 40083, "fatal"],
  ["a wrong secret is a matter of configuration", kinds[0], 40091, "fatal"],
  ["an expired suite token is reported to its credential", kinds[1], 42009, "parent"],
  ["an invalid suite token is reported to its credential", kinds[1], 40082, "parent"],
  ["a void permanent code stops this corp", kinds[1], 40084, "fatal"],
  ["a wrong provider secret is a matter of configuration", kinds[2], 40091, "fatal"],
])("%s", async (_title, kind, errcode, outcome) => {
  await expect(kind?.make(scriptedFetch({ errcode })).issue(request)).rejects.toMatchObject({
    outcome,
  });
});

test.each(kinds.slice(0, 2))("$id sends nothing without its parent", async ({ make }) => {
  const fetch = scriptedFetch({});
  await expect(make(fetch).issue({ ...request, parent: undefined })).rejects.toMatchObject({
    outcome: "unsent",
  });
  expect(fetch.sent).toEqual([]);
});

test.each([
  () => suiteToken({ suiteId: "a:b", secret }),
  () => suiteToken({ suiteId, secret: "<secret>" }),
  () => corpToken({ suiteId, corpId: "gh_0123456789abcd", permanentCode: secret }),
  () => corpToken({ suiteId, corpId, permanentCode: "" }),
  () => providerToken({ corpId, secret: "undefined" }),
])("invalid options are refused at construction (%#)", (make) => {
  expect(make).toThrow(expect.objectContaining({ code: "CONFIGURATION" }));
});
