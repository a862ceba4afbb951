/**
 * Finds environments that would kill each other's token: they share an AppID, use plain mode, and
 * both fetch.
 */
import type { LayeredSetting } from "../layers.ts";
import type { Problem } from "../problem.ts";
import { pathText } from "../setting.ts";

/** The settings of an app that the rule uses, as far as they are known. */
interface Candidate {
  readonly environment: string;
  readonly app: string;
  readonly id: LayeredSetting;
  readonly appId: string;
  readonly storeUrl: string | undefined;
  readonly consumes: boolean;
}

/**
 * Returns one problem for each pair of environments that would both fetch the plain token of one
 * AppID.
 *
 * `role: consumer` never fetches. `onConflict: consume` does not fetch either if both use one
 * store, because the claim that it respects is kept there.
 */
export function sharedAppIdProblems(
  sections: ReadonlyMap<string, readonly LayeredSetting[]>,
): readonly Problem[] {
  const candidates = [...sections].flatMap(([environment, settings]) =>
    candidatesIn(environment, settings),
  );
  return candidates.flatMap((one, index) =>
    candidates
      .slice(index + 1)
      .filter(
        (other) =>
          other.environment !== one.environment &&
          other.appId.toLowerCase() === one.appId.toLowerCase() &&
          clash(one, other),
      )
      .map((other) => problemOf(one, other)),
  );
}

function candidatesIn(
  environment: string,
  settings: readonly LayeredSetting[],
): readonly Candidate[] {
  const find = (...path: readonly string[]): LayeredSetting | undefined =>
    settings.find((each) => pathText(each.path) === pathText(path));
  const textAt = (...path: readonly string[]): string | undefined => {
    const value = find(...path)?.value;
    return typeof value === "string" ? value : undefined;
  };
  const apps = new Set(
    settings.flatMap(({ path }) => (path[0] === "apps" && path[1] !== undefined ? [path[1]] : [])),
  );
  return [...apps].flatMap((app) => {
    const id = find("apps", app, "appId");
    const appId = textAt("apps", app, "appId");
    const fetches =
      textAt("apps", app, "mode") === "plain" && textAt("apps", app, "role") !== "consumer";
    if (id === undefined || appId === undefined || !fetches) return [];
    const consumes = textAt("apps", app, "onConflict") === "consume";
    return [{ environment, app, id, appId, consumes, storeUrl: textAt("store", "url") }];
  });
}

function clash(one: Candidate, other: Candidate): boolean {
  const shareStore = one.storeUrl !== undefined && one.storeUrl === other.storeUrl;
  const mayShareStore = shareStore || one.storeUrl === undefined || other.storeUrl === undefined;
  return !((one.consumes || other.consumes) && mayShareStore);
}

function problemOf(one: Candidate, other: Candidate): Problem {
  const isOneSetting = one.id.place === other.id.place;
  const where = isOneSetting
    ? `applies to both "${one.environment}" and "${other.environment}"`
    : `of "${one.environment}" is also ${pathText(other.id.writtenAs)} of "${other.environment}" (${other.id.place})`;
  const apart =
    one.consumes || other.consumes
      ? " onConflict: consume does not help here, because the environments have different stores and do not see each other's claims."
      : "";
  return {
    path: pathText(one.id.writtenAs),
    place: one.id.place,
    text:
      `${where}, and both fetch its plain token: each fetch kills the other's.${apart} ` +
      "Give each environment an AppID of its own, or use mode: stable in both, or, with one store for both, onConflict: consume in one of them.",
  };
}
