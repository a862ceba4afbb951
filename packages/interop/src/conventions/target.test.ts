import { ConfigurationError } from "@lingpai/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { conventions } from "./conventions.ts";
import type { ConventionName } from "./conventions.ts";
import { resolveTarget } from "./target.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";

afterEach(() => vi.restoreAllMocks());

describe("an AppSecret in a key", () => {
  const exposing = (Object.keys(conventions) as ConventionName[]).filter((name) =>
    conventions[name].keys.some(({ template }) => template.includes("{secret}")),
  );

  test("occurs with EasyWeChat and node-easywechat only", () => {
    expect([...new Set(exposing.map((name) => conventions[name].sdk))]).toEqual([
      "EasyWeChat",
      "node-easywechat",
    ]);
  });

  test.each(exposing)(
    "of %s is refused unless it is accepted, and the error names a better way",
    (convention) => {
      const refusal = vi.fn<() => unknown>(() => resolveTarget({ convention, appId, secret }));
      expect(refusal).toThrow(ConfigurationError);
      expect(refusal).toThrow(/setKey/);
      expect(refusal).not.toThrow(secret);
    },
  );

  test("causes a warning that does not show it when it is accepted", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    resolveTarget({
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

  test("needs no acceptance where the key contains only its hash", () => {
    const [first] = resolveTarget({
      convention: "powerwechat",
      appId: "testappid",
      secret: "testsecret",
    }).keys;
    expect(first?.key).toBe("powerwechat.access_token.4ed6a2e3bfccdf98beb48489b94cf486");
  });
});

describe("a target", () => {
  test("keeps the prefix that its users configured", () => {
    expect(resolveTarget({ convention: "wxjava/mp", appId, prefix: "shop" }).keys).toEqual([
      { key: `shop:access_token:${appId}`, encoding: "plain" },
    ]);
  });

  test.each<[ConventionName, string]>([
    ["silenceper/work/agent", "agentId"],
    ["powerwechat", "secret"],
  ])("as %s without its %s is refused by name", (convention, part) => {
    expect(() => resolveTarget({ convention, appId })).toThrow(part);
  });

  test("with an unknown convention is refused with a list of the known ones", () => {
    const convention = "toString" as ConventionName;
    expect(() => resolveTarget({ convention, appId })).toThrow(/silenceper\/officialaccount,/);
  });
});
