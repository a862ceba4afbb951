/** Renders the figures as tables. */
import Table from "cli-table3";
import colors from "picocolors";
import type { Bench } from "./bench.ts";
import type { Figure } from "./measurement.ts";

export function renderFigures({ title, base }: Bench, figures: readonly Figure[]): string {
  const metrics = [...new Set(figures.map(({ metric }) => metric))];
  const tables = metrics.map((metric) =>
    renderMetric(figures.filter((figure) => figure.metric === metric)),
  );
  return [`${colors.bold(title)}\nratio: ${base}`, ...tables, renderVerdict(figures)].join("\n\n");
}

function renderMetric(figures: readonly Figure[]): string {
  const [first] = figures;
  if (first === undefined) return "";
  const table = new Table({
    head: ["contender", first.unit, "quartiles", "ratio", "target", ""],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "left", "left"],
  });
  for (const { contender, value, spread, ratio, target, met } of figures) {
    const quartiles = spread === undefined ? "" : `${textOf(spread.p25)} – ${textOf(spread.p75)}`;
    const verdict = met === undefined ? "" : met ? colors.green("met") : colors.red("missed");
    table.push([
      isOurs(contender) ? colors.bold(contender) : contender,
      textOf(value),
      quartiles,
      ratio === null ? "" : ratio.toPrecision(3),
      target ?? "",
      verdict,
    ]);
  }
  return `${first.metric}\n${table.toString()}`;
}

function renderVerdict(figures: readonly Figure[]): string {
  const missed = figures.filter(({ met }) => met === false);
  if (missed.length === 0) return colors.green("All targets met.");
  const lines = missed.map(
    ({ contender, metric, value, unit, ratio, target }) =>
      `  ${contender}, ${metric}: ${textOf(value)} ${unit}${ratio === null ? "" : `, ratio ${ratio.toPrecision(3)}`}; the target is ${target}`,
  );
  return colors.red(`Missed in this run:\n${lines.join("\n")}`);
}

export function isOurs(contender: string): boolean {
  return contender.startsWith("lingpai");
}

function textOf(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}
