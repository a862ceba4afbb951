import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../errors.ts";
import { keyIn, nameBytesMax, nameOf, parseName, partBytesMax, scopeOf } from "./prefix.ts";

/**
 * Text that is likely to contain every special case: separators, escapes, globs, braces, case,
 * normal forms.
 */
const part = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom(
        "a",
        "A",
        "b",
        ":",
        "%",
        "{",
        "}",
        "*",
        "?",
        "[",
        "]",
        "\\",
        "~",
        " ",
        "\n",
        "\0",
        "é",
        "e\u0301",
        "😀",
      ),
      minLength: 1,
      maxLength: 6,
    }),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "prod",
      "prod2",
      "PROD",
      "%3A",
      "%3a",
      "a:b",
      "a/b",
      "q?x=1",
      "'",
      "!",
      "(",
      ")",
    ),
  )
  .filter((text) => text.isWellFormed());
const place = fc.record({ path: fc.array(part, { maxLength: 4 }), key: part });

describe("a stored name", () => {
  test("shows plain segments and keys unchanged", () => {
    expect(nameOf(["prod"], "wx1")).toBe("prod:{wx1}");
    expect(nameOf([], "wx1")).toBe("{wx1}");
    expect(nameOf(["a", "b.c_d-e"], "K9")).toBe("a:b.c_d-e:{K9}");
    expect(scopeOf(["prod", "cn"])).toBe("prod:cn:{");
    expect(scopeOf([])).toBe("{");
  });

  test("escapes everything else byte by byte in upper case", () => {
    expect(nameOf(["a:b"], "{x}*")).toBe("a%3Ab:{%7Bx%7D%2A}");
    expect(nameOf([], "!'()~")).toBe("{%21%27%28%29%7E}");
    expect(nameOf([], "é\n\0😀")).toBe("{%C3%A9%0A%00%F0%9F%98%80}");
  });

  test("PREFIX-05 is different for every two different paths and keys", () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(nameOf(one.path, one.key) === nameOf(other.path, other.key)).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });

  test("PREFIX-05 depends on where a text is divided into segments and key", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", ":", "%3A", "{"), { minLength: 3, maxLength: 6 }),
        (pieces) => {
          const cuts = pieces
            .slice(1)
            .map((_, at) =>
              nameOf([pieces.slice(0, at + 1).join("")], pieces.slice(at + 1).join("")),
            );
          const flat = nameOf([], pieces.join(""));
          expect(
            new Set([...cuts, flat, nameOf(pieces.slice(0, -1), pieces.at(-1) ?? "")]).size,
          ).toBe(cuts.length + 2);
        },
      ),
    );
  });

  test("is parsed into its path and key", () => {
    fc.assert(
      fc.property(place, ({ path, key }) => {
        const name = nameOf(path, key);
        expect(parseName(name)).toEqual({ path, key });
        expect(keyIn(scopeOf(path), name)).toBe(key);
      }),
      { numRuns: 1000 },
    );
  });

  test("is ASCII with exactly one pair of braces, around the key at its end", () => {
    fc.assert(
      fc.property(place, ({ path, key }) => {
        const name = nameOf(path, key);
        expect(name).toMatch(
          /^(?:(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+:)*\{(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+\}$/,
        );
      }),
    );
  });

  test("PREFIX-06, PREFIX-12 does not begin with the scope of another path", () => {
    fc.assert(
      fc.property(place, fc.array(part, { maxLength: 4 }), ({ path, key }, other) => {
        const same = JSON.stringify(path) === JSON.stringify(other);
        expect(nameOf(path, key).startsWith(scopeOf(other))).toBe(same);
        expect(keyIn(scopeOf(other), nameOf(path, key)) !== undefined).toBe(same);
      }),
    );
    for (const [one, other] of [
      ["prod", "prod2"],
      ["prod", "PROD"],
      ["a", "a*"],
      ["a", "ab"],
    ] as const) {
      expect(nameOf([other], "k").startsWith(scopeOf([one]))).toBe(false);
    }
    expect(scopeOf(["a", "b"])).not.toBe(scopeOf(["a:b"]));
  });

  test("keeps normal forms and surrounding spaces apart", () => {
    expect(nameOf([], "é")).not.toBe(nameOf([], "e\u0301"));
    expect(nameOf([], " a")).not.toBe(nameOf([], "a"));
    expect(nameOf([], "a ")).not.toBe(nameOf([], "a"));
  });
});

describe("a text that is not a stored name", () => {
  test.each([
    "",
    "{",
    "{}",
    "a:{}",
    "a{b}",
    "a:b",
    "::{a}",
    ":{a}",
    "{a}b",
    "{a}{b}",
    "{%3a}",
    "{%41}",
    "{%}",
    "{%FF}",
    "{a b}",
    "a b:{c}",
    "{a:b}",
  ])("is not parsed: %j", (text) => expect(parseName(text)).toBeUndefined());

  test("has no key in a scope", () => {
    expect(keyIn("a:{", "a:{%41}")).toBeUndefined();
    expect(keyIn("a:{", "a:{x")).toBeUndefined();
    expect(keyIn("a:{", "a:{x}}")).toBeUndefined();
    expect(keyIn("a:{", "a:b:{x}")).toBeUndefined();
  });
});

describe("PREFIX-11 a name is refused", () => {
  const expectRefused = (build: () => string, text: RegExp): void => {
    expect(build).toThrow(ConfigurationError);
    expect(build).toThrow(text);
  };

  test("when a segment or the key is empty", () => {
    expectRefused(() => nameOf([""], "k"), /prefix segment must not be empty/);
    expectRefused(() => nameOf([], ""), /key must not be empty/);
  });

  test("when a segment or the key contains half of a surrogate pair", () => {
    expectRefused(() => nameOf(["\ud800"], "k"), /prefix segment holds half of a surrogate pair/);
    expectRefused(() => nameOf([], "a\udc00b"), /key holds half of a surrogate pair/);
  });

  test("when a part is longer than 1024 bytes of UTF-8", () => {
    expect(nameOf([], "k".repeat(partBytesMax))).toHaveLength(partBytesMax + 2);
    expect(nameOf([], "é".repeat(partBytesMax / 2))).toHaveLength(partBytesMax * 3 + 2);
    expectRefused(() => nameOf([], "k".repeat(partBytesMax + 1)), /1025 bytes/);
    expectRefused(() => nameOf(["é".repeat(partBytesMax / 2 + 1)], "k"), /1026 bytes/);
  });

  test("when it is longer than 8192 bytes", () => {
    const segment = "s".repeat(1023);
    expect(nameOf(Array(7).fill(segment), "k".repeat(1022))).toHaveLength(nameBytesMax);
    expectRefused(
      () => nameOf(Array(7).fill(segment), "k".repeat(1023)),
      /8193 bytes; the limit is 8192/,
    );
  });

  test("when a part is not a string", () => {
    // @ts-expect-error: a caller in JavaScript may pass this
    expectRefused(() => nameOf([], 7), /must be a string, not number/);
  });
});
