import type { Command } from "commander";

/** These options never have a variable. Each run must state them explicitly. */
const neverByVariable: ReadonlySet<string> = new Set(["--fix"]);

/**
 * Gives each option without a variable its own: `LINGPAI_EVENTS_REF` is `lingpai events --ref`. The
 * name contains the command, because Kubernetes sets `LINGPAI_PORT` beside a service `lingpai`.
 */
export function nameVariables(command: Command, path: readonly string[] = []): void {
  for (const option of command.options) {
    const { envVar, long } = option;
    if (envVar !== undefined || !long || neverByVariable.has(long)) continue;
    const words = ["lingpai", ...path, long.slice(2)].join("_");
    option.env(words.replaceAll("-", "_").toUpperCase());
  }
  for (const child of command.commands) nameVariables(child, [...path, child.name()]);
}
