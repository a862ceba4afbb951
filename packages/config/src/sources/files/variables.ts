/** Reads settings from environment variables. */
import { ConfigurationError, requireOptions } from "@lingpai/core";
import { InvalidConfigError } from "../../problem.ts";
import type { Problem } from "../../problem.ts";
import { fields } from "../../schema/schema.ts";
import type { Setting } from "../../setting.ts";
import { nameText } from "../../setting.ts";
import type { ConfigSource } from "../../source.ts";
import { suggestionFor } from "../../text/suggest.ts";
import { excerpt, withoutLineEnd, withoutMark } from "../../text/pasted-text.ts";
import type { VariableMatch } from "../../schema/variable-names.ts";
import { matchVariable, variablePattern } from "../../schema/variable-names.ts";
import { readText } from "../../text/read-text.ts";
import { pollMsDefault, watchFiles } from "./watch-files.ts";

export interface VariableSourceOptions {
  /** The variables. @defaultValue `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Variables with our prefix that belong to another program. @defaultValue [] */
  readonly foreign?: readonly string[];
}

/**
 * Makes a source of the variables `LINGPAI_…`, for this process's environment. For a secret, the
 * variable may end in `_FILE` and name a file with the secret; one line end is removed, and the
 * file is watched.
 *
 * A variable that is probably a misspelt one of ours is refused. An empty one is refused, too,
 * because it would silently override a value with nothing. Variables that Kubernetes sets for a
 * service named `lingpai…` are ignored.
 */
export function variableSource(options: VariableSourceOptions = {}): ConfigSource {
  requireOptions("variableSource()", options, { env: "object", foreign: "texts" });
  const { env = process.env, foreign = [] } = options;
  const names = Object.keys(env).filter(
    (name) => name.startsWith("LINGPAI_") && env[name] !== undefined && !foreign.includes(name),
  );
  const files = names.flatMap((name) => (isFileVariable(name) ? [env[name] ?? ""] : []));
  return {
    name: "environment variables",
    scope: "environment",
    trust: "variables",
    // Variables never change while a process runs, but the files that they name do.
    watch: (context) =>
      files.length === 0
        ? Promise.resolve()
        : watchFiles(() => Promise.resolve(files), context, pollMsDefault),
    async load() {
      const results = await Promise.all(
        names.toSorted().map((name) => readVariable(name, env[name] ?? "")),
      );
      const problems = [
        ...results.flatMap((result) => ("problem" in result ? [result.problem] : [])),
        ...twice(results),
      ];
      if (problems.length > 0) throw new InvalidConfigError("The environment", problems);
      return results.flatMap((result) => ("setting" in result ? [result.setting] : []));
    },
  };
}

type Result =
  | { readonly setting: Setting }
  | { readonly problem: Problem }
  | { readonly passed: true };

async function readVariable(name: string, value: string): Promise<Result> {
  const refuse = (text: string): Result => ({ problem: { path: "", place: nameText(name), text } });
  // Kubernetes gives a service named "lingpai-server" the variable of our own port.
  if (kubernetes.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value)) return { passed: true };
  const match = matchVariable(name);
  if (match !== undefined)
    return value === ""
      ? refuse("is set but empty. Unset it, or give it a value.")
      : { setting: settingOf(match, value, name) };
  const fileMatch = matchVariable(name.replace(/_FILE$/, ""));
  if (isFileVariable(name) && fileMatch !== undefined) {
    if (value === "") return refuse("is set but empty. Unset it, or set it to the name of a file.");
    try {
      return {
        setting: settingOf(fileMatch, withoutLineEnd(withoutMark(await readText(value))), name),
      };
    } catch (error) {
      if (error instanceof ConfigurationError)
        return refuse(`names the file ${excerpt(value)}, which ${error.message}.`);
      const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
      return refuse(
        `names the file ${excerpt(value)}, which cannot be read${code}. Name a file that this process may read.`,
      );
    }
  }
  if (known.has(name) || kubernetes.test(name)) return { passed: true };
  const isOurs = /^LINGPAI_(STORE|APPS|SERVER)_/.test(name);
  const meant = suggestionFor(name, [...known, ...likely(name)]);
  if (!isOurs && meant === undefined) return { passed: true };
  const remedy =
    meant === undefined
      ? "See the list of variables, or name it in `foreign` if it belongs to another program"
      : `Did you mean ${meant}`;
  return refuse(`is not known. ${remedy}${meant === undefined ? "." : "?"}`);
}

function isFileVariable(name: string): boolean {
  return (
    name.endsWith("_FILE") &&
    matchVariable(name) === undefined &&
    matchVariable(name.slice(0, -"_FILE".length))?.field.isSecret === true
  );
}

const known: ReadonlySet<string> = new Set(["LINGPAI_ENVIRONMENT", "LINGPAI_SNAPSHOT_KEY"]);

/**
 * The variables that Kubernetes sets for each service of a namespace: `LINGPAI_STORE_SERVICE_HOST`,
 * `LINGPAI_STORE_PORT_6379_TCP_ADDR`.
 */
const kubernetes =
  /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/** Returns the names of all variables, with this variable's own word in place of `<NAME>`. */
function likely(name: string): readonly string[] {
  const word = /^LINGPAI_[A-Z]+_([A-Z0-9]+)/.exec(name)?.[1] ?? "MAIN";
  return fields.map((field) => variablePattern(field).replace("<NAME>", word));
}

function settingOf({ path }: VariableMatch, value: string, place: string): Setting {
  return { path, value, place };
}

/** Refuses a value and a file for the same setting, because either could be meant. */
function twice(results: readonly Result[]): readonly Problem[] {
  const settings = results.flatMap((result) => ("setting" in result ? [result.setting] : []));
  const places = Map.groupBy(settings, ({ path }) => path.join("\0"));
  return [...places.values()].flatMap(([first, second]) =>
    first === undefined || second === undefined
      ? []
      : [
          {
            path: "",
            place: second.place,
            text: `sets the same as ${first.place}. Unset one of them.`,
          },
        ],
  );
}
