/**
 * Finds the query parameter that carries the token in a call to a path. Each kind of token has its
 * own.
 */
import { exceptionalPaths, ownTokenPaths } from "./token-paths.ts";
import type { TokenHolder } from "./token-paths.ts";

/**
 * Returns the parameter's name. Undefined: the endpoint takes a secret or a user's token instead.
 */
export type TokenParameter = (path: string) => string | undefined;

/** All names of the parameter. A URL that has one of them brings its own token. */
export const tokenParameters: readonly string[] = [
  "access_token",
  "component_access_token",
  "suite_access_token",
  "provider_access_token",
];

/** For an official account, a mini program, a tenant, or an app at WeCom. */
export const accountParameter: TokenParameter = (path) =>
  parameterIn(path, "account", "access_token");

/** For a third-party platform's own token. */
export const componentParameter: TokenParameter = (path) =>
  parameterIn(path, "component", "access_token");

/** For a WeCom suite's own token. */
export const suiteParameter: TokenParameter = (path) => parameterIn(path, "suite", undefined);

/** For a WeCom service provider's own token. */
export const providerParameter: TokenParameter = (path) => parameterIn(path, "provider", undefined);

function parameterIn(
  path: string,
  holder: TokenHolder,
  otherwise: string | undefined,
): string | undefined {
  const row = exceptionalPaths.get(path);
  if (row !== undefined) return row[holder];
  const group = ownTokenPaths.find(({ prefix }) => path.startsWith(prefix));
  return group === undefined ? otherwise : group[holder];
}
