import { describe, expect, test } from "vitest";
import type { Encoding } from "./conventions.ts";
import { decode, encode } from "./encoding.ts";

const content = { secret: "89_Abc-1", remainingMs: 7_199_900, wallMs: 1_767_225_600_000 };

describe("a credential that is encoded", () => {
  test.each<[Encoding, string]>([
    ["plain", "89_Abc-1"],
    ["php-string", 's:8:"89_Abc-1";'],
    ["json-string", '"89_Abc-1"'],
    ["json-token", '{"access_token":"89_Abc-1","expires_in":7199}'],
    ["json-expires-at", "1767232799"],
  ])("as %s is %s", (encoding, text) => {
    expect(encode(encoding, content)).toBe(text);
  });

  test.each<Encoding>(["plain", "php-string", "json-string", "json-token"])(
    "as %s can be read back",
    (encoding) => {
      expect(decode(encoding, encode(encoding, content))).toBe(content.secret);
    },
  );
});

describe("a foreign text", () => {
  test.each<[Encoding, string]>([
    ["plain", ""],
    ["plain", "\u0001\u0004token from Kryo"],
    ["php-string", 's:9:"89_Abc-1";'],
    ["php-string", 'a:1:{i:0;s:1:"x";}'],
    ["json-string", "89_Abc-1"],
    ["json-string", '{"access_token":"89_Abc-1"}'],
    ["json-token", '{"access_token":7}'],
    ["json-token", "null"],
    ["json-expires-at", "1767232799"],
  ])("that is not %s is not decoded as a credential: %j", (encoding, text) => {
    expect(decode(encoding, text)).toBeUndefined();
  });
});
