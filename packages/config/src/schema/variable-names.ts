/** How settings and environment variables are named after each other. */
import type { Field } from "./schema.ts";
import { fields } from "./schema.ts";

const prefix = "LINGPAI";

/** `["apps", "main", "appId"]` → `LINGPAI_APPS_MAIN_APP_ID`. */
export function variableOf(path: readonly string[]): string {
  return [prefix, ...path.map(wordsOf)].join("_");
}

function wordsOf(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z0-9]/g, "_")
    .toUpperCase();
}

/**
 * A field's variable with `<NAME>` where a name of the user's stands: `LINGPAI_APPS_<NAME>_SECRET`.
 */
export function variablePattern({ path }: Pick<Field, "path">): string {
  return [prefix, ...path.map((name) => (name === "*" ? "<NAME>" : wordsOf(name)))].join("_");
}

export interface VariableMatch {
  readonly field: Field;
  readonly path: readonly string[];
}

/**
 * Which setting a variable names; undefined when it names none. A user's name is the variable's
 * part in lower case with `-` for `_`: `LINGPAI_APPS_MY_APP_SECRET` is the secret of `my-app`.
 * Where two readings are possible the shorter name is meant.
 */
export function matchVariable(variable: string): VariableMatch | undefined {
  const matches = fields.flatMap((field) => {
    const name = nameIn(variable, variablePattern(field));
    return name === undefined
      ? []
      : [{ field, name, path: field.path.map((each) => (each === "*" ? name : each)) }];
  });
  return matches.toSorted((one, other) => one.name.length - other.name.length)[0];
}

/**
 * What stands for `<NAME>`: empty where the pattern has none, undefined where the variable does not
 * fit it.
 */
function nameIn(variable: string, pattern: string): string | undefined {
  const [before = "", after] = pattern.split("<NAME>");
  if (after === undefined) return variable === before ? "" : undefined;
  const name = variable.slice(before.length, variable.length - after.length);
  const fits = variable === `${before}${name}${after}` && /^[A-Z0-9]+(_[A-Z0-9]+)*$/.test(name);
  return fits ? name.toLowerCase().replaceAll("_", "-") : undefined;
}

/** Every variable as a row of a Markdown table: what the README shows. */
export function variableTable(): string {
  const rows = fields.map(
    (field) =>
      `| \`${variablePattern(field)}\` | \`${field.path.map((name) => (name === "*" ? "<name>" : name)).join(".")}\` | ${field.about} |`,
  );
  return ["| Variable | Setting | What it is |", "| --- | --- | --- |", ...rows].join("\n");
}
