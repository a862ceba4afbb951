/**
 * The kinds of options that several sources take: secrets, and names that depend on the
 * environment.
 */
import { ConfigurationError, requireOneOf, Secret } from "@lingpai/core";

/**
 * A secret that a source itself needs: text, or a function that is called at each use, so that the
 * secret can be rotated.
 */
export type SourceSecret = string | Secret | (() => string | Secret | Promise<string | Secret>);

export async function textOfSecret(secret: SourceSecret): Promise<string> {
  const given = typeof secret === "function" ? await secret() : secret;
  return given instanceof Secret ? given.reveal() : given;
}

/** A name, or a function of the environment: `(environment) => `lingpai/${environment}/``. */
export type NameOption = string | ((environment: string) => string);

/** @throws {ConfigurationError} `source` */
export function requireName(what: string, option: string, given: unknown): void {
  if (typeof given === "function" || (typeof given === "string" && given !== "")) return;
  throw new ConfigurationError(`${what} needs ${option}, a text.`, { rule: "source" });
}

export function nameFor(option: NameOption, environment: string): string {
  return typeof option === "function" ? option(environment) : option;
}

/** @throws {ConfigurationError} The word is not one of those allowed. */
export function requireSourceWords(options: {
  readonly scope?: string;
  readonly format?: string;
}): void {
  requireOneOf("scope", options.scope, ["all", "environment"]);
  requireOneOf("format", options.format, ["json", "yaml"]);
}
