/**
 * Pages that exist in a second language, held to the shape of their original: `X.zh-CN.md` beside
 * `X.md`, and a package's `zh-CN/README.md` below its `README.md`, because npm shows the first file
 * of a package whose name begins with README.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { blocksOf } from "./blocks.ts";
import { root } from "./workspace.ts";

const comment = /(?<=^|\s)(?:\/\/|#) .*$/;
const suffix = /\.[a-z]{2}-[A-Z]{2}\.md$/;
const folder = /(^|\/)[a-z]{2}-[A-Z]{2}\/(?=[^/]+\.md$)/;

export function isTranslation(path: string): boolean {
  return suffix.test(path) || folder.test(path);
}

export function originalOf(translation: string): string {
  return translation
    .replace(suffix, ".md")
    .replace(/\.zh-CN\.png$/, ".png")
    .replace(folder, "$1");
}

/** Every translated page of the workspace, from its root, with forward slashes. */
export function translations(below = "."): string[] {
  return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    if (/^(\.|(node_modules|dist|coverage)$)/.test(entry.name)) return [];
    const path = below === "." ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return translations(path);
    return isTranslation(path) ? [path] : [];
  });
}

export interface Page {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/**
 * Where a translation does not correspond to its original. What the sentences say is for people to
 * compare.
 */
export function checkTranslation(original: Page, translation: Page): string[] {
  const [ours, theirs] = [partsOf(original.text), partsOf(translation.text)];
  return [
    !ours.targets.some(leadsTo(translation.path)) &&
      `${original.path} has no link to ${basename(translation.path)}`,
    !theirs.targets.some(leadsTo(original.path)) &&
      `${translation.path} has no link to ${basename(original.path)}`,
    difference("heading", ours.headings, theirs.headings),
    difference("table row", ours.rows, theirs.rows),
    difference("link", linked(ours), linked(theirs)),
    difference(
      "line of code",
      ours.code,
      theirs.code.map((line, index) => withComment(line, ours.code[index] ?? "")),
    ),
    ...halfWidthIn(translation),
  ].filter((problem) => problem !== false);
}

const han = String.raw`\p{Script=Han}`;
/** Half-width punctuation beside a Chinese character, where Chinese has a full-width form. */
const halfWidth = new RegExp(`(?<=${han})[,;:!?(]|[,;:!?)](?=${han})|[,;:!?]$(?<=${han}.)`, "u");

/**
 * The lines of a Chinese page with half-width punctuation beside a Chinese character. Code counts
 * only as far as its comments go.
 */
export function halfWidthIn({ path, text }: Page): string[] {
  if (!path.includes("zh-CN")) return [];
  let isCode = false;
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.startsWith("```")) isCode = !isCode;
    const prose = isCode
      ? (comment.exec(line)?.[0] ?? "")
      : line.replaceAll(/`[^`]*`/g, "`").replaceAll(/\]\([^)]*\)/g, "]");
    const found = halfWidth.exec(prose)?.[0];
    return found === undefined ? [] : [`line ${index + 1} has the half-width "${found}"`];
  });
}

/** Beside each other pages link by name; what npm shows links by address. */
function leadsTo(path: string): (target: string) => boolean {
  return (target) => target === basename(path) || target.endsWith(`/${path}`);
}

interface Parts {
  readonly headings: readonly string[];
  readonly rows: readonly string[];
  readonly targets: readonly string[];
  readonly code: readonly string[];
}

function partsOf(text: string): Parts {
  const blocks = blocksOf(text);
  const lines = text.split(/\r?\n/);
  for (const { line, code } of blocks) lines.fill("", line - 1, line + code.split("\n").length);
  return {
    headings: lines.flatMap((line) => /^#{1,6}(?= )/.exec(line) ?? []),
    rows: lines
      .filter((line) => line.startsWith("|"))
      .map((line) => `one of ${line.split("|").length - 2} cells`),
    targets: [...lines.join("\n").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target),
    code: blocks.flatMap(({ language, needs, companions, code }) => [
      `\`\`\`${[language, ...needs.map((name) => `needs ${name}`), ...companions.map((name) => `with ${name}`)].join(", ")}`,
      ...code.split("\n"),
    ]),
  };
}

/**
 * A sentence may put its links in another order, and each page links to pages in its own language.
 */
function linked({ targets }: Parts): string[] {
  return targets.map(originalOf).toSorted();
}

/**
 * A line of a translation's code with the original's comment, where that is translated and all else
 * is the same: what runs is the same.
 */
function withComment(line: string, original: string): string {
  const isTranslated =
    /\p{Script=Han}/u.test(comment.exec(line)?.[0] ?? "") && comment.test(original);
  return isTranslated ? line.replace(comment, () => comment.exec(original)?.[0] ?? "") : line;
}

function difference(
  what: string,
  ours: readonly string[],
  theirs: readonly string[],
): string | false {
  const indexes = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) => index);
  const index = indexes.find((at) => ours[at] !== theirs[at]);
  if (index === undefined) return false;
  return `${what} ${index + 1} is ${theirs[index] ?? "missing"} and should be ${ours[index] ?? "left out"}`;
}
