import { expect, test } from "vitest";
import { minuteOf, shanghaiDay, shanghaiMonth } from "./day.ts";

test("a day begins at 00:00 +08:00, also before 1970", () => {
  for (const midnight of ["2026-11-22T00:00:00+08:00", "1969-01-02T00:00:00+08:00"]) {
    const atMs = Date.parse(midnight);
    expect(shanghaiDay(atMs) - shanghaiDay(atMs - 1)).toBe(1);
    expect(shanghaiDay(atMs + 86_399_999)).toBe(shanghaiDay(atMs));
  }
});

test("a month begins at 00:00 +08:00 of its first day, and January follows December", () => {
  const atMs = Date.parse("2027-01-01T00:00:00+08:00");
  expect(shanghaiMonth(atMs) - shanghaiMonth(atMs - 1)).toBe(1);
});

test("minutes are counted from the epoch", () => {
  expect([59_999, 60_000].map(minuteOf)).toEqual([0, 1]);
});
