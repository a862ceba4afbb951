import { expect, test } from "vitest";
import { misplaced } from "./packing.ts";

const sources = new Set(["index.ts", "testing/clock.ts"]);

test("code, its types and maps, sources and documents are shipped", () => {
  const files = [
    "package.json",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/index.js.map",
    "dist/index.d.ts.map",
    "dist/testing/clock.js",
    "src/testing/clock.ts",
  ];
  expect(misplaced(files, sources)).toEqual([]);
});

test.for([
  "dist/.tsbuildinfo",
  "tsconfig.json",
  ".npmrc",
  "dist/index.test.js",
  "src/index.test.ts",
  "src/client.types.ts",
  "src/mutants/a.ts",
  "dist/removed.js",
  "node_modules/a/index.js",
])("%s is not", (path) => {
  expect(misplaced([path], sources)).toHaveLength(1);
});
