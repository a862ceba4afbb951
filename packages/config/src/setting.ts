/**
 * One value of the configuration, and where it came from: what sources give and everything else is
 * made of.
 */

/**
 * One value as a source gave it.
 *
 * Every source gives text: what a number or a name means is the schema's to say, so `"300000"` in a
 * variable and `300000` in a file are the same.
 */
export interface Setting {
  /** Its name, from the root of the source: `["environments", "prod", "store", "url"]`. */
  readonly path: readonly string[];
  /**
   * Text; or `null` for a name without a value, or whatever else stood there, which is then
   * refused.
   */
  readonly value: unknown;
  /** Where it stands, for people: `lingpai.yaml:12`, `LINGPAI_STORE_URL`. Holds no secret. */
  readonly place: string;
}

/**
 * `apps.main.secret`: how a setting is spoken of. Characters that do not belong in a name are shown
 * as `?`, and a long one is cut.
 */
export function pathText(path: readonly string[]): string {
  return path.map((name) => nameText(name)).join(".");
}

export function nameText(name: string): string {
  const safe = name.replaceAll(/[^\x21-\x7e]/gu, "?");
  return safe.length > 40 ? `${safe.slice(0, 39)}…` : safe;
}

/** Whether `path` is `prefix`, or stands below it. */
export function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((name, index) => name === path[index]);
}
