/** The figures of the house: how the repository is laid out, named and written. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasSubject } from "../../apps/e2e/src/proofs/test-titles.ts";
import { root, type SourceFile, sourceFiles } from "../workspace.ts";
import { circlesIn } from "./circles.ts";
import { columnsOf } from "./columns.ts";
import { oldNamesIn } from "./old-names.ts";
import { unmadeMembers } from "./union-members.ts";

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Each place that counts, for people. */
  readonly places: readonly string[];
}

/** The ceilings: no figure may rise above its own. They are only ever lowered. */
export const ceilingsPath: string = join(root, "scripts/house/ceilings.json");

export function ceilings(): Readonly<Record<string, number>> {
  return JSON.parse(readFileSync(ceilingsPath, "utf8")) as Record<string, number>;
}

/** Counts everything, over the workspace as it is on disk. */
export function figures(): readonly Figure[] {
  const sources = [...sourceFiles(), ...read("scripts/**/*.ts")];
  const pages = read("{*.md,docs/**/*.md,{packages,apps}/*/**/*.md}");
  const { lines, long } = columnsOf([...sources, ...pages]);
  return [
    counted(
      "importCircles",
      circlesIn(sources).map((circle) => circle.join(" ↔ ")),
    ),
    { name: "longLinesPercent", value: rounded((100 * long.length) / lines), places: long },
    counted("titlesWithoutSubject", titlesWithoutSubject(pages)),
    counted("unmadeUnionMembers", unmadeMembers(sources)),
    counted("oldNames", oldNamesIn(sources)),
    counted("filesWithLongFunctions", filesWithLongFunctions()),
  ];
}

/** Returns the folders with the most source files directly in them, as places to look. */
export function fullestFolders(count: number): readonly (readonly [string, number])[] {
  const folders = new Map<string, number>();
  for (const { path } of sourceFiles()) {
    if (/\.(?:test|fixture|types)\.ts$/.test(path)) continue;
    folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + 1);
  }
  return [...folders].toSorted(([, one], [, other]) => other - one).slice(0, count);
}

/** The sentences of tests in the tables of `docs/` that do not begin with their subject. */
export function titlesWithoutSubject(pages: readonly SourceFile[]): readonly string[] {
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\[[\w.-]+\.ts\]\([^)]+\): ([^|]*?)\.(?=<br>| \|)/g)]
      .map(([, sentence = ""]) => sentence)
      .filter((sentence) => !hasSubject(sentence))
      .map((sentence) => `${path}: ${sentence}`),
  );
}

/** The files that the linter's settings still allow functions over 70 lines. */
function filesWithLongFunctions(): readonly string[] {
  const settings = JSON.parse(readFileSync(join(root, ".oxlintrc.json"), "utf8")) as {
    readonly overrides: readonly {
      readonly files: readonly string[];
      readonly rules: Readonly<Record<string, unknown>>;
    }[];
  };
  return settings.overrides
    .filter(({ rules }) => Array.isArray(rules["eslint/max-lines-per-function"]))
    .flatMap(({ files }) => files);
}

function counted(name: string, places: readonly string[]): Figure {
  return { name, value: places.length, places };
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}

function read(pattern: string): SourceFile[] {
  return globSync(pattern, {
    cwd: root,
    exclude: (path) => /(?:^|\/)(?:node_modules|dist|coverage|CHANGELOG\.md)$/.test(String(path)),
  }).map((path) => ({
    path: path.replaceAll("\\", "/"),
    text: readFileSync(join(root, path), "utf8"),
  }));
}
