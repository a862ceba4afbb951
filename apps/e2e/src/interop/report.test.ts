import { describe, expect, test } from "vitest";
import { brokenIn, render } from "./report.ts";
import type { Row } from "./report.ts";

const kept: Row = {
  sdk: "SDK",
  mode: "shared token",
  overlapMs: 300_000,
  fetches: 0,
  calls: 40,
  failed: { refresh: 0, kill: 2 },
  allowed: { refresh: 0, kill: 3 },
};

describe("the check of a run", () => {
  test("finds no broken promise if all held or if nothing was promised", () => {
    const separate = { ...kept, fetches: 41, failed: { "20 s": 30 }, allowed: {} };
    expect(brokenIn([kept, separate])).toEqual([]);
  });

  test("names more failures than allowed, a fetch by the SDK itself, and a program without calls", () => {
    expect(brokenIn([{ ...kept, failed: { refresh: 1, kill: 4 } }])).toEqual([
      'SDK, overlap 300 s: 1 calls failed after "refresh", 0 are allowed.',
      'SDK, overlap 300 s: 4 calls failed after "kill", 3 are allowed.',
    ]);
    expect(brokenIn([{ ...kept, fetches: 2, calls: 0 }])).toEqual([
      "SDK, overlap 300 s: it fetched 2 times by itself.",
      "SDK, overlap 300 s: it made no call.",
    ]);
  });
});

test("the table shows fetches, calls and failures in one row", () => {
  expect(render([kept])).toMatch(
    /SDK\s*│ shared token\s*│ 300 s\s*│ 0\s*│ 40\s*│ 2\s*│ refresh 0, kill 2/,
  );
});
