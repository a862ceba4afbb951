import { ConfigurationError } from "@lingpai/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { conventions } from "./conventions.ts";
import type { ConventionName } from "./conventions.ts";
import { addressOf } from "./target.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";

afterEach(() => vi.restoreAllMocks());

describe("an AppSecret in a key", () => {
  const exposing = (Object.keys(conventions) as ConventionName[]).filter((name) =>
    conventions[name].keys.some(({ template }) => template.includes("{secret}")),
  );

  test("is what EasyWeChat and node-easywechat have, and nobody else", () => {
    expect([...new Set(exposing.map((name) => conventions[name].sdk))]).toEqual([
      "EasyWeChat",
      "node-easywechat",
    ]);
  });

  test.each(exposing)(
    "of %s is refused unless it is accepted, with a way round it",
    (convention) => {
      const refusal = vi.fn<() => unknown>(() => addressOf({ convention, appId, secret }));
      expect(refusal).toThrow(ConfigurationError);
      expect(refusal).toThrow(/setKey/);
      expect(refusal).not.toThrow(secret);
    },
  );

  test("is warned of when it is accepted, without showing it", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    addressOf({
      convention: "node-easywechat/official-account",
      appId,
      secret,
      acceptSecretInKey: true,
    });
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(appId), {
      code: "LINGPAI_SECRET_IN_KEY",
    });
    expect(JSON.stringify(warn.mock.calls)).not.toContain(secret);
  });

  test("is not needed to be accepted where only its hash is in the key", () => {
    const [first] = addressOf({
      convention: "powerwechat",
      appId: "testappid",
      secret: "testsecret",
    }).keys;
    expect(first?.key).toBe("powerwechat.access_token.4ed6a2e3bfccdf98beb48489b94cf486");
  });
});

describe("a neighbour", () => {
  test("keeps the prefix that its users configured", () => {
    expect(addressOf({ convention: "wxjava/mp", appId, prefix: "shop" }).keys).toEqual([
      { key: `shop:access_token:${appId}`, encoding: "plain" },
    ]);
  });

  test.each<[ConventionName, string]>([
    ["silenceper/work/agent", "agentId"],
    ["powerwechat", "secret"],
  ])("as %s without its %s is refused by name", (convention, part) => {
    expect(() => addressOf({ convention, appId })).toThrow(part);
  });

  test("with a convention that does not exist is told which do", () => {
    const convention = "toString" as ConventionName;
    expect(() => addressOf({ convention, appId })).toThrow(/silenceper\/officialaccount,/);
  });
});
