/** Every example of Redis in the documents shows what most users should have: one sealed store. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { members, root } from "./workspace.ts";

const folders = [".", ...members().map(({ path }) => path)].flatMap((path) => [
  path,
  `${path}/zh-CN`,
]);
const readmes = folders.flatMap((path) => pagesIn(path, false));

/** The Markdown pages of a folder, or none if there is no such folder. */
function pagesIn(path: string, recursive: boolean): string[] {
  try {
    const names = readdirSync(join(root, path), { recursive, encoding: "utf8" });
    return names
      .filter((name) => name.endsWith(".md") && !name.includes("CHANGELOG"))
      .map((name) => `${path}/${name}`);
  } catch {
    return [];
  }
}

test("every example that passes a Redis to a client makes one store of it", () => {
  const pages = [...readmes, ...pagesIn("docs", true)];
  const texts = pages.map((page) => [page, readFileSync(join(root, page), "utf8")] as const);
  expect(
    texts.filter(([, text]) => /(?:ioredis|nodeRedis)Store\(/.test(text)).length,
  ).toBeGreaterThan(9);
  const inParts = /\b(?:cache|lock): (?:ioredis|nodeRedis)(?:Cache|Lock)\(/;
  expect(texts.filter(([, text]) => inParts.test(text)).map(([page]) => page)).toEqual([]);
});
