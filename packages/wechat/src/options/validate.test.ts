import { describe, expect, test } from "vitest";
import {
  appSecretShape,
  checkedId,
  checkedSecret,
  corpIdShape,
  corpSecretShape,
} from "./validate.ts";

const appId = "wx0123456789abcdef";
const secret = "0123456789abcdef0123456789abcdef";

describe("an AppID", () => {
  test.each([
    appId,
    "wx0123456789ABCDEF",
    "ww0123456789abcdef",
    "tj4asffe99e54c0f4c",
    "wx-of-a-new-kind_2027",
  ])("%j is accepted unchanged", (value) => {
    expect(checkedId(value)).toBe(value);
  });

  test.each<[string, unknown, RegExp]>([
    ["that is empty", "", /is empty/],
    ["that is missing", undefined, /is undefined, not a string/],
    ["that is null", null, /is null, not a string/],
    ["with a space at its end", `${appId} `, /"wx01…" has a space \(U\+0020\) at position 19/],
    ["with a newline", `${appId}\n`, /a newline \(U\+000A\) at position 19/],
    ["with a carriage return", `${appId}\r\n`, /a carriage return \(U\+000D\) at position 19/],
    ["with a space before it", ` ${appId}`, /a space \(U\+0020\) at position 1/],
    [
      "with a byte order mark",
      `\ufeff${appId}`,
      /"\\u\{feff\}wx0…" has a byte order mark \(U\+FEFF\) at position 1/,
    ],
    [
      "with full-width digits",
      "wx0123456789abcde\uff11",
      /a full-width character \(U\+FF11\) at position 18/,
    ],
    ["with braces", "wx01234567a}:{bcde", /U\+007D\) at position 12/],
    ["that is an original id", "gh_0123456789ab", /"gh_0…" is an account's original id/],
    ["that is absurdly short", "wx01234", /ends after 7 characters/],
    ["that is absurdly long", `wx${"0".repeat(127)}`, /has 129 characters/],
    ["that is the secret", secret, /has the form of an AppSecret/],
    ["that is a placeholder", "YOUR_APPID", /is a placeholder/],
    ["that is the text of a missing value", "undefined", /is the text of a missing value/],
  ])("%s is refused, with the place and at most four characters", (_title, value, message) => {
    expect(() => checkedId(value)).toThrow(
      expect.objectContaining({
        code: "CONFIGURATION",
        rule: "id-shape",
        message: expect.stringMatching(message),
      }),
    );
    expect(() => checkedId(value)).not.toThrow(/wx012/);
  });

  test.each(["ww0123456789abcdef", appId, "wpO9O5EAAAsbG4iXyz_-AbCdEfGhIjKl", "WPaBcDeFgHiJkLmN"])(
    "the corp id %j is accepted in any form that WeCom assigns, and keeps its case",
    (value) => {
      expect(checkedId(value, corpIdShape)).toBe(value);
    },
  );
});

describe("a secret", () => {
  test("of the right shape is accepted", () => {
    expect(checkedSecret(secret)).toBe(secret);
    expect(checkedSecret("Abc_-0123456789", { shape: corpSecretShape })).toBe("Abc_-0123456789");
  });

  test.each([
    `g${secret.slice(1)}`,
    `${secret}0`,
    secret.slice(1),
    "Ab+/=.~0123456789",
    "c".repeat(512),
  ])("of an undocumented form is accepted: %j", (value) => {
    expect(checkedSecret(value)).toBe(value);
    expect(checkedSecret(value, { shape: corpSecretShape })).toBe(value);
  });

  test("with trim loses only the white space around it", () => {
    expect(checkedSecret(` ${secret}\n`, { trim: true })).toBe(secret);
  });

  test.each<[string, unknown, RegExp]>([
    ["that is undefined", undefined, /is undefined, not a string/],
    ["that is null", null, /is null/],
    ["that is empty", "", /is empty/],
    ["that is the text undefined", "undefined", /missing value/],
    ["that is the text null", "null", /missing value/],
    ["that is an object turned to text", "[object Object]", /missing value/],
    ["in angle brackets", "<secret>", /placeholder/],
    ["your-app-secret", "your-app-secret", /placeholder/],
    ["WECHAT_APP_SECRET", "WECHAT_APP_SECRET", /placeholder/],
    ["your secret here", "your secret here", /placeholder/],
    ["YOUR_APPSECRET", "YOUR_APPSECRET", /placeholder/],
    ["of x alone", "xxx", /placeholder/],
    ["of 32 x", "x".repeat(32), /placeholder/],
    ["of asterisks", "*".repeat(32), /placeholder/],
    ["that is an unexpanded variable", "${WECHAT_SECRET}", /placeholder/],
    ["changeme", "changeme", /placeholder/],
    ["with a newline", `${secret}\n`, /a newline \(U\+000A\) at position 33.*trim: true/],
    ["with a space before it", ` ${secret}`, /a space \(U\+0020\) at position 1/],
    ["with a byte order mark", `\ufeff${secret}`, /a byte order mark \(U\+FEFF\) at position 1/],
    ["with a character outside ASCII", `\u00e9${secret.slice(1)}`, /character at position 1/],
    ["with a space inside", `0123456 ${secret.slice(8)}`, /character at position 8/],
    ["that is absurdly short", secret.slice(0, 7), /has 7 characters/],
    ["that is absurdly long", "0".repeat(513), /has 513 characters/],
  ])("%s is refused and not shown", (_title, value, message) => {
    expect(() => checkedSecret(value)).toThrow(
      expect.objectContaining({
        code: "CONFIGURATION",
        rule: "secret-shape",
        message: expect.stringMatching(message),
      }),
    );
    expect(() => checkedSecret(value)).not.toThrow(/01234567|89abcdef/);
  });

  test("from a mounted file is accepted with trim", () => {
    expect(checkedSecret(`${secret}\r\n`, { trim: true, shape: appSecretShape })).toBe(secret);
    expect(() => checkedSecret(" \n", { trim: true })).toThrow(/is empty/);
  });
});
