import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../workspace.ts";

const hook = join(import.meta.dirname, "trace-hook.ts");
const main = join(import.meta.dirname, "main.ts");

test("a cold get() enters the files of core in the order that ARCHITECTURE.md states, and returns to few of them", () => {
  const printed = execFileSync(process.execPath, ["--import", hook, main], { encoding: "utf8" });
  const entered = [...printed.matchAll(/^ {2}(\S+\.ts)/gm)].map(([, file = ""]) => file);
  const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const story = [...page.matchAll(/^\| +\d+ +\| `(\S+)` /gm)].map(([, file = ""]) => file);
  const told = [...new Set(story)].filter((file) => entered.includes(file));
  expect(told.length).toBeGreaterThan(8);
  expect(entered.filter((file) => told.includes(file))).toEqual(told);
});
