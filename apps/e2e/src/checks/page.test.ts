import { readFile } from "node:fs/promises";
import { checks } from "@lingpai/doctor";
import { expect, test } from "vitest";
import { checksPages } from "./page.ts";

const root = new URL("../../../../", import.meta.url);

test.each(checksPages)("docs/$name shows every check as the code has it", async (page) => {
  expect(await readFile(new URL(`docs/${page.name}`, root), "utf8")).toBe(page.text);
  for (const { id } of checks) expect(page.text).toContain(`## \`${id}\``);
});

test("each check has a test on a real server that produces its finding and one that is healthy", async () => {
  const file = new URL("packages/doctor/src/checks.redis.test.ts", root);
  const text = await readFile(file, "utf8");
  for (const { id } of checks) expect(text, id).toContain(`"${id}"`);
});
