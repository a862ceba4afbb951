import { describe, expect, test } from "vitest";
import { excerpt, flawOf, withoutLineEnd, withoutMark } from "./pasted-text.ts";

describe("the flaw of a text", () => {
  test.each([
    ["secret\n", "has a line end (U+000A) at position 7. Remove it"],
    ["secret\r\n", "has a carriage return (U+000D) at position 7. Remove it"],
    [" secret", "has a space (U+0020) at position 1. Remove it"],
    ["secret\u3000", "has a full-width space (U+3000) at position 7. Remove it"],
    ["\uFEFFsecret", "has a byte order mark (U+FEFF) at position 1. Remove it"],
    ["sec\u200Bret", "has an invisible character (U+200B) at position 4. Remove it"],
    [
      "300\uFF10",
      "has a full-width character (U+FF10) at position 4. Type it with the input method's half-width form",
    ],
    ["", "is empty. Give it a value, or remove it"],
  ])("is reported for %j with the character, its place and the remedy", (text, flaw) => {
    expect(flawOf(text)).toBe(flaw);
  });

  test.each(["secret", "two words", "密码", "a-b_c.d:e/f"])("does not exist in %j", (text) => {
    expect(flawOf(text)).toBeUndefined();
  });

  test("includes line ends but not full-width characters if it is a password", () => {
    expect(flawOf("密码!", { allowsFullWidth: true })).toBeUndefined();
    expect(flawOf("密码\n", { allowsFullWidth: true })).toContain("line end");
  });
});

test("a text loses one line end and a byte order mark, and nothing else", () => {
  expect(["a\n", "a\r\n", "a\n\n", "a ", "a"].map(withoutLineEnd)).toEqual([
    "a",
    "a",
    "a\n",
    "a ",
    "a",
  ]);
  expect(["\uFEFFa", "a\uFEFF"].map(withoutMark)).toEqual(["a", "a\uFEFF"]);
});

test("an excerpt shows at most four characters, and no control character", () => {
  expect([excerpt("abcdefgh"), excerpt("abc"), excerpt("\u001B[2J"), excerpt("密码")]).toEqual([
    '"abcd…"',
    '"abc"',
    '"?[2J"',
    '"??"',
  ]);
});
