/** Whoever changes a page in one language is told of the other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkTranslation, halfWidthIn, originalOf, translations } from "./translations.ts";
import { root } from "./workspace.ts";

const read = (path: string) => ({ path, text: readFileSync(join(root, path), "utf8") });

test.for(translations())("%s corresponds to its original", (path) => {
  expect(checkTranslation(read(originalOf(path)), read(path))).toEqual([]);
});

test("translations are found wherever they are", () => {
  expect(translations()).toEqual(
    expect.arrayContaining([
      "README.zh-CN.md",
      "docs/recipes/koa.zh-CN.md",
      "packages/core/zh-CN/README.md",
    ]),
  );
});

describe("a translation", () => {
  const fence = "```";
  const english = [
    "# Thing\n\n[简体中文](README.zh-CN.md)\n\nSee [one](one.md), then [two](two.md).\n\n## Use\n",
    `<!-- needs: redis -->\n\n${fence}ts\n# no heading\nrun("// text"); // it runs\n${fence}\n`,
    "| a | b |\n| - | - |\n| 1 | 2 |\n",
  ].join("\n");
  const chinese = [
    "# 东西\n\n[English](README.md)\n\n先看 [一](one.zh-CN.md)，再看[二](two.md)。\n\n## 用法\n",
    `<!-- needs: redis -->\n\n${fence}ts\n# no heading\nrun("// text"); // it runs\n${fence}\n`,
    "| 甲 | 乙 |\n| - | - |\n| 1 | 2 |\n",
  ].join("\n");
  const check = (text: string): string[] =>
    checkTranslation({ path: "README.md", text: english }, { path: "README.zh-CN.md", text });

  test("passes when it corresponds, its links in another order and its comments in Chinese", () => {
    expect(check(chinese)).toEqual([]);
    expect(
      check(
        chinese.replace("[一](one.zh-CN.md)，再看[二](two.md)", "[二](two.md)，再看[一](one.md)"),
      ),
    ).toEqual([]);
    expect(check(chinese.replace("// it runs", "// 运行"))).toEqual([]);
  });

  test.for([
    ["README.md)", "READ.md)", "README.zh-CN.md has no link to README.md"],
    ["## 用法", "### 用法", "heading 2 is ### and should be ##"],
    ["| 1 | 2 |\n", "", "table row 3 is missing and should be one of 2 cells"],
    ["| 1 | 2 |", "| 1 |", "table row 3 is one of 1 cells and should be one of 2 cells"],
    ["[二](two.md)", "二", "link 3 is missing and should be two.md"],
    ["```ts", "```js", "line of code 1 is ```js, needs redis and should be ```ts, needs redis"],
    ["<!-- needs: redis -->\n", "", "line of code 1 is ```ts and should be ```ts, needs redis"],
    [
      '"// text"',
      '"// 文本"',
      'line of code 3 is run("// 文本"); // it runs and should be run("// text"); // it runs',
    ],
    [
      "// it runs",
      "// it ran",
      'line of code 3 is run("// text"); // it ran and should be run("// text"); // it runs',
    ],
    [
      "run(",
      "ran(",
      'line of code 3 is ran("// text"); // it runs and should be run("// text"); // it runs',
    ],
    [
      "# no heading",
      "# 不是标题\nrun();",
      'line of code 3 is run(); and should be run("// text"); // it runs',
    ],
  ] as const)("is stopped for %j changed to %j", ([from, to, problem]) => {
    expect(check(chinese.replace(from, to))).toContain(problem);
  });

  test.for([
    ["先看", "先看,"],
    ["先看", "先看:"],
    ["先看", "先看(甲)"],
    ["// it runs", "// 运行,然后"],
  ] as const)("is stopped for half-width punctuation: %j changed to %j", ([from, to]) => {
    expect(check(chinese.replace(from, to)).join("\n")).toMatch(/^line \d+ has the half-width/m);
  });

  test("may have half-width punctuation in code and links, and beside Latin letters", () => {
    const text = chinese.replace("先看", "先看 `a,b`，见 a, b 和 `c`：");
    expect(halfWidthIn({ path: "README.zh-CN.md", text })).toEqual([]);
  });

  test("is stopped when its original has no link to it", () => {
    const text = english.replace("[简体中文](README.zh-CN.md)\n", "");
    expect(
      checkTranslation({ path: "README.md", text }, { path: "README.zh-CN.md", text: chinese }),
    ).toContain("README.md has no link to README.zh-CN.md");
  });

  test("of a package's README links by address, since npm shows the original elsewhere", () => {
    const at = (path: string): string => `https://example.com/blob/main/packages/thing/${path}`;
    const ours = {
      path: "packages/thing/README.md",
      text: `# Thing\n\n[简体中文](${at("zh-CN/README.md")})\n`,
    };
    const theirs = {
      path: "packages/thing/zh-CN/README.md",
      text: `# 东西\n\n[English](${at("README.md")})\n`,
    };
    expect(checkTranslation(ours, theirs)).toEqual([]);
    expect(checkTranslation({ ...ours, text: "# Thing\n" }, theirs)).toContain(
      "packages/thing/README.md has no link to README.md",
    );
  });
});
