/** What a document shows of Redis is what most users shall have: a store in one piece, sealed. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { members, root } from "./workspace.ts";

const folders = [".", ...members().map(({ path }) => path)].flatMap((path) => [
  path,
  `${path}/zh-CN`,
]);
const readmes = folders.flatMap((path) => pagesIn(path, false));

/** The Markdown pages of a folder; none where there is no such folder. */
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

test("every example that gives a client a Redis makes its store in one piece", () => {
  const pages = [...readmes, ...pagesIn("docs", true)];
  const texts = pages.map((page) => [page, readFileSync(join(root, page), "utf8")] as const);
  expect(
    texts.filter(([, text]) => /(?:ioredis|nodeRedis)Store\(/.test(text)).length,
  ).toBeGreaterThan(9);
  const inParts = /\b(?:cache|lock): (?:ioredis|nodeRedis)(?:Cache|Lock)\(/;
  expect(texts.filter(([, text]) => inParts.test(text)).map(([page]) => page)).toEqual([]);
});
