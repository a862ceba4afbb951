import { nameOf, scopeOf } from "@lingpai/core/driver";
import { describe, expect, test } from "vitest";
import { changesChannel, entriesPattern, fenceKey, lockKey, openEnvelope } from "./layout.ts";

describe("the keys and channels", () => {
  test("entry, lock and fence of a name have one hash tag", () => {
    const name = nameOf(["prod"], "wx{1}");
    for (const key of [name, lockKey(name), fenceKey(name)])
      expect(/\{(.*?)\}/.exec(key)?.[1]).toBe("wx%7B1%7D");
  });

  test("differ between names, whatever the names", () => {
    const names = [
      nameOf([], "a"),
      nameOf([], "a::lock"),
      nameOf(["a"], "lock"),
      nameOf(["a", "{}"], "a"),
    ];
    const places = names.flatMap((name) => [name, lockKey(name), fenceKey(name)]);
    expect(new Set(places).size).toBe(places.length);
  });

  test("include one channel for each scope", () => {
    const scopes = [[], ["prod"], ["prod2"], ["prod", "a"]].map(scopeOf);
    expect(new Set(scopes.map(changesChannel)).size).toBe(scopes.length);
  });

  test("quote the glob characters of a client's own key prefix in the pattern", () => {
    expect(entriesPattern("a*?[b]\\:prod:{")).toBe("a\\*\\?\\[b\\]\\\\:prod:{*}");
  });
});

describe("envelope", () => {
  test("returns version and value unchanged, whatever the value contains", () => {
    expect(openEnvelope("lp1:abc-_9:")).toEqual({ version: "abc-_9", value: "" });
    expect(openEnvelope("lp1:abc:lp1:x:\0\r\n{}")).toEqual({
      version: "abc",
      value: "lp1:x:\0\r\n{}",
    });
  });

  test.each([
    ["", "format"],
    ["token", "format"],
    ["lp1:", "format"],
    ["lp1:abc", "format"],
    ["lp1::value", "format"],
    ["lp1:a b:value", "format"],
    [`lp1:${"a".repeat(65)}:value`, "format"],
    ["lp0:abc:value", "schema"],
    ["lp2:abc:value", "schema"],
    ["lp10:abc:value", "schema"],
  ])("treats %j as foreign: %s", (text, reason) => {
    expect(openEnvelope(text)).toBe(reason);
  });
});
