/**
 * Finds environments that would kill each other's token: one AppID, plain mode, and two that fetch.
 */
import type { Laid } from "../layers.ts";
import type { Problem } from "../problem.ts";
import { pathText } from "../setting.ts";

/** What the rule needs to know of an app, as far as it is written down. */
interface Candidate {
  readonly environment: string;
  readonly app: string;
  readonly id: Laid;
  readonly appId: string;
  readonly storeUrl: string | undefined;
  readonly consumes: boolean;
}

/**
 * One problem for each pair of environments of which both would fetch the plain token of one AppID.
 *
 * `role: consumer` never fetches. `onConflict: consume` does not fetch either, as long as both use
 * one store: the claim that it yields to is kept there.
 */
export function conflictsIn(sections: ReadonlyMap<string, readonly Laid[]>): readonly Problem[] {
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

function candidatesIn(environment: string, settings: readonly Laid[]): readonly Candidate[] {
  const find = (...path: readonly string[]): Laid | undefined =>
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
    ? `holds for both "${one.environment}" and "${other.environment}"`
    : `of "${one.environment}" is also ${pathText(other.id.writtenAs)} of "${other.environment}" (${other.id.place})`;
  const apart =
    one.consumes || other.consumes
      ? " onConflict: consume does not help here, because the environments have different stores and see no claim of each other."
      : "";
  return {
    path: pathText(one.id.writtenAs),
    place: one.id.place,
    text:
      `${where}, and both fetch its plain token: each fetch kills the other's.${apart} ` +
      "Give each environment an AppID of its own, or use mode: stable in both, or, with one store for both, onConflict: consume in one of them.",
  };
}
