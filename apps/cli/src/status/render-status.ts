/** Renders the reports as text for people. */
import pc from "picocolors";
import type { CredentialReport } from "./read-status.ts";

export function renderStatus(reports: readonly CredentialReport[]): string {
  if (reports.length === 0)
    return "No environment has claimed a credential in this store. Is it the right store, and has a node called get() yet?";
  const findings = reports.flatMap((report) => report.findings);
  const live = reports.filter(({ state }) => state === "live").length;
  return [
    `${live} of ${reports.length} credentials are live. ${findings.length === 0 ? "Nothing to report." : `${findings.length} findings.`}`,
    ...reports.map(renderReport),
  ].join("\n\n");
}

function renderReport(report: CredentialReport): string {
  const { id, environment, findings } = report;
  return [
    `${pc.bold(id)}  ${environment}`,
    `  ${lifeText(report)}`,
    ...findings.map(({ id: name, text }) => `  ${pc.yellow(name)}: ${text}`),
  ].join("\n");
}

function lifeText(report: CredentialReport): string {
  const { state, generation, remainingMs = 0, ageMs = 0, by, fetches } = report;
  if (generation === undefined || by === undefined)
    return state === "unreadable" ? "not readable" : "no token stored yet";
  const left = remainingMs > 0 ? `${duration(remainingMs)} left` : "over";
  const where = by.environment === report.environment ? by.node : `${by.node} of ${by.environment}`;
  return `${state === "live" ? pc.green(state) : pc.red(state)}, ${left}. Generation ${generation}, fetched by ${where} (${by.reason}) ${duration(ageMs)} ago. ${fetches ?? 0} fetches that day.`;
}

/** At most two units: `1 h 12 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
