/** The urgency of a credential's state, by which the list is sorted. */
import type { OverviewRow } from "@lingpai/server";

/** Worst first. */
export const severities = [
  "dead",
  "suspect",
  "conflict",
  "doubt",
  "failing",
  "stale",
  "degraded",
  "live",
  "idle",
] as const;
export type Severity = (typeof severities)[number];

/** The severity that colour and shape show. */
export type Tone = "bad" | "warn" | "doubt" | "rest" | "good";

export const tones: Readonly<Record<Severity, Tone>> = {
  dead: "bad",
  suspect: "bad",
  conflict: "bad",
  doubt: "doubt",
  failing: "warn",
  stale: "warn",
  degraded: "warn",
  idle: "rest",
  live: "good",
};

export function severityOf(row: OverviewRow): Severity {
  const { conflict, degraded, expiresInMs, failure, generation, state } = row;
  if (state === "none") {
    const isUnused = generation === undefined && failure === undefined && conflict === undefined;
    return isUnused ? "idle" : "dead";
  }
  if (expiresInMs !== undefined && expiresInMs <= 0) return "dead";
  if (state === "suspect") return "suspect";
  if (conflict !== undefined) return "conflict";
  if (state === "doubt") return "doubt";
  if (failure !== undefined) return "failing";
  if (state === "stale") return "stale";
  return degraded === undefined ? "live" : "degraded";
}

const rank = new Map(severities.map((severity, at) => [severity, at]));

export function worstFirst(rows: Iterable<OverviewRow>): readonly OverviewRow[] {
  return [...rows].toSorted((one, other) => {
    const byRank = (rank.get(severityOf(one)) ?? 0) - (rank.get(severityOf(other)) ?? 0);
    if (byRank !== 0) return byRank;
    return one.ref < other.ref ? -1 : 1;
  });
}

/** How many credentials are in each state, worst first, without empty states. */
export function countsOf(
  rows: readonly OverviewRow[],
): readonly { readonly severity: Severity; readonly count: number }[] {
  return severities
    .map((severity) => ({
      severity,
      count: rows.filter((row) => severityOf(row) === severity).length,
    }))
    .filter(({ count }) => count > 0);
}
