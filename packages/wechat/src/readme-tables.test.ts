/**
 * Checks the README's tables of credentials and pushes. The tests that a row names must exercise
 * what the row names, and no issuer or push kind may be missing.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { pushKinds } from "./push/push-kinds.ts";

const here = import.meta.dirname;
const files = readdirSync(here, { recursive: true, encoding: "utf8" });

/** The path of the file with this name, in any folder. */
const pathOf = (name: string): string =>
  join(here, files.find((path) => basename(path) === name) ?? name);
const recipes = join(here, "../../../docs/recipes");

interface Row {
  readonly title: string;
  /** The names in backquotes in the row, except its tests. */
  readonly names: readonly string[];
  readonly tests: readonly string[];
}

const quoted = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? "");

function rowsOf(readme: string): readonly Row[] {
  const text = readFileSync(join(here, "..", readme), "utf8");
  const tables =
    text.split("\n## ").find((section) => /^(What is covered|支持范围|覆盖范围)/.test(section)) ??
    "";
  return tables
    .split("\n")
    .filter((line) => line.startsWith("|") && /`[\w.-]+\.(test\.ts|md)`/.test(line))
    .map((line) => {
      const cells = line.split("|").slice(1, -1);
      const tests = quoted(cells.at(-1) ?? "");
      return { title: cells[0]?.trim() ?? "", names: cells.slice(0, -1).flatMap(quoted), tests };
    });
}

const rows = rowsOf("README.md");

/** A path by its last segment, a member by its own name, a push by its kind. */
const wordOf = (name: string): string => name.replace(/^.*[/.…]/, "");

describe("an entry that the README calls covered", () => {
  test("is in both of its tables", () => {
    expect(rows.length).toBeGreaterThanOrEqual(16);
  });

  test.each(rows)("is tested in the tests that it names: $title", ({ names, tests }) => {
    const texts = tests.map((name) => {
      const path = name.endsWith(".md") ? join(recipes, name) : pathOf(name);
      expect(existsSync(path), `${name} is missing`).toBe(true);
      return readFileSync(path, "utf8");
    });
    const exercised = texts.join("\n").replaceAll(/^import .*$/gm, "");
    const missing = names.filter((name) => !new RegExp(`\\b${wordOf(name)}\\b`).test(exercised));
    expect(missing, `not in ${tests.join(", ")}`).toEqual([]);
  });

  test("is the same in Chinese", () => {
    const named = (each: readonly Row[]): readonly unknown[] =>
      each.map(({ names, tests }) => ({ names, tests }));
    expect(named(rowsOf("zh-CN/README.md"))).toEqual(named(rows));
  });
});

describe("the README's tables", () => {
  const named = rows.flatMap(({ names }) => names);

  test("contain each issuer that this package exports", () => {
    const sources = files.filter(
      (name) => name.endsWith(".ts") && !/\.(test|fixture)\.ts$/.test(name),
    );
    const issuers = sources.flatMap((name) => [
      ...readFileSync(join(here, name), "utf8").matchAll(
        /^export function (\w+)\([^)]*\): (?:Issuer|WechatIssuer)\b/gm,
      ),
    ]);
    const made = issuers
      .map(([, name]) => name ?? "")
      .filter((name) => readFileSync(join(here, "index.ts"), "utf8").includes(name));
    expect(made.length).toBeGreaterThanOrEqual(9);
    expect(made.filter((name) => !named.includes(name))).toEqual([]);
  });

  test("contain each documented kind of push that is treated in a way of its own", () => {
    const sources = [
      "push-handler.ts",
      "push-work.ts",
      "authorizations.ts",
      "open-platform.ts",
      "wecom-suite.ts",
    ];
    const texts = sources.map((name) => readFileSync(pathOf(name), "utf8")).join("\n");
    const special = pushKinds
      .map(({ infoType }) => infoType)
      .filter((kind) => texts.includes(`"${kind}"`));
    expect(special).toContain("reset_permanent_code");
    expect(special.filter((kind) => !named.includes(kind))).toEqual([]);
  });
});
