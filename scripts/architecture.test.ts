/** Checks ARCHITECTURE.md: the drawing has each package and app, the table each room of core. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rooms } from "./lint/rooms.ts";
import { members, root } from "./workspace.ts";

const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
const drawing = /```text\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
const drawn = new Set(drawing.match(/[a-z0-9]+(?:[-/][a-z0-9]+)*/g));
const packages = members().filter(({ path }) => /^(packages|apps)\//.test(path));

test.each(packages.map(({ path }) => path))("the drawing of the packages has %s", (path) => {
  expect(drawn).toContain(path.replace("packages/", ""));
});

test("the drawing of the packages has no package that no longer exists", () => {
  const names = new Set(packages.map(({ path }) => path.replace("packages/", "")));
  const marked = drawing.match(/(?<=[├└]─+ )[a-z-]+|test-[a-z]+|apps\/[a-z0-9]+/g) ?? [];
  expect(marked.length).toBeGreaterThan(15);
  expect(marked.filter((name) => !names.has(name))).toEqual([]);
});

const folders = (rooms["core"] ?? []).flat().filter((room) => !room.endsWith(".ts"));

test.each(folders)("the table of core's rooms has %s", (room) => {
  expect(page).toMatch(new RegExp(`^\\| .*\`${room}/\``, "m"));
});
