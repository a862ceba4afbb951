import { expect, test } from "vitest";
import { visibleRange } from "./use-virtual.ts";

test("of a thousand rows only the visible ones and a few more are rendered", () => {
  expect(visibleRange(200, 800, 60, 1_000)).toEqual({ from: 0, to: 16 });
  expect(visibleRange(-30_000, 800, 60, 1_000)).toEqual({ from: 494, to: 520 });
  expect(visibleRange(-59_500, 800, 60, 1_000)).toEqual({ from: 985, to: 1_000 });
});

test("a list that was filtered while it was scrolled shows its end", () => {
  expect(visibleRange(-59_000, 800, 60, 3)).toEqual({ from: 2, to: 3 });
  expect(visibleRange(0, 800, 60, 0)).toEqual({ from: 0, to: 0 });
});
