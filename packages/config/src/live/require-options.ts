/** Checks the options of a configuration before anything is read. */
import { ConfigurationError, requireOptions, requireShape } from "@lingpai/core";
import type { KindsOf } from "@lingpai/core";
import type { ConfigOptions } from "./config-options.ts";
import type { SnapshotOptions } from "./snapshot.ts";

/** @throws {ConfigurationError} naming the option and what was given. */
export function requireConfigOptions(what: string, options: ConfigOptions): void {
  requireOptions(what, options, {
    allowedHosts: "texts",
    clock: "clock",
    debounceMs: "number",
    environment: "text",
    onEvent: "function",
    random: "random",
    snapshot: "object",
    sourceDeadlineMs: "number",
    sources: "list",
  } satisfies KindsOf<ConfigOptions>);
  if (options.sources === undefined)
    throw new ConfigurationError(`${what} needs sources, a list. fileSource(path) makes one.`);
  for (const source of options.sources)
    requireShape("One of sources", source, ["load"], "fileSource(path) makes one.");
  if (options.snapshot === undefined) return;
  requireOptions("snapshot", options.snapshot, {
    directory: "text",
    key: ["text", "function", "object"],
  } satisfies KindsOf<SnapshotOptions>);
  if (options.snapshot.directory === undefined)
    throw new ConfigurationError("snapshot, an object, needs a directory: the path of one.");
}
