/** Renders a diagnosis as text for people. Cause and remedy of the worst finding come first. */
import type { CheckResult, Diagnosis, Severity } from "@lingpai/doctor";
import pc from "picocolors";

export interface Screen {
  readonly columns: number;
  /** The number of lines that fit without scrolling. Infinity shows all. */
  readonly rows: number;
}

const marks: Readonly<Record<Severity, (text: string) => string>> = {
  critical: (text) => pc.red(pc.bold(text)),
  warning: (text) => pc.yellow(pc.bold(text)),
  notice: (text) => pc.cyan(text),
};

/** The first finding is shown in full, the others as long as there is room. */
export function renderDiagnosis({ results }: Diagnosis, { columns, rows }: Screen): string {
  const findings = results.filter(({ status }) => status === "finding");
  const unchecked = results.filter(({ status }) => status === "unknown");
  const isAll = rows === Number.POSITIVE_INFINITY;
  const blocks = findings.map((result) => renderFinding(result, columns));
  const tail = [
    ...(unchecked.length > 0
      ? [`${unchecked.length} could not be checked${isAll ? ":" : "; --all says why."}`]
      : []),
    ...(isAll ? unchecked.flatMap((result) => renderShort(result, columns)) : []),
  ];
  const shown = fitting(blocks, rows - 1 - tail.length - 2);
  const hidden = blocks.length - shown.length;
  return [
    summaryOf(results),
    ...shown.flatMap((block) => ["", ...block]),
    ...(hidden > 0 ? ["", `${count(hidden, "more finding")}: lingpai doctor --all`] : [""]),
    ...tail,
    ...(isAll ? results.filter(isFine).flatMap((result) => renderShort(result, columns)) : []),
  ]
    .join("\n")
    .trimEnd();
}

function summaryOf(results: readonly CheckResult[]): string {
  const findings = results.filter(({ status }) => status === "finding");
  const fine = results.filter(({ status }) => status === "ok").length;
  if (findings.length === 0) return pc.green(`Nothing is wrong: ${count(fine, "check")} ok.`);
  const worst = findings[0]?.severity ?? "notice";
  return marks[worst](`${count(findings.length, "finding")}, ${count(fine, "check")} ok.`);
}

function isFine({ status }: CheckResult): boolean {
  return status === "ok" || status === "not-applicable";
}

function renderFinding(result: CheckResult, columns: number): readonly string[] {
  const { evidence, fix, id, meaning, remedy, severity, title } = result;
  const name = severity.toUpperCase();
  const fits = `${name}  ${title}  ${id}`.length <= columns;
  const head = `${marks[severity](name)}  ${pc.bold(title)}`;
  const rows: readonly (readonly [string, string])[] = [
    ["Seen", evidence],
    ["Meaning", meaning],
    ["Remedy", remedy],
    ...(fix === undefined ? [] : [["--fix", fix] as const]),
  ];
  const heads = fits ? [`${head}  ${pc.dim(id)}`] : [head, `  ${pc.dim(id)}`];
  return [...heads, ...rows.flatMap(([label, text]) => labelled(label, text, columns))];
}

function renderShort({ evidence, id, status }: CheckResult, columns: number): readonly string[] {
  return labelled(`${status === "ok" ? pc.green(status) : status} ${id}`, evidence, columns);
}

const labelWidth = 9;

function labelled(label: string, text: string, columns: number): readonly string[] {
  const lines = wrapped(text, columns - labelWidth - 2);
  const isLong = label.length >= labelWidth;
  const first = isLong ? [`  ${label}`] : [];
  return [
    ...first,
    ...lines.map((line, index) => {
      const head =
        index === 0 && !isLong ? pc.dim(label.padEnd(labelWidth)) : " ".repeat(labelWidth);
      return `  ${head}${line}`;
    }),
  ];
}

/** As many whole blocks as fit into the rows, with a blank line before each; at least one. */
function fitting(
  blocks: readonly (readonly string[])[],
  rows: number,
): readonly (readonly string[])[] {
  let used = 0;
  const shown: (readonly string[])[] = [];
  for (const block of blocks) {
    used += block.length + 1;
    if (used > rows && shown.length > 0) break;
    shown.push(block);
  }
  return shown;
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
