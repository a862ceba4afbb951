import { describe, expect, test } from "vitest";
import { appSecretShape, checkedId, checkedSecret, corpIdShape, corpSecretShape } from "./validate.ts";

const appId = "wx0123456789abcdef";
const secret = "0123456789abcdef0123456789abcdef";

describe("an AppID", () => {
  test.each([appId, "wx0123456789ABCDEF"])("%j is accepted as it is", (value) => {
    expect(checkedId(value)).toBe(value);
  });

  test.each<[string, unknown, RegExp]>([
    ["that is empty", "", /is empty/],
    ["that is missing", undefined, /is undefined, not a string/],
    ["that is null", null, /is null, not a string/],
    ["with a space at its end", `${appId} `, /"wx01…" has a space \(U\+0020\) at position 19/],
    ["with a line end", `${appId}\n`, /a line end \(U\+000A\) at position 19/],
    ["with a carriage return", `${appId}\r\n`, /a carriage return \(U\+000D\) at position 19/],
    ["with a space before it", ` ${appId}`, /a space \(U\+0020\) at position 1/],
    ["with a byte order mark", `\ufeff${appId}`, /"\\u\{feff\}wx0…" has a byte order mark \(U\+FEFF\) at position 1/],
    ["with full-width digits", "wx0123456789abcde\uff11", /a full-width character \(U\+FF11\) at position 18/],
    ["with braces", "wx01234567a}:{bcde", /U\+007D\) at position 12/],
    ["in capitals", appId.toUpperCase(), /U\+0057\) at position 1/],
    ["that is an original id", "gh_0123456789ab", /"gh_0…" has .* at position 1/],
    ["that is too short", "wx01234567", /ends after 10 characters/],
    ["that is too long", `${appId}0`, /at position 19/],
    ["that is a placeholder", "APPID", /at position 1/],
  ])("%s is refused, with the place and at most four characters", (_title, value, message) => {
    expect(() => checkedId(value)).toThrow(
      expect.objectContaining({ code: "CONFIGURATION", rule: "id-shape", message: expect.stringMatching(message) }),
    );
    expect(() => checkedId(value)).not.toThrow(/wx012/);
  });

  test("a corp id may begin with ww or wx", () => {
    expect(checkedId("ww0123456789abcdef", corpIdShape)).toBe("ww0123456789abcdef");
    expect(checkedId(appId, corpIdShape)).toBe(appId);
    expect(() => checkedId("wz0123456789abcdef", corpIdShape)).toThrow(/corp id "wz01…" has .* at position 2/);
  });
});

describe("a secret", () => {
  test("of the right shape is accepted", () => {
    expect(checkedSecret(secret)).toBe(secret);
    expect(checkedSecret("Abc_-0123456789", { shape: corpSecretShape })).toBe("Abc_-0123456789");
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
    ["with a line end", `${secret}\n`, /a line end \(U\+000A\) at position 33.*trim: true/],
    ["with a space before it", ` ${secret}`, /a space \(U\+0020\) at position 1/],
    ["with a byte order mark", `\ufeff${secret}`, /a byte order mark \(U\+FEFF\) at position 1/],
    ["with another alphabet", `g${secret.slice(1)}`, /character at position 1/],
    ["that is too short", secret.slice(1), /has 31 characters/],
    ["that is too long", `${secret}0`, /has 33 characters/],
  ])("%s is refused and not shown", (_title, value, message) => {
    expect(() => checkedSecret(value)).toThrow(
      expect.objectContaining({ code: "CONFIGURATION", rule: "secret-shape", message: expect.stringMatching(message) }),
    );
    expect(() => checkedSecret(value)).not.toThrow(/01234567|89abcdef/);
  });

  test("from a mounted file is accepted with trim", () => {
    expect(checkedSecret(`${secret}\r\n`, { trim: true, shape: appSecretShape })).toBe(secret);
    expect(() => checkedSecret(" \n", { trim: true })).toThrow(/is empty/);
  });
});
