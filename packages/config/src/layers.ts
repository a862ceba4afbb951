/**
 * Lays the settings of all sources over each other, later ones on top, separately for each
 * environment.
 */
import type { Scope, Trust } from "./source.ts";
import type { Setting } from "./setting.ts";
import { startsWith } from "./setting.ts";

/** What one source gave. */
export interface Layer {
  /** Tells its source from the others. */
  readonly source: number;
  readonly scope: Scope;
  readonly trust: Trust;
  readonly settings: readonly Setting[];
}

/**
 * One environment's settings. Their paths begin in its section; `writtenAs` is the path in the
 * source.
 */
export interface Laid extends Setting {
  readonly source: number;
  readonly trust: Trust;
  readonly writtenAs: readonly string[];
}

/** The environments that the sources name, and this process's own, which comes first. */
export function environmentsIn(layers: readonly Layer[], own: string): readonly string[] {
  const named = layers.flatMap(({ settings }) =>
    settings.flatMap(({ path }) =>
      path[0] === "environments" && path[1] !== undefined ? [path[1]] : [],
    ),
  );
  return [...new Set([own, ...named])];
}

/**
 * The settings that hold for an environment, no two at one place.
 *
 * A later source overrides an earlier one value by value, whichever section its value stands in;
 * within one source what stands under `environments.<name>` overrides what stands outside.
 */
export function settingsFor(
  environment: string,
  layers: readonly Layer[],
  own: string,
): readonly Laid[] {
  const laid = new Map<string, Laid>();
  for (const { source, scope, trust, settings } of layers) {
    const isShared = scope === "all" || environment === own;
    const shared = isShared ? settings.filter(({ path }) => path[0] !== "environments") : [];
    const special = settings.filter(
      ({ path }) => path[0] === "environments" && path[1] === environment && path.length > 2,
    );
    for (const setting of shared) put(laid, { ...setting, source, trust, writtenAs: setting.path });
    for (const setting of special)
      put(laid, {
        ...setting,
        source,
        trust,
        path: setting.path.slice(2),
        writtenAs: setting.path,
      });
  }
  return [...laid.values()];
}

/**
 * A value and settings below it exclude each other: the later ones win. An empty mapping says
 * nothing about what is below it.
 */
function put(laid: Map<string, Laid>, setting: Laid): void {
  if (
    isEmptyMapping(setting.value) &&
    [...laid.values()].some(({ path }) => startsWith(path, setting.path))
  )
    return;
  for (const [key, { path }] of laid) {
    const isRelated =
      path.length !== setting.path.length &&
      (startsWith(path, setting.path) || startsWith(setting.path, path));
    if (isRelated) laid.delete(key);
  }
  laid.set(setting.path.join("\0"), setting);
}

/**
 * How sources give a mapping with nothing in it: so that a name without settings is not overlooked.
 */
export function isEmptyMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The settings as nested objects, without prototypes: a name such as `__proto__` is a name like any
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
 * Settings at one place and below it exclude each other, so what is there is an object made here.
 */
function childOf(place: Record<string, unknown>, name: string): Record<string, unknown> {
  const existing = place[name];
  if (existing !== undefined) return existing as Record<string, unknown>;
  const made: Record<string, unknown> = Object.create(null);
  place[name] = made;
  return made;
}
