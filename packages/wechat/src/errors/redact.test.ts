import { expect, test } from "vitest";
import { redact, sanitised } from "./redact.ts";

const secret = "0123456789abcdef0123456789abcdef";

test("an echo of a secret is removed, whole or in part", () => {
  expect(redact(`invalid secret ${secret}!`, [secret])).toBe("invalid secret [redacted]!");
  expect(redact("begins with 01234567", [secret])).toBe("begins with [redacted]");
  expect(redact("short 0123456", [secret])).toBe("short 0123456");
});

test("an echo of a percent-encoded secret is removed", () => {
  expect(redact("secret=a%2Fb%2Fc%2Fd", ["a/b/c/d"])).toBe("secret=[redacted]");
});

test("several secrets, short ones included, are removed", () => {
  expect(redact("one abc, two xyz", ["abc", "xyz", ""])).toBe("one [redacted], two [redacted]");
});

test("line ends, escapes and direction marks become spaces, and the length is limited", () => {
  expect(sanitised("a\r\nb\u001b[31mc\u202ed\u2028e", [])).toBe("a b [31mc d e");
  expect(sanitised("系统繁忙".repeat(100), [])).toHaveLength(200);
});
