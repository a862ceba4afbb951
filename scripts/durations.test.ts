import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { durations } from "./durations.ts";

const file = (path: string, ms: number) => ({
  name: `/lingpai/${path}`,
  startTime: 1_000,
  endTime: 1_000 + ms,
});

test("the slowest files and every package's sum are printed, the longest first", () => {
  const many = Array.from({ length: 10 }, (_, index) =>
    file(`scripts/quick ${index}.test.ts`, 100),
  );
  const testResults = [
    ...many,
    file("packages/core/src/b.test.ts", 1_500),
    file("packages/core/src/c.test.ts", 61_000),
  ];
  const lines = durations({ testResults }, "/lingpai").map(stripVTControlCharacters);
  expect(lines.slice(0, 3)).toEqual([
    "lingpai: the 10 slowest files, in s",
    "   61.0  packages/core/src/c.test.ts",
    "    1.5  packages/core/src/b.test.ts",
  ]);
  expect(lines.slice(11)).toEqual([
    "lingpai: the test files of each package together, in s",
    "   62.5  packages/core",
    "    1.0  scripts",
  ]);
});
