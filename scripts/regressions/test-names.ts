/** Finds the names of the tests in a file, without running it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript-5.4";
import { root } from "../workspace.ts";

export interface TestNames {
  /** The titles of the suites around each test and its own title, joined as Vitest joins them. */
  readonly names: readonly string[];
  /** What may replace a placeholder: the strings, identifiers and numbers of the sources. */
  readonly values: readonly string[];
}

/** `%s`, `$name` or `${expression}`: a table or the code supplies the text. */
const placeholder = /\$\{[^}]*\}|%[a-z]|\$[A-Za-z][\w.]*/;

/**
 * Returns whether `title` is a part of a test's name. It may include one placeholder, wholly or in
 * part, and must then have one of the values in its place.
 */
export function isNamed(title: string, { names, values }: TestNames): boolean {
  if (names.some((name) => name.includes(title))) return true;
  return names.some((name) => {
    const texts = name.split(placeholder);
    return texts
      .slice(1)
      .some((after, index) =>
        values.some((value) => `${texts[index] ?? ""}${value}${after}`.includes(title)),
      );
  });
}

/** Reads a test file, and the fixtures and shared suites that it imports, directly or not. */
export function testNamesIn(file: string): TestNames {
  return testNamesOf(textsOf(file));
}

export function testNamesOf(texts: readonly string[]): TestNames {
  const names: string[] = [];
  const values = new Set<string>();
  const collect = (node: ts.Node, suites: readonly string[]): void => {
    if (ts.isStringLiteralLike(node) || ts.isIdentifier(node) || ts.isNumericLiteral(node))
      values.add(node.text);
    const title = titleOf(node);
    const inner = title === undefined ? suites : [...suites, title];
    if (title !== undefined) names.push(inner.join(" "));
    ts.forEachChild(node, (child) => collect(child, inner));
  };
  for (const text of texts) collect(ts.createSourceFile("a.ts", text, ts.ScriptTarget.Latest), []);
  return { names, values: [...values] };
}

/** Returns the title with which a call declares a test or a suite, placeholders included. */
function titleOf(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const [title] = node.arguments;
  if (title === undefined || !["describe", "it", "test"].includes(firstNameOf(node.expression)))
    return undefined;
  if (ts.isStringLiteralLike(title)) return title.text;
  if (!ts.isTemplateExpression(title)) return undefined;
  return title.head.text + title.templateSpans.map(({ literal }) => `\${}${literal.text}`).join("");
}

/** Returns `test` for `test.each(table)`. */
function firstNameOf(callee: ts.Expression): string {
  if (ts.isIdentifier(callee)) return callee.text;
  return ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)
    ? firstNameOf(callee.expression)
    : "";
}

/** Returns the texts of a test file and of the imported files that may declare tests. */
function textsOf(file: string): string[] {
  const files = new Set([file]);
  const texts: string[] = [];
  for (const path of files) {
    const text = readFileSync(join(root, path), "utf8");
    texts.push(text);
    for (const [, from = ""] of text.matchAll(/\bfrom "([^"]+)"/g)) {
      const imported = from.startsWith(".") ? join(dirname(path), from) : shared[from];
      if (imported !== undefined && isOfTests(imported)) files.add(imported);
    }
  }
  return texts;
}

/** The libraries of shared suites. */
const shared: Readonly<Record<string, string>> = {
  "@lingpai/test-redis": "packages/test-redis/src/index.ts",
};

function isOfTests(file: string): boolean {
  return /\.(?:fixture|test)\.ts$|^packages\/test-redis\//.test(file);
}
