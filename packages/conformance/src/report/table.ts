/** The table of clauses by adapter, for people. */
import type { Backend } from "../backend.ts";
import type { Clause } from "../clause.ts";
import { plan } from "../runner/plan.ts";
import type { Report } from "../runner/run.ts";
import { titleOf } from "./summary.ts";

const marks = { passed: "✓", failed: "✗", waived: "w", "not-applicable": "·" } as const;

/** One line for each clause and one column for each report, numbered in the legend above. */
export function clauseTable(clauses: readonly Clause[], reports: readonly Report[]): string {
  const legend = reports.map((report, index) => `${label(index)} ${titleOf(report)}`);
  const head = `${"".padEnd(11)}${reports.map((_, index) => label(index)).join(" ")}`;
  const lines = clauses.map(({ id, title }) => {
    const cells = reports.map(({ outcomes }) => {
      const outcome = outcomes.find((each) => each.id === id);
      return (outcome === undefined ? "?" : marks[outcome.status]).padStart(2);
    });
    return `${id.padEnd(11)}${cells.join(" ")}  ${title}`;
  });
  return [
    ...legend,
    "",
    head,
    ...lines,
    "",
    "✓ passed   ✗ failed   w waived, with a reason   · excluded by a declared fact",
  ].join("\n");
}

/**
 * One line for each backend and one column for each family: how many of its clauses apply. All of
 * them pass, or are waived.
 */
export function familyTable(clauses: readonly Clause[], backends: readonly Backend[]): string {
  const families = [...new Set(clauses.map(({ id }) => familyOf(id)))];
  const rows = backends.map((backend) => {
    const { trials } = plan(backend, clauses);
    const cells = families.map((family) => {
      const own = trials.filter(({ clause }) => familyOf(clause.id) === family);
      const held = own.filter(({ kind }) => kind === "run").length;
      return held === 0 ? "–" : held === own.length ? `${held}` : `${held} of ${own.length}`;
    });
    return [
      backend.adapter,
      backend.backend,
      ...cells,
      Object.keys(backend.waivers ?? {}).join(", ") || "–",
    ];
  });
  return markdown([["adapter", "backend", ...families, "waived"], ...rows]);
}

function familyOf(id: string): string {
  return id.slice(0, id.indexOf("-"));
}

function label(index: number): string {
  return String(index + 1).padStart(2);
}

/** Pads a cell as the formatter does. */
function markdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], filler: string): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, filler)).join(" | ")} |`;
  const [head = [], ...rest] = rows;
  return [
    line(head, " "),
    line(
      head.map(() => ""),
      "-",
    ),
    ...rest.map((row) => line(row, " ")),
  ].join("\n");
}
