/** Prints the results of a run, and checks them against the promises of the page. */
import Table from "cli-table3";

export interface Row {
  readonly sdk: string;
  readonly mode: string;
  readonly overlapMs: number;
  /** Fetches by the SDK itself. */
  readonly fetches: number;
  readonly calls: number;
  /** Failed calls by the event before them. */
  readonly failed: Readonly<Record<string, number>>;
  /** The most failed calls after each event; empty: nothing is promised. */
  readonly allowed: Readonly<Record<string, number>>;
}

/**
 * Describes each broken promise. A row on the shared token also promises that the SDK fetched
 * nothing and made calls.
 */
export function brokenIn(rows: readonly Row[]): readonly string[] {
  return rows
    .filter(({ allowed }) => Object.keys(allowed).length > 0)
    .flatMap(({ sdk, overlapMs, fetches, calls, failed, allowed }) => {
      const where = `${sdk}, overlap ${overlapMs / 1_000} s`;
      return [
        ...(fetches > 0 ? [`${where}: it fetched ${fetches} times by itself.`] : []),
        ...(calls === 0 ? [`${where}: it made no call.`] : []),
        ...Object.entries(allowed)
          .filter(([name, most]) => (failed[name] ?? 0) > most)
          .map(
            ([name, most]) =>
              `${where}: ${failed[name]} calls failed after "${name}", ${most} are allowed.`,
          ),
      ];
    });
}

export function render(rows: readonly Row[]): string {
  const table = new Table({
    head: ["SDK", "", "overlap", "fetches by it", "calls", "failed", ""],
    style: { head: [], border: [] },
  });
  for (const { sdk, mode, overlapMs, fetches, calls, failed } of rows) {
    const total = Object.values(failed).reduce((sum, each) => sum + each, 0);
    const parts = Object.entries(failed).map(([name, count]) => `${name} ${count}`);
    table.push([
      sdk,
      mode,
      `${overlapMs / 1_000} s`,
      String(fetches),
      String(calls),
      String(total),
      parts.join(", "),
    ]);
  }
  return table.toString();
}
