/** Finds lines over 100 columns that could have been broken. */
import type { SourceFile } from "../workspace.ts";

const columnsMax = 100;

export interface Columns {
  readonly lines: number;
  /** `PATH:LINE` of each line that is too long. */
  readonly long: readonly string[];
}

/** Counts the lines of these TypeScript and Markdown files. */
export function columnsOf(files: readonly SourceFile[]): Columns {
  let lines = 0;
  const long: string[] = [];
  for (const { path, text } of files) {
    const all = text.split(/\r?\n/);
    lines += all.length;
    const canBreak = path.endsWith(".md") ? proseLines(all) : all.map(breakable);
    all.forEach((line, index) => {
      if ([...line].length > columnsMax && canBreak[index] === true)
        long.push(`${path}:${index + 1}`);
    });
  }
  return { lines, long };
}

/**
 * Code is broken by the formatter wherever it can be. What stays long is a literal: the line is
 * short without the text of its strings and regular expressions. A comment can always be broken,
 * unless it is a directive or one long word.
 */
function breakable(line: string): boolean {
  if (/^\s*(?:\/\/|\/?\*)/.test(line))
    return !/oxlint-|eslint-|@ts-|Stryker|https?:\/\/\S{60}/.test(line);
  const rest = line.replaceAll(
    /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<=[(,=:[!&|?\s])\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\]|\\.)*\])+\/[a-z]*/g,
    "",
  );
  const isInTemplate = (line.match(/`/g) ?? []).length % 2 === 1 || /\$\{/.test(rest);
  return !isInTemplate && [...rest].length > columnsMax;
}

/** In Markdown, prose can be broken; tables, code, comments and long link targets cannot. */
function proseLines(lines: readonly string[]): boolean[] {
  let fence: string | undefined;
  return lines.map((line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || mark === fence)) {
      fence = fence === undefined ? mark : undefined;
      return false;
    }
    if (fence !== undefined || /^\s*(?:\||<!--|#)/.test(line)) return false;
    return [...line.replaceAll(/\]\([^)]*\)/g, "]")].length > columnsMax;
  });
}
