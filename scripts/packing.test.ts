import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lostDeclarations, misplaced } from "./packing.ts";

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
])("the file %s is not shipped", (path) => {
  expect(misplaced([path], sources)).toHaveLength(1);
});

test("a declaration that is imported and not shipped is reported", () => {
  const folder = mkdtempSync(join(tmpdir(), "lingpai-packing-"));
  mkdirSync(join(folder, "dist/a"), { recursive: true });
  writeFileSync(join(folder, "dist/index.d.ts"), 'export { a } from "./a/a.ts";\n');
  writeFileSync(join(folder, "dist/a/a.d.ts"), 'import type { B } from "../b.js";\n');
  expect(lostDeclarations(folder, ["dist/index.d.ts", "dist/a/a.d.ts"])).toEqual([
    "dist/a/a.d.ts imports dist/b.d.ts",
  ]);
  rmSync(folder, { recursive: true });
});
