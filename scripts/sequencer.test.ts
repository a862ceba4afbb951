import { globSync } from "node:fs";
import { expect, test } from "vitest";
import { isComputing, slow, startOrder } from "./sequencer.ts";
import { root } from "./workspace.ts";

const files = globSync("{packages,apps}/*/src/**/*.test.ts", { cwd: root })
  .concat(globSync("scripts/**/*.test.ts", { cwd: root, exclude: ["**/node_modules/**"] }))
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /\.(processes|redis|servers|packaging|docs)\.test\.ts$/.test(path));

test("each pattern of a slow file matches one that exists", () => {
  const parts = slow.flatMap(([{ source }]) => source.split(/\|(?![^(]*\))/));
  const dead = parts.filter((part) => !files.some((path) => new RegExp(part).test(path)));
  expect(dead).toEqual([]);
});

test("every file starts once", () => {
  expect(startOrder(files, 6).toSorted()).toEqual(files.toSorted());
});

test("the first six files are two that compute and four that wait, the slowest of each", () => {
  const first = startOrder(files, 6).slice(0, 6);
  expect(first.filter(isComputing)).toEqual([
    expect.stringContaining("simulate.processes"),
    expect.stringContaining("tarballs"),
  ]);
  expect(first).toContainEqual(expect.stringContaining("holder-crash"));
});

test("the last file is not a slow one", () => {
  const last = startOrder(files, 6).at(-1) ?? "";
  expect(slow.filter(([pattern]) => pattern.test(last))).toEqual([]);
});

test("files that compute start while others wait, not all at once", () => {
  const order = startOrder(files, 6);
  const computing = order.flatMap((path, place) => (isComputing(path) ? [place] : []));
  const [third = 0] = computing.slice(2);
  expect(third).toBeGreaterThan(4);
});

test("one worker runs all files, too", () => {
  expect(startOrder(files, 1)).toHaveLength(files.length);
});
