import type { Command } from "commander";

/** Those are decided in the run itself, never by a variable that somebody set long ago. */
const neverByVariable: ReadonlySet<string> = new Set(["--fix"]);

/**
 * Gives each option that has no variable one: `LINGPAI_EVENTS_REF` is `lingpai events --ref`. The
 * command is in the name, because Kubernetes sets `LINGPAI_PORT` beside a service `lingpai`.
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
