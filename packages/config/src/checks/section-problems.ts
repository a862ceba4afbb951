/** Finds the problems of one environment's settings, with their places. */
import { parametersFor } from "@lingpai/core";
import type { Issuer } from "@lingpai/core";
import type { LayeredSetting } from "../layers.ts";
import { treeOf } from "../layers.ts";
import type { Problem } from "../problem.ts";
import type { AppSection, Section } from "../schema/schema.ts";
import type { ServerSection } from "../schema/server-section.ts";
import { namesBelow, parseSection } from "../schema/schema.ts";
import { nameText, pathText, startsWith } from "../setting.ts";
import { suggestionFor } from "../text/suggest.ts";
import { variableOf } from "../schema/variable-names.ts";

export interface Checked {
  /** Undefined if there is a problem. */
  readonly section: Section | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Checks the settings of one environment. Only this process's own must be complete: the secrets of
 * others are where those run.
 */
export function checkSection(settings: readonly LayeredSetting[], isOwn: boolean): Checked {
  const { section, issues } = parseSection(treeOf(settings));
  const found = issues.flatMap((issue) =>
    issue.unknown === undefined
      ? [problemAt(issue.path, issue.message, settings)]
      : issue.unknown.flatMap((name) => unknownName(issue.path, name, settings)),
  );
  const problems = [...found, ...droppedNames(settings)];
  if (section === undefined)
    return {
      section,
      problems: isOwn ? [...problems, ...missingIn(rawApps(settings), settings)] : problems,
    };
  const broken = [
    ...ruleProblems(section, settings),
    ...(isOwn ? missingIn(section.apps ?? {}, settings) : []),
  ];
  return broken.length > 0 || problems.length > 0
    ? { section: undefined, problems: [...problems, ...broken] }
    : { section, problems: [] };
}

/**
 * Refuses `__proto__`, which the schema library ignores silently as a defence.
 */
function droppedNames(settings: readonly LayeredSetting[]): readonly Problem[] {
  const dropped = settings.filter(({ path }) => path.includes("__proto__"));
  return dropped.map(({ path, place }) => ({
    path: pathText(path),
    place,
    text: "is under an invalid name. Rename it.",
  }));
}

/** Returns a problem of the setting at `path`, or else of the first setting below it. */
function problemAt(
  path: readonly string[],
  text: string,
  settings: readonly LayeredSetting[],
): Problem {
  const exact = settings.find(
    (each) => each.path.length === path.length && startsWith(each.path, path),
  );
  const found = exact ?? settings.find((each) => startsWith(each.path, path));
  if (found === undefined) return { path: pathText(path), place: undefined, text };
  const written = found.writtenAs.slice(
    0,
    found.writtenAs.length - (found.path.length - path.length),
  );
  return { path: pathText(written), place: found.place, text };
}

/** Returns one problem for each place of the name, because two sources may have it. */
function unknownName(
  path: readonly string[],
  name: string,
  settings: readonly LayeredSetting[],
): readonly Problem[] {
  const known = namesBelow(path) ?? [];
  const meant = suggestionFor(name, known);
  const hints: Record<string, string> = {
    environment:
      "An environment is chosen with LINGPAI_ENVIRONMENT or the option `environment`, not in a source.",
    "<<": "Merge keys are not supported. Put settings for all environments outside `environments`.",
  };
  const remedy =
    (path.length === 0 ? hints[name] : undefined) ??
    (meant === undefined
      ? `Known here: ${known.map(nameText).join(", ")}.`
      : `Did you mean ${meant}?`);
  return [problemAt([...path, name], `is not known. ${remedy}`, settings)];
}

function missingIn(
  apps: Readonly<Record<string, Pick<AppSection, "appId" | "secret" | "role">>>,
  settings: readonly LayeredSetting[],
): readonly Problem[] {
  const names = Object.keys(apps);
  if (names.length === 0 && !settings.some(({ path }) => path[0] === "apps")) {
    return [
      {
        path: "apps",
        place: undefined,
        text: `is missing. Name at least one app, for example with ${variableOf(["apps", "main", "appId"])}.`,
      },
    ];
  }
  return names.flatMap((name) => {
    const { appId, secret, role } = apps[name] ?? {};
    const needed = [
      ...(appId === undefined ? ["appId"] : []),
      ...(secret === undefined && role !== "consumer" ? ["secret"] : []),
    ];
    return needed.map((each) => {
      const path = ["apps", name, each];
      const place = settings.find((setting) => startsWith(setting.path, ["apps", name]))?.place;
      const without = each === "secret" ? ", or role: consumer if this process never fetches" : "";
      return {
        path: pathText(path),
        place,
        text: `is missing. Set it, for example with ${variableOf(path)}${without}.`,
      };
    });
  });
}

/**
 * Returns the apps as they were written, to find missing settings when the section could not be
 * parsed.
 */
function rawApps(settings: readonly LayeredSetting[]): Readonly<Record<string, AppSection>> {
  const apps: Record<string, Record<string, unknown>> = Object.create(null);
  for (const { path, value } of settings) {
    const [first, name, key] = path;
    if (first !== "apps" || name === undefined || key === undefined || path.length !== 3) continue;
    (apps[name] ??= Object.create(null) as Record<string, unknown>)[key] = value;
  }
  return apps;
}

/** Finds settings that contradict each other. */
function ruleProblems(section: Section, settings: readonly LayeredSetting[]): readonly Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: readonly string[], text: string): void =>
    void problems.push(problemAt(path, text, settings));
  const { url, username, password, sealing, prefix } = section.store ?? {};
  const address = url === undefined ? undefined : new URL(url);
  if (password !== undefined && url === undefined)
    refuse(["store", "password"], "has no store to belong to. Set store.url too.");
  if (password !== undefined && address?.password)
    refuse(["store", "password"], "is in store.url too. Keep one of them.");
  if (username !== undefined && address?.username)
    refuse(["store", "username"], "is in store.url too. Keep one of them.");
  if (prefix !== undefined && (prefix.split(":").includes("") || Buffer.byteLength(prefix) > 200)) {
    refuse(
      ["store", "prefix"],
      "has an empty segment, or more than 200 bytes. Give one such as lingpai or team:lingpai.",
    );
  }
  const ids = Object.keys(sealing?.keys ?? {});
  if (sealing?.active !== undefined && !ids.includes(sealing.active)) {
    refuse(
      ["store", "sealing", "active"],
      `names a missing key. Known: ${ids.join(", ") || "none"}.`,
    );
  }
  if (sealing?.active === undefined && ids.length > 0) {
    refuse(
      ["store", "sealing", "keys"],
      "are given, but none is chosen for sealing. Set store.sealing.active to the id of one.",
    );
  }
  for (const [name, app] of Object.entries(section.apps ?? {})) appRules(name, app, refuse);
  serverRules(section.server ?? {}, refuse);
  return problems;
}

function serverRules(
  { tls, webhooks = {} }: ServerSection,
  refuse: (path: readonly string[], text: string) => void,
): void {
  if ((tls?.certificate === undefined) !== (tls?.key === undefined))
    refuse(["server", "tls"], "needs both: certificate and key.");
  for (const [name, hook] of Object.entries(webhooks))
    for (const each of ["url", "secret"] as const)
      if (hook[each] === undefined)
        refuse(["server", "webhooks", name, each], "is missing. Set it, or remove the webhook.");
}

function appRules(
  name: string,
  app: AppSection,
  refuse: (path: readonly string[], text: string) => void,
): void {
  const { mode = "stable", overlapMs = 300_000, onConflict, parameters } = app;
  if (mode === "plain" && onConflict === "coexist") {
    refuse(
      ["apps", name, "onConflict"],
      "cannot be coexist for a plain token, because each fetch kills the token before. Use mode: stable, or consume.",
    );
  }
  if (mode === "stable" && app.overlapMs !== undefined) {
    refuse(
      ["apps", name, "overlapMs"],
      "has an effect in plain mode only. Remove it, or set mode: plain.",
    );
  }
  const policy =
    mode === "plain"
      ? ({ kind: "supersede", overlapMs } as const)
      : ({ kind: "stable", renewWithinMs: 300_000 } as const);
  const never: Issuer["issue"] = () => Promise.reject(new Error("asked only for its policy"));
  try {
    parametersFor(
      { id: name, policy, lifetimeMs: 7_200_000, issue: never },
      defined(parameters ?? {}),
    );
  } catch (error) {
    refuse(
      ["apps", name, "parameters"],
      `break a rule: ${error instanceof Error ? error.message : "unknown"}`,
    );
  }
}

function defined<T extends object>(given: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>;
  };
}
