/** Turns objects into settings: for values in code, and for sources of your own. */
import { requireObject, requireOptions, Secret } from "@lingpai/core";
import type { KindsOf } from "@lingpai/core";
import type { Setting } from "../setting.ts";
import { pathText } from "../setting.ts";
import type { ConfigSource, Scope } from "../source.ts";
import { requireSourceWords } from "./source-options.ts";

export interface ObjectSourceOptions {
  /** Its name in errors. @defaultValue "the object given in code" */
  readonly name?: string;
  /** @defaultValue "all" */
  readonly scope?: Scope;
}

/** Makes a source of an object, such as {@link defineConfig} returns. It is read once. */
export function objectSource(config: object, options: ObjectSourceOptions = {}): ConfigSource {
  requireObject("The configuration", config);
  requireOptions("objectSource()", options, {
    name: "text",
    scope: "text",
  } satisfies KindsOf<ObjectSourceOptions>);
  requireSourceWords(options);
  const { name = "the object given in code", scope = "all" } = options;
  const settings = settingsOf(config, () => name);
  return { name, scope, trust: "code", load: () => Promise.resolve(settings) };
}

const depthMax = 8;

/**
 * Returns the settings of nested objects. Numbers and booleans become text, a {@link Secret} is
 * revealed, and undefined is left out.
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
  // An object of another realm, or a module namespace, has a foreign prototype. A plain object is
  // one whose prototype has no prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
