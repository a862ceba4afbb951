/** A check as data: what it looks for, what a finding means, and what to do about it. */
import type { Sight } from "./sight/sight.ts";

/**
 * `critical`: calls fail, or can at any moment. `warning`: they will when something else happens.
 * `notice`: it costs nothing yet.
 */
export type Severity = "critical" | "warning" | "notice";

/** The words of a check in one language. */
export interface CheckText {
  /** What is wrong when there is a finding, in a few words. */
  readonly title: string;
  /** What it does to the fleet. */
  readonly meaning: string;
  /** What to do. */
  readonly remedy: string;
}

export type Language = "en" | "zh-CN";

/**
 * What looking found. `unknown` says why it could not be checked. `not-applicable`: this kind of
 * store, or this credential, cannot have the fault.
 */
export interface Outcome {
  readonly status: "ok" | "finding" | "unknown" | "not-applicable";
  readonly evidence: string;
  /** Where this finding weighs less than the check's own severity says. */
  readonly severity?: Severity;
}

/** A change that mends the cause and can be undone. */
export interface Fix {
  readonly text: Readonly<Record<Language, string>>;
  /**
   * Makes the change on every server where it is needed. Resolves to what was done and how to undo
   * it, one line for each server.
   */
  apply(sight: Sight): Promise<readonly string[]>;
}

export interface Check {
  /** Stable, for scripts. */
  readonly id: string;
  readonly severity: Severity;
  readonly text: Readonly<Record<Language, CheckText>>;
  /** Absent when nothing that can be undone would mend it. */
  readonly fix?: Fix;
  look(sight: Sight): Outcome | Promise<Outcome>;
}

/** A check with what it found: what the command, the server and the dashboard show. */
export interface CheckResult extends CheckText {
  readonly id: string;
  readonly severity: Severity;
  readonly status: Outcome["status"];
  /** What was seen, without secrets; or why it could not be checked. */
  readonly evidence: string;
  /** What `--fix` would do. */
  readonly fix?: string;
}

export const ok = (evidence: string): Outcome => ({ status: "ok", evidence });
export const unknown = (evidence: string): Outcome => ({ status: "unknown", evidence });
export const notApplicable = (evidence: string): Outcome => ({
  status: "not-applicable",
  evidence,
});
export const finding = (evidence: string, severity?: Severity): Outcome => ({
  status: "finding",
  evidence,
  ...(severity && { severity }),
});

/** Every piece of evidence in one text; the first four, and how many more there are. */
export function joined(pieces: readonly string[]): string {
  const more = pieces.length - 4;
  return `${pieces.slice(0, 4).join(" ")}${more > 0 ? ` And ${more} more.` : ""}`;
}

const rank: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, notice: 2 };
const statusRank: Readonly<Record<Outcome["status"], number>> = {
  finding: 0,
  unknown: 1,
  ok: 2,
  "not-applicable": 3,
};

/** Findings first, the worst first. */
export function byWeight(one: CheckResult, other: CheckResult): number {
  return (
    statusRank[one.status] - statusRank[other.status] || rank[one.severity] - rank[other.severity]
  );
}
