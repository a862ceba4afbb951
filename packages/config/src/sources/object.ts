/** Settings given in code, and how objects become settings: what a source of your own needs too. */
import { requireKnown, requireObject, Secret } from "@lingpai/core";
import type { Setting } from "../setting.ts";
import { pathText } from "../setting.ts";
import type { ConfigSource, Scope } from "../source.ts";

export interface ObjectSourceOptions {
  /** Names it in errors. @defaultValue "the object given in code" */
  readonly name?: string;
  /** @defaultValue "all" */
  readonly scope?: Scope;
}

/** What {@link defineConfig} or your code gives. It is read once and never changes. */
export function objectSource(config: object, options: ObjectSourceOptions = {}): ConfigSource {
  requireObject("The configuration", config);
  requireKnown("objectSource()", options, ["name", "scope"]);
  const { name = "the object given in code", scope = "all" } = options;
  const settings = settingsOf(config, () => name);
  return { name, scope, trust: "code", load: () => Promise.resolve(settings) };
}

const depthMax = 8;

/**
 * The settings of nested objects: numbers and booleans become text, a {@link Secret} is revealed,
 * what is undefined is left out.
 *
 * @param placeOf names the place of each setting, for errors.
 */
export function settingsOf(config: object, placeOf: (path: string) => string): readonly Setting[] {
  const visit = (value: unknown, path: readonly string[]): readonly Setting[] => {
    if (value === undefined) return [];
    if (isPlainObject(value) && path.length < depthMax) {
      const below = Object.entries(value);
      if (below.length > 0 || path.length === 0)
        return below.flatMap(([name, each]) => visit(each, [...path, name]));
    }
    return [{ path, value: textOf(value), place: placeOf(pathText(path)) }];
  };
  return visit(config, []);
}

function textOf(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint"
    ? String(value)
    : value;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Another realm's Object, or a module's namespace, has a prototype that is not ours: what counts
  // is that there is nothing above it.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
