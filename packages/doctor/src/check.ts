/** A check as data: the fault that it looks for, its meaning, and its remedy. */
import type { Sight } from "./sight/sight.ts";

/**
 * `critical`: calls fail, or can at any moment. `warning`: they will fail after another event.
 * `notice`: it has no cost yet.
 */
export type Severity = "critical" | "warning" | "notice";

/** The texts of a check in one language. */
export interface CheckText {
  /** The fault, in a few words. */
  readonly title: string;
  /** Its effect on the fleet. */
  readonly meaning: string;
  /** The remedy. */
  readonly remedy: string;
}

export type Language = "en" | "zh-CN";

/**
 * The result of a check. `unknown` says why it could not be checked. `not-applicable`: this kind of
 * store, or this credential, cannot have the fault.
 */
export interface Outcome {
  readonly status: "ok" | "finding" | "unknown" | "not-applicable";
  readonly evidence: string;
  /** Given if this finding is less severe than the check's own severity. */
  readonly severity?: Severity;
}

/** A change that removes the cause and can be undone. */
export interface Fix {
  readonly text: Readonly<Record<Language, string>>;
  /**
   * Makes the change on every server that needs it. Resolves to the changes and how to undo them,
   * one line for each server.
   */
  apply(sight: Sight): Promise<readonly string[]>;
}

export interface Check {
  /** Stable, for scripts. */
  readonly id: string;
  readonly severity: Severity;
  readonly text: Readonly<Record<Language, CheckText>>;
  /** Absent if no reversible change would remove the cause. */
  readonly fix?: Fix;
  look(sight: Sight): Outcome | Promise<Outcome>;
}

/** A check with its result, for the command, the server and the dashboard. */
export interface CheckResult extends CheckText {
  readonly id: string;
  readonly severity: Severity;
  readonly status: Outcome["status"];
  /** The evidence, without secrets, or the reason why it could not be checked. */
  readonly evidence: string;
  /** The change that `--fix` would make. */
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

/** Joins the evidence: the first four texts, and the number of further ones. */
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
