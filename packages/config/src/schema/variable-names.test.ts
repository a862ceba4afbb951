import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fields } from "./schema.ts";
import { matchVariable, variableOf, variablePattern, variableTable } from "./variable-names.ts";

describe("variables", () => {
  test("and settings name each other: each field's variable leads back to it", () => {
    for (const field of fields) {
      const path = field.path.map((name) => (name === "*" ? "my-app" : name));
      expect(matchVariable(variableOf(path))).toMatchObject({ field, path });
    }
  });

  test("have one pattern each", () => {
    const patterns = fields.map(variablePattern);
    expect(new Set(patterns).size).toBe(patterns.length);
  });

  test.each([
    "LINGPAI_APPS__SECRET",
    "LINGPAI_APPS_SECRET",
    "LINGPAI_APPS_main_SECRET",
    "LINGPAI_APPS_A__B_SECRET",
    "LINGPAI_STORE",
  ])("%s names nothing", (name) => {
    expect(matchVariable(name)).toBeUndefined();
  });

  test("stand in the README as the schema has them", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const [, table = ""] = /<!-- variables -->\n\n([\s\S]*?)\n\n/.exec(readme) ?? [];
    // Formatters pad the columns of a table; what counts is the cells.
    const cells = (text: string): string[][] =>
      text
        .split("\n")
        .map((row) => row.split("|").map((cell) => cell.trim().replace(/^-+$/, "---")));
    expect(cells(table)).toEqual(cells(variableTable()));
  });
});
