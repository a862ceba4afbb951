/**
 * One value of the configuration and its origin. Sources return settings, and everything else is
 * built from them.
 */

/**
 * One value as a source gave it.
 *
 * Every source gives text. The schema decides what a number or a name means, so `"300000"` in a
 * variable and `300000` in a file are the same.
 */
export interface Setting {
  /** Its name, from the root of the source: `["environments", "prod", "store", "url"]`. */
  readonly path: readonly string[];
  /**
   * Text, or `null` for a name without a value. Anything else is refused.
   */
  readonly value: unknown;
  /** Its place, for people: `lingpai.yaml:12`, `LINGPAI_STORE_URL`. Contains no secret. */
  readonly place: string;
}

/**
 * Returns the name of a setting for messages: `apps.main.secret`. Characters that do not belong in
 * a name are shown as `?`, and a long name is cut.
 */
export function pathText(path: readonly string[]): string {
  return path.map((name) => nameText(name)).join(".");
}

export function nameText(name: string): string {
  const safe = name.replaceAll(/[^\x21-\x7e]/gu, "?");
  return safe.length > 40 ? `${safe.slice(0, 39)}…` : safe;
}

/** True if `path` is `prefix` or below it. */
export function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((name, index) => name === path[index]);
}
