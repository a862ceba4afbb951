/**
 * Reads settings from files: YAML, JSON, TypeScript and JavaScript, with an overlay for each
 * environment.
 */
import { createHash } from "node:crypto";
import { extname, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError, requireOptions } from "@lingpai/core";
import type { KindsOf } from "@lingpai/core";
import { InvalidConfigError } from "../../problem.ts";
import type { Setting } from "../../setting.ts";
import type { ConfigSource, Scope } from "../../source.ts";
import { systemCodeOf } from "../../text/system-code.ts";
import { formatOf, parseDocument } from "../document.ts";
import { settingsOf } from "../object.ts";
import { checkedPollMs } from "../poll.ts";
import { readText } from "../../text/read-text.ts";
import { pollMsDefault, watchFiles } from "./watch-files.ts";
import { requireSourceWords } from "../source-options.ts";

export interface FileSourceOptions {
  /** True allows the file to be missing. Its overlays always may be. @defaultValue false */
  readonly optional?: boolean;
  /**
   * True lets `lingpai.prod.yaml` override `lingpai.yaml` in the environment `prod`, and only
   * there.
   * @defaultValue true
   */
  readonly overlays?: boolean;
  /** @defaultValue "all" */
  readonly scope?: Scope;
  /**
   * How often the files are checked, beside listening for changes, in ms, from 100.
   * @defaultValue 10_000
   */
  readonly pollMs?: number;
}

/**
 * Makes a source of a file. Its extension decides the format: `.yaml`, `.yml`, `.json`, or `.ts`,
 * `.mts`, `.js`, `.mjs` with a default export, which may be a function of `{ environment }`.
 *
 * Node itself runs TypeScript and erases the types without checking them; it must be 22.18 or
 * newer. After a change the file is evaluated again, but its imports are not.
 */
export function fileSource(path: string, options: FileSourceOptions = {}): ConfigSource {
  if (typeof path !== "string" || path === "")
    throw new ConfigurationError("fileSource() needs the path of a file, as text.", {
      rule: "source",
    });
  requireOptions("fileSource()", options, {
    optional: "boolean",
    overlays: "boolean",
    pollMs: "number",
    scope: "text",
  } satisfies KindsOf<FileSourceOptions>);
  requireSourceWords(options);
  const { optional = false, overlays = true, scope = "all", pollMs = pollMsDefault } = options;
  const file = resolve(path);
  const ending = extname(file);
  const read = endings[ending.toLowerCase()];
  if (read === undefined) {
    throw new ConfigurationError(
      `${nameOf(file)} ends in "${ending}". Give a file that ends in ${Object.keys(endings).join(", ")}.`,
      {
        rule: "file",
      },
    );
  }
  checkedPollMs(pollMs, 100);
  /** The files that had settings when they were last read. */
  const filled = new Set<string>();
  const readFilled = async (path: string, environment: string): Promise<readonly Setting[]> => {
    const settings = await read(path, environment);
    if (settings.length === 0 && filled.has(path)) throw emptied(path);
    if (settings.length > 0) filled.add(path);
    return settings;
  };
  const overlayOf = (environment: string): string =>
    `${file.slice(0, file.length - ending.length)}.${environment}${ending}`;
  return {
    name: `file ${nameOf(file)}`,
    scope,
    trust: "files",
    async load({ environment }) {
      const base = await orAbsent(readFilled(file, environment), optional);
      if (!overlays) return base;
      const over = await orAbsent(readFilled(overlayOf(environment), environment), true);
      return [...base, ...over.map((setting) => within(environment, setting))];
    },
    watch: (context) =>
      watchFiles(
        () => Promise.resolve(overlays ? [file, overlayOf(context.environment)] : [file]),
        context,
        pollMs,
      ),
  };
}

/** Some editors empty a file before they write it. Its last settings stay in force. */
function emptied(file: string): InvalidConfigError {
  const text =
    "is empty, and had settings before. Those stay in force. Fill it again, or remove it.";
  return new InvalidConfigError(`The file ${nameOf(file)}`, [
    { path: "", place: nameOf(file), text },
  ]);
}

type Read = (file: string, environment: string) => Promise<readonly Setting[]>;

const endings: Readonly<Record<string, Read>> = {
  ".yaml": readDocument,
  ".yml": readDocument,
  ".json": readDocument,
  ".ts": readModule,
  ".mts": readModule,
  ".js": readModule,
  ".mjs": readModule,
};

/** Returns the path for errors, relative to the working directory if that is shorter. */
function nameOf(file: string): string {
  const short = relative("", file);
  return short.startsWith("..") || short === "" ? file : short;
}

async function readDocument(file: string): Promise<readonly Setting[]> {
  return parseDocument(await readText(file), formatOf(file), nameOf(file));
}

async function readModule(file: string, environment: string): Promise<readonly Setting[]> {
  const version = createHash("sha256")
    .update(await readText(file))
    .digest("hex")
    .slice(0, 16);
  const url = `${pathToFileURL(file).href}?version=${version}`;
  const module: unknown = await import(/* @vite-ignore */ url).catch((error: unknown) => {
    throw notEvaluated(file, error);
  });
  const exported =
    typeof module === "object" && module !== null && "default" in module
      ? module.default
      : undefined;
  const config: unknown =
    typeof exported === "function" ? await exported({ environment }) : exported;
  if (typeof config !== "object" || config === null) {
    throw new ConfigurationError(
      "has no configuration as its default export. End it with: export default defineConfig({ … })",
    );
  }
  return settingsOf(config, () => nameOf(file));
}

/** Does not show the error's own text, which may quote the file. */
function notEvaluated(file: string, error: unknown): ConfigurationError {
  const name = error instanceof Error ? error.name : "not an Error";
  if (error instanceof Error && "code" in error && error.code === "ERR_UNKNOWN_FILE_EXTENSION") {
    return new ConfigurationError(
      `cannot be run by Node ${process.versions.node}. Use Node 22.18 or newer, or write it in JavaScript, YAML or JSON`,
    );
  }
  return new ConfigurationError(
    `could not be evaluated (${name}). See why with: node ${nameOf(file)}`,
  );
}

async function orAbsent(
  reading: Promise<readonly Setting[]>,
  isAllowed: boolean,
): Promise<readonly Setting[]> {
  try {
    return await reading;
  } catch (error) {
    const isAbsent = systemCodeOf(error) === "ENOENT";
    if (isAbsent && isAllowed) return [];
    throw isAbsent
      ? new ConfigurationError("does not exist. Create it, or pass optional: true", {
          cause: error,
        })
      : error;
  }
}

/** Limits a setting of an overlay to its environment. */
function within(environment: string, setting: Setting): Setting {
  return setting.path[0] === "environments"
    ? setting
    : { ...setting, path: ["environments", environment, ...setting.path] };
}
