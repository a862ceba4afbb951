import { expect, test } from "vitest";
import { blocksOf } from "./blocks.ts";

const fence = "```";

test("blocks come with their language, code and line", () => {
  const document = [
    "# Title",
    "",
    `${fence}ts`,
    "const a = 1;",
    "",
    "a;",
    fence,
    "text",
    `${fence}sh`,
    "ls",
    fence,
  ].join("\n");
  expect(blocksOf(document)).toEqual([
    { line: 3, language: "ts", code: "const a = 1;\n\na;\n", needs: [], companions: [] },
    { line: 9, language: "sh", code: "ls\n", needs: [], companions: [] },
  ]);
});

test("a block in a list loses its indentation, and Windows line ends are not part of the code", () => {
  expect(
    blocksOf(`- item\r\n\r\n  ${fence}js\r\n  if (1) {\r\n    run();\r\n  }\r\n  ${fence}\r\n`)[0]
      ?.code,
  ).toBe("if (1) {\n  run();\n}\n");
});

test("comments above a block name what it needs", () => {
  const document = [
    "<!-- needs: redis -->",
    "<!-- with: wechat-simulator -->",
    "",
    `${fence}ts`,
    "run();",
    fence,
  ].join("\n");
  expect(blocksOf(document)[0]).toMatchObject({
    needs: ["redis"],
    companions: ["wechat-simulator"],
  });
});

test("a comment belongs to the next block only", () => {
  const document = [
    "<!-- needs: redis -->",
    `${fence}ts`,
    "run();",
    fence,
    `${fence}ts`,
    "run();",
    fence,
  ].join("\n");
  expect(blocksOf(document).map(({ needs }) => needs)).toEqual([["redis"], []]);
});

test("an unknown comment key is an error, and so is a block without an end", () => {
  expect(() => blocksOf(`<!-- skip: yes -->\n${fence}ts\n${fence}`)).toThrow(
    /line 1 asks for "skip"/,
  );
  expect(() => blocksOf(`${fence}ts\nrun();`)).toThrow(/line 1 opens a block/);
});

test("a longer fence may hold a shorter one", () => {
  expect(blocksOf(`${fence}${"`"}text\n${fence}ts\n${fence}\n${fence}${"`"}\n`)).toHaveLength(1);
});
