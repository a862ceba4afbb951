/** Checks the names of environments: this process's own, and those that the sources name. */
import { ConfigurationError } from "@lingpai/core";
import { environmentsIn, isEmptyMapping } from "../layers.ts";
import type { Layer } from "../layers.ts";
import type { Problem } from "../problem.ts";
import type { Setting } from "../setting.ts";
import { nameText, pathText } from "../setting.ts";
import { suggestionFor } from "../text/suggest.ts";
import { excerpt } from "../text/pasted-text.ts";

/**
 * Returns the problems of the environments' names, and of values in place of a section.
 */
export function environmentProblems(layers: readonly Layer[], own: string): readonly Problem[] {
  const settings = layers
    .flatMap((layer) => layer.settings)
    .filter(({ path }) => path[0] === "environments");
  const misplaced = settings.filter(
    ({ path, value }) => path.length <= 2 && value !== null && !isEmptyMapping(value),
  );
  const misnamed = settings.filter(
    ({ path }) => path[1] !== undefined && !labelPattern.test(path[1]),
  );
  return [
    ...misplaced.map(({ path, place }) => ({
      path: pathText(path),
      place,
      text: "is one value where settings are expected. Put the settings below it.",
    })),
    ...misnamed.map(({ path, place }) => ({
      path: pathText(path),
      place,
      text: `is under an environment with an invalid name. ${labelRule}`,
    })),
    ...unnamed(settings, environmentsIn(layers, own), own),
  ];
}

/**
 * Finds sources that name environments, but not this process's. That is a typing error, and without
 * this check the process would run with the remaining settings.
 */
function unnamed(
  settings: readonly Setting[],
  environments: readonly string[],
  own: string,
): readonly Problem[] {
  const others = environments.slice(1);
  if (others.length === 0 || settings.some(({ path }) => path[1] === own)) return [];
  const meant = suggestionFor(own, others);
  const remedy =
    meant === undefined
      ? `There are: ${others.map(nameText).join(", ")}.`
      : `Did you mean ${nameText(meant)}?`;
  const place = settings.find(({ path }) => path[1] === (meant ?? others[0]))?.place;
  return [
    {
      path: "environments",
      place,
      text: `has no section "${own}", the environment of this process. ${remedy}`,
    },
  ];
}

const labelPattern = /^[A-Za-z0-9._-]{1,64}$/;
const labelRule = 'Use 1 to 64 characters of A-Za-z0-9._-, such as "prod".';

/** @throws {ConfigurationError} `environment` */
export function checkedEnvironment(name: string | undefined): string {
  if (name !== undefined && labelPattern.test(name)) return name;
  const what = name === undefined || name === "" ? "is not set" : `is ${excerpt(name)}`;
  throw new ConfigurationError(
    `The environment ${what}. Set LINGPAI_ENVIRONMENT, or pass \`environment\`. ${labelRule}`,
    {
      rule: "environment",
    },
  );
}
