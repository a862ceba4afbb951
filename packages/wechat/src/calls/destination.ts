/**
 * Decides which calls carry the token, and stops calls that would leave without the token they
 * need.
 */
import { ConfigurationError } from "@lingpai/core";
import { platformOfHost } from "../transport/hosts.ts";
import type { Platform } from "../transport/platform.ts";
import { tokenParameters } from "./token-parameter.ts";
import type { TokenParameter } from "./token-parameter.ts";

export interface Destination {
  /**
   * The query parameter that carries the token in a call to this URL. Undefined: the call carries
   * none.
   */
  parameterOf(url: URL): string | undefined;
  /**
   * True if this call carries the client's token.
   *
   * @throws {ConfigurationError} `destination`: the call needs a token and must not carry this
   *   client's. `token-parameter`: the URL has a template in the token's place.
   */
  takesToken(url: URL): boolean;
}

/** Texts that stand for a token in documentation and in URLs that nobody filled in. */
const template =
  /^(|\$?\{.*\}|<.*>|\[.*\]|%s|undefined|null|nan|none|(component_?|suite_?|provider_?|authorizer_?)?(access_?)?token|x+|\*+|your[-_ ].*)$/i;

export function tokenDestination(
  { name, baseUrl }: Pick<Platform, "name" | "baseUrl">,
  tokenParameter: TokenParameter,
): Destination {
  const base = new URL(baseUrl);
  const basePath = base.pathname.replace(/\/$/, "");
  const isBase = (url: URL): boolean =>
    url.origin === base.origin && url.pathname.startsWith(`${basePath}/`);
  const isPlatformHost = (url: URL): boolean =>
    platformOfHost(url.hostname) === name && url.port === "";
  /** All documented hosts serve the same, but a client of a gateway was not told to call them. */
  const isSibling = (url: URL): boolean =>
    url.protocol === "https:" && isPlatformHost(url) && isPlatformHost(base);
  const parameterOf = (url: URL): string | undefined =>
    tokenParameter(url.pathname.slice(isBase(url) ? basePath.length : 0));

  return {
    parameterOf,
    takesToken(url) {
      const isOwn = isBase(url) || isSibling(url);
      if ((!isOwn && !isPlatformHost(url)) || url.username !== "" || url.password !== "")
        return false;
      const brought = tokenParameters.filter((parameter) => url.searchParams.has(parameter));
      for (const parameter of brought) refuseTemplate(url, parameter);
      if (brought.length > 0 || parameterOf(url) === undefined) return false;
      if (isOwn) return true;
      const why =
        url.protocol === "https:"
          ? `this client's base URL is ${baseUrl}`
          : `it is ${url.protocol}, so the token would travel unencrypted`;
      throw new ConfigurationError(
        `A call to ${url.origin}${url.pathname} needs a token, and would have left without one, because ${why}. Call ${baseUrl}, or give request() the path.`,
        { rule: "destination" },
      );
    },
  };
}

function refuseTemplate(url: URL, parameter: string): void {
  if (!template.test(url.searchParams.get(parameter) ?? "")) return;
  throw new ConfigurationError(
    `The call to ${url.pathname} has a ${parameter} that is empty or a template, which the platform would refuse. Leave the parameter out: the token is added.`,
    { rule: "token-parameter" },
  );
}
