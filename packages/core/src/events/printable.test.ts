import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable } from "./printable.ts";

describe("printable", () => {
  it.each([
    ["plain text", "plain text"],
    ["无效的凭证 🎫", "无效的凭证 🎫"],
    ["  two\r\nlines\t ", "two lines"],
    ["\u001b[31mred\u001b[0m", "red"],
    ["\u001b]0;title\u0007text", "text"],
    ["\u009b31mred", "31mred"],
    ["a\u0000\u007f\u0085b", "a b"],
    ["right\u202eleft\u2066\ufeff", "right left"],
    ["line\u2028separator", "line separator"],
    ["lone \ud800 surrogate", "lone surrogate"],
    ["", ""],
  ])("makes %j one clean line", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it("cuts between characters, not code units, and marks the cut", () => {
    expect(printable("🎫".repeat(5), 5)).toBe("🎫".repeat(5));
    expect(printable("🎫".repeat(6), 5)).toBe(`${"🎫".repeat(4)}…`);
    expect([...printable("x".repeat(1_000_000))]).toHaveLength(200);
    expect(printable("\u001b[0m".repeat(1_000_000)).length).toBe(0);
  });

  it("makes one short line of printable text of any value, and does not change its own result", () => {
    const any = fc.integer({ max: 0x10_ff_ff, min: 0 }).map((point) => String.fromCodePoint(point));
    const piece = fc.oneof(
      any,
      fc.string({ maxLength: 4 }),
      fc.constantFrom("\u001b[31m", "\r\n", "\u202e", "\ud800"),
    );
    const hostile = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 300 }), (text, charsMax) => {
        const line = printable(text, charsMax);
        expect(line).toMatch(/^[^\p{C}]*$/u);
        expect(line.isWellFormed()).toBe(true);
        expect([...line].length).toBeLessThanOrEqual(charsMax);
        expect(printable(line, charsMax)).toBe(line);
      }),
      { numRuns: 100 },
    );
  });
});
