import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../workspace.ts";
import { edited, type Regression } from "./regression.ts";
import { regressions } from "./rows/index.ts";
import { isNamed, testNamesOf, testNamesIn } from "./test-names.ts";
import { judge } from "./trial.ts";

describe.each(Object.entries(regressions))("the regressions of %s", (_area, rows) => {
  test("every edit fits one place of today's code and changes it", () => {
    for (const { file, edits } of rows.flatMap(editsByFile)) {
      const text = readFileSync(join(root, file), "utf8");
      expect(edited(text, edits), file).not.toBe(text);
    }
  });

  test("every row names a test file that exists", () => {
    for (const { test: file } of rows) expect(existsSync(join(root, file)), file).toBe(true);
  });

  test("every title is a part of a test's name in the row's file", () => {
    const titled = rows.filter(({ title }) => title !== undefined);
    const wrong = [...Map.groupBy(titled, ({ test: file }) => file)].flatMap(([file, own]) => {
      const found = testNamesIn(file);
      return own.filter(({ title = "" }) => !isNamed(title, found));
    });
    expect(wrong.map(({ test: file, title }) => `${file}: ${title}`)).toEqual([]);
  });

  test("no sentence occurs twice", () => {
    const sentences = rows.map(({ right }) => right);
    expect(new Set(sentences).size).toBe(sentences.length);
  });
});

function editsByFile({ edits }: Regression) {
  return [...Map.groupBy(edits, ({ file }) => file)].map(([file, own]) => ({
    file,
    edits: own,
  }));
}

describe("an edit", () => {
  const edit = { file: "a.ts", from: "if (a)\n  return 1;", to: "return 2;" };

  test("fits however the code is formatted", () => {
    expect(edited("x\nif (a) return 1;\ny", [edit])).toBe("x\nreturn 2;\ny");
  });

  test.each([
    ["no place", "x"],
    ["two places", "if (a) return 1; if (a) return 1;"],
  ])("that fits %s is refused", (_name, text) => {
    expect(() => edited(text, [edit])).toThrow("must fit one place");
  });
});

describe("a part of a test's name", () => {
  const source = `
    describe("a store", () => {
      test.each([["reads", 1], ["writes", 2]])("%s a key with $word quotes", () => {});
      test(\`ends in \${seconds} s\`, () => {});
    });`;
  const found = testNamesOf([source]);

  test.each([
    "a store reads a key",
    "writes a key with",
    "key with ",
    "a store ends in ",
    "in seconds s",
  ])("%s is found", (title) => {
    expect(isNamed(title, found)).toBe(true);
  });

  test.each([
    "deletes a key",
    "a store reads the key",
    "a key with wrong quotes",
    "a store ends in 3 s",
  ])("%s is not found", (title) => {
    expect(isNamed(title, found)).toBe(false);
  });
});

test("a string that is no title of a test is no part of a test's name", () => {
  const found = testNamesOf(['log("a store is empty"); test("a store reads", () => {});']);
  expect(isNamed("a store is empty", found)).toBe(false);
});

describe("the judge of a run", () => {
  const report = { numPassedTests: 1, numFailedTests: 0, testResults: [{ message: "" }] };

  test("counts a failed test as noticed", () => {
    expect(judge({ ...report, numFailedTests: 1 }, "").kind).toBe("noticed");
  });

  test("counts only passed tests as survived", () => {
    expect(judge(report, "").kind).toBe("survived");
  });

  test.each([
    ["without a report", undefined],
    ["in which the file does not load", { ...report, testResults: [{ message: "SyntaxError" }] }],
    ["in which no test ran", { ...report, numPassedTests: 0 }],
  ])("leaves a run %s undecided", (_name, given) => {
    expect(judge(given, "").kind).toBe("undecided");
  });
});
