import { IssueError, Secret } from "@lingpai/core";
import type { IssueRequest } from "@lingpai/core";
import { describe, expect, test } from "vitest";
import { asSecret } from "../transport/platform-answer.ts";
import { scriptedFetch } from "../transport/scripted-fetch.fixture.ts";
import type { Scripted } from "../transport/scripted-fetch.fixture.ts";
import { ticket, wecomTicket } from "./ticket.ts";

const appId = "wx0123456789abcdef";
const token = "an-access-token-of-the-parent";
const request: IssueRequest = {
  signal: new AbortController().signal,
  reason: "cold",
  forced: false,
  current: undefined,
  parent: new Secret(token, "fp"),
};

describe("a ticket's issuer", () => {
  test.each(["jsapi", "wx_card"] as const)(
    "requests a %s ticket with the parent's token",
    async (type) => {
      const fetch = scriptedFetch({
        errcode: 0,
        errmsg: "ok",
        ticket: "a-ticket",
        expires_in: 7200,
      });
      const issuer = ticket({ appId, type, fetch });
      expect(issuer.id).toBe(`wechat:ticket:${type}:${appId}`);
      await expect(issuer.issue(request)).resolves.toMatchObject({ secret: asSecret("a-ticket") });
      expect(fetch.sent[0]?.url.href).toBe(
        `https://api.weixin.qq.com/cgi-bin/ticket/getticket?access_token=${token}&type=${type}`,
      );
    },
  );

  test.each<[string, Scripted, string]>([
    ["a dead token", { errcode: 40001 }, "parent"],
    ["an expired token", { errcode: 42001 }, "parent"],
    ["a missing permission", { errcode: 48001 }, "fatal"],
    ["a busy platform", { errcode: -1 }, "busy"],
    ["an answer without a ticket", { errcode: 0, errmsg: "ok" }, "unknown"],
  ])("recognises %s", async (_title, answer, outcome) => {
    const failed = ticket({ appId, type: "jsapi", fetch: scriptedFetch(answer) }).issue(request);
    await expect(failed).rejects.toBeInstanceOf(IssueError);
    await expect(failed).rejects.toMatchObject({ outcome });
  });

  test("shows no token when the platform echoes it", async () => {
    const fetch = scriptedFetch({ errcode: 40001, errmsg: `bad ${token}` });
    await expect(ticket({ appId, type: "jsapi", fetch }).issue(request)).rejects.toThrow(
      /bad \[redacted\]/,
    );
  });

  test("sends nothing without a parent", async () => {
    const fetch = scriptedFetch({});
    await expect(
      ticket({ appId, type: "jsapi", fetch }).issue({ ...request, parent: undefined }),
    ).rejects.toMatchObject({
      outcome: "unsent",
    });
    expect(fetch.sent).toHaveLength(0);
  });
});

test.each(["nope", "", "agent_config", "toString"])(
  "a ticket of the type %j is refused",
  (type) => {
    expect(() => ticket({ appId, type: type as "jsapi" })).toThrow(
      expect.objectContaining({ code: "CONFIGURATION", rule: "ticket-type" }),
    );
  },
);

test.each(["nope", "wx_card"])("a WeCom ticket of the type %j is refused", (type) => {
  expect(() =>
    wecomTicket({ corpId: "ww0123456789abcdef", app: "1", type: type as "jsapi" }),
  ).toThrow(expect.objectContaining({ code: "CONFIGURATION", rule: "ticket-type" }));
});

describe("a WeCom ticket's issuer", () => {
  test.each([
    ["jsapi", "https://qyapi.weixin.qq.com/cgi-bin/get_jsapi_ticket?access_token="],
    [
      "agent_config",
      "https://qyapi.weixin.qq.com/cgi-bin/ticket/get?type=agent_config&access_token=",
    ],
  ] as const)("requests a %s ticket at its own endpoint", async (type, url) => {
    const fetch = scriptedFetch({ errcode: 0, errmsg: "ok", ticket: "a-ticket", expires_in: 7200 });
    const issuer = wecomTicket({ corpId: "ww0123456789abcdef", app: "1000002", type, fetch });
    expect(issuer.id).toBe(`wecom:ticket:${type}:ww0123456789abcdef:1000002`);
    await expect(issuer.issue(request)).resolves.toMatchObject({
      secret: asSecret("a-ticket"),
      expiresInMs: 120_000,
    });
    const sent = new URL(fetch.sent[0]?.url ?? "");
    const expected = new URL(`${url}${token}`);
    sent.searchParams.sort();
    expected.searchParams.sort();
    expect(sent.href).toBe(expected.href);
  });

  test.each([
    [40014, "parent", undefined],
    [42001, "parent", undefined],
    [45009, "busy", 60_000],
  ])("turns %d into %s", async (errcode, outcome, retryAfterMs) => {
    const issuer = wecomTicket({
      corpId: "ww0123456789abcdef",
      app: "a",
      type: "jsapi",
      fetch: scriptedFetch({ errcode }),
    });
    await expect(issuer.issue(request)).rejects.toMatchObject({ outcome, retryAfterMs });
  });
});
