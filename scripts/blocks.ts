/** Finds the fenced code blocks of a Markdown document, and what each needs in order to run. */

export interface Block {
  /** The line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** Servers to start first, from `<!-- needs: redis -->` on the line before. */
  readonly needs: readonly string[];
  /**
   * Workspace packages whose command is started first, from `<!-- with: wechat-simulator -->` on
   * the line before.
   */
  readonly companions: readonly string[];
}

/** Languages whose blocks are run. */
export const runnable: ReadonlySet<string> = new Set(["ts", "js", "sh"]);

/**
 * Languages of blocks that are shown and not run. Every other language is refused, so that no block
 * avoids its run with another name for `ts` or `sh`.
 */
export const shown: ReadonlySet<string> = new Set([
  "text",
  "json",
  "yaml",
  "mermaid",
  "diff",
  "html",
  "toml",
  "nginx",
  "promql",
]);

const opening = /^( *)(`{3,}|~{3,})\s*([\w-]*)/;

/** @throws when a block has no end or a comment asks for something unknown. */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split(/\r?\n/);
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; index++) {
    const [, indent = "", fence, language = ""] = opening.exec(lines[index] ?? "") ?? [];
    if (fence === undefined) continue;
    const end = lines.findIndex(
      (line, other) =>
        other > index &&
        line.trim().startsWith(fence) &&
        line.trim() === fence[0]?.repeat(line.trim().length),
    );
    if (end < 0) throw new Error(`line ${index + 1} opens a block that nothing closes`);
    const code = lines
      .slice(index + 1, end)
      .map((line) => line.slice(Math.min(indent.length, line.length - line.trimStart().length)));
    blocks.push({
      line: index + 1,
      language,
      code: `${code.join("\n")}\n`,
      ...settingsAbove(lines, index),
    });
    index = end;
  }
  return blocks;
}

function settingsAbove(
  lines: readonly string[],
  index: number,
): Pick<Block, "needs" | "companions"> {
  const needs: string[] = [];
  const companions: string[] = [];
  let above = index - 1;
  while (above >= 0 && lines[above]?.trim() === "") above--;
  for (; above >= 0; above--) {
    const [, key, value = ""] =
      /^\s*<!--\s*(\w+):\s*([\w, -]+?)\s*-->\s*$/.exec(lines[above] ?? "") ?? [];
    if (key === undefined) break;
    const names = value.split(",").map((name) => name.trim());
    if (key === "needs") needs.push(...names);
    else if (key === "with") companions.push(...names);
    else
      throw new Error(`line ${above + 1} asks for "${key}"; a block can have "needs" and "with"`);
  }
  return { needs, companions };
}
