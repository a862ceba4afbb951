import { describe, expect, it } from "vitest";
import { Visited } from "./visited.ts";

describe("a set of hashes", () => {
  it("reports for each hash whether it is new, even after it has grown many times", () => {
    const visited = new Visited(16);
    const halves = (i: number): [number, number] => [
      Math.imul(i, 0x9e3779b1) >>> 0,
      Math.imul(i, 0x85ebca6b) >>> 0,
    ];
    for (let i = 0; i < 10_000; i += 1) expect(visited.add(...halves(i))).toBe(true);
    for (let i = 0; i < 10_000; i += 1) expect(visited.add(...halves(i))).toBe(false);
    expect(visited.size).toBe(10_000);
  });

  it("distinguishes hashes that share a half", () => {
    const visited = new Visited();
    expect([visited.add(1, 2), visited.add(1, 3), visited.add(2, 2), visited.add(1, 2)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});
