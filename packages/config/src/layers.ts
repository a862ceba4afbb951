/**
 * Merges the settings of all sources for each environment. Later sources override earlier ones.
 */
import type { Scope, Trust } from "./source.ts";
import type { Setting } from "./setting.ts";
import { startsWith } from "./setting.ts";

/** The settings of one source. */
export interface Layer {
  /** Identifies the source. */
  readonly source: number;
  readonly scope: Scope;
  readonly trust: Trust;
  readonly settings: readonly Setting[];
}

/**
 * A setting of one environment. Its path begins in the environment's section; `writtenAs` is the
 * path in the source.
 */
export interface LayeredSetting extends Setting {
  readonly source: number;
  readonly trust: Trust;
  readonly writtenAs: readonly string[];
}

/** Returns this process's environment first, then those that the sources name. */
export function environmentsIn(layers: readonly Layer[], own: string): readonly string[] {
  const named = layers.flatMap(({ settings }) =>
    settings.flatMap(({ path }) =>
      path[0] === "environments" && path[1] !== undefined ? [path[1]] : [],
    ),
  );
  return [...new Set([own, ...named])];
}

/**
 * Returns the settings of an environment, at most one for each path.
 *
 * A later source overrides an earlier one value by value, in whichever section its value is. Within
 * one source, `environments.<name>` overrides the settings outside.
 */
export function settingsFor(
  environment: string,
  layers: readonly Layer[],
  own: string,
): readonly LayeredSetting[] {
  const merged = new Map<string, LayeredSetting>();
  for (const { source, scope, trust, settings } of layers) {
    const isShared = scope === "all" || environment === own;
    const shared = isShared ? settings.filter(({ path }) => path[0] !== "environments") : [];
    const special = settings.filter(
      ({ path }) => path[0] === "environments" && path[1] === environment && path.length > 2,
    );
    for (const setting of shared)
      put(merged, { ...setting, source, trust, writtenAs: setting.path });
    for (const setting of special)
      put(merged, {
        ...setting,
        source,
        trust,
        path: setting.path.slice(2),
        writtenAs: setting.path,
      });
  }
  return [...merged.values()];
}

/**
 * A value and settings below it exclude each other: the later ones win. An empty mapping removes no
 * settings below it.
 */
function put(merged: Map<string, LayeredSetting>, setting: LayeredSetting): void {
  if (
    isEmptyMapping(setting.value) &&
    [...merged.values()].some(({ path }) => startsWith(path, setting.path))
  )
    return;
  for (const [key, { path }] of merged) {
    const isRelated =
      path.length !== setting.path.length &&
      (startsWith(path, setting.path) || startsWith(setting.path, path));
    if (isRelated) merged.delete(key);
  }
  merged.set(setting.path.join("\0"), setting);
}

/**
 * True for the value by which sources report an empty mapping. Without it a name without settings
 * would be overlooked.
 */
export function isEmptyMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Returns the settings as nested objects without prototypes, so that `__proto__` is a name like any
 * other.
 */
export function treeOf(settings: readonly Setting[]): unknown {
  const root: Record<string, unknown> = Object.create(null);
  for (const { path, value } of settings) {
    let place = root;
    for (const name of path.slice(0, -1)) place = childOf(place, name);
    const last = path.at(-1);
    if (last !== undefined) place[last] = value;
  }
  return root;
}

/**
 * Settings at one path and below it exclude each other, so an existing value is an object made
 * here.
 */
function childOf(place: Record<string, unknown>, name: string): Record<string, unknown> {
  const existing = place[name];
  if (existing !== undefined) return existing as Record<string, unknown>;
  const made: Record<string, unknown> = Object.create(null);
  place[name] = made;
  return made;
}
