import { describe, expect, test } from "vitest";
import { brokenIn, render } from "./report.ts";
import type { Row } from "./report.ts";

const kept: Row = {
  sdk: "SDK",
  way: "on our token",
  overlapMs: 300_000,
  fetches: 0,
  calls: 40,
  failed: { refresh: 0, kill: 2 },
  allowed: { refresh: 0, kill: 3 },
};

describe("the verdict on a run", () => {
  test("has nothing to say where everything held, nor about what was promised nothing", () => {
    const alone = { ...kept, fetches: 41, failed: { "20 s": 30 }, allowed: {} };
    expect(brokenIn([kept, alone])).toEqual([]);
  });

  test("names what failed more often than allowed, a fetch of the SDK's own, and a program that made no call", () => {
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

test("the table sets fetches, calls and failures beside each other", () => {
  expect(render([kept])).toMatch(
    /SDK\s*│ on our token\s*│ 300 s\s*│ 0\s*│ 40\s*│ 2\s*│ refresh 0, kill 2/,
  );
});
