import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fields } from "./schema.ts";
import { matchVariable, variableOf, variablePattern, variableTable } from "./variable-names.ts";

describe("variables", () => {
  test("map to settings and back: each field's variable leads to that field", () => {
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
  ])("do not match the name %s", (name) => {
    expect(matchVariable(name)).toBeUndefined();
  });

  test("appear in the README as the schema defines them", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const [, table = ""] = /<!-- variables -->\n\n([\s\S]*?)\n\n/.exec(readme) ?? [];
    // Formatters pad the columns of a table, so only the cells are compared.
    const cells = (text: string): string[][] =>
      text
        .split("\n")
        .map((row) => row.split("|").map((cell) => cell.trim().replace(/^-+$/, "---")));
    expect(cells(table)).toEqual(cells(variableTable()));
  });
});
