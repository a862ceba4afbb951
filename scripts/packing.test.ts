import { expect, test } from "vitest";
import { misplaced } from "./packing.ts";

const sources = new Set(["index.ts", "testing/clock.ts"]);

test("code, its types and documents are shipped", () => {
  const files = [
    "package.json",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/testing/clock.js",
  ];
  expect(misplaced(files, sources)).toEqual([]);
});

test.for([
  "dist/.tsbuildinfo",
  "tsconfig.json",
  ".npmrc",
  "dist/index.test.js",
  "src/index.test.ts",
  "src/index.ts",
  "dist/index.js.map",
  "README.zh-CN.md",
  "src/mutants/a.ts",
  "dist/removed.js",
  "node_modules/a/index.js",
])("%s is not", (path) => {
  expect(misplaced([path], sources)).toHaveLength(1);
});
