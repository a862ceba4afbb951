/** Maps settings to the names of environment variables, and back. */
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
 * Returns a field's variable with `<NAME>` for a name that the user chose:
 * `LINGPAI_APPS_<NAME>_SECRET`.
 */
export function variablePattern({ path }: Pick<Field, "path">): string {
  return [prefix, ...path.map((name) => (name === "*" ? "<NAME>" : wordsOf(name)))].join("_");
}

export interface VariableMatch {
  readonly field: Field;
  readonly path: readonly string[];
}

/**
 * Returns the setting that a variable names, or undefined. The user's name is that part of the
 * variable in lower case with `-` for `_`: `LINGPAI_APPS_MY_APP_SECRET` is the secret of `my-app`.
 * If two readings are possible, the shorter name counts.
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
 * Returns the text in place of `<NAME>`: empty if the pattern has none, undefined if the variable
 * does not match it.
 */
function nameIn(variable: string, pattern: string): string | undefined {
  const [before = "", after] = pattern.split("<NAME>");
  if (after === undefined) return variable === before ? "" : undefined;
  const name = variable.slice(before.length, variable.length - after.length);
  const fits = variable === `${before}${name}${after}` && /^[A-Z0-9]+(_[A-Z0-9]+)*$/.test(name);
  return fits ? name.toLowerCase().replaceAll("_", "-") : undefined;
}

/** Returns the README's table: each variable is a row. */
export function variableTable(): string {
  const rows = fields.map(
    (field) =>
      `| \`${variablePattern(field)}\` | \`${field.path.map((name) => (name === "*" ? "<name>" : name)).join(".")}\` | ${field.about} |`,
  );
  return ["| Variable | Setting | What it is |", "| --- | --- | --- |", ...rows].join("\n");
}
