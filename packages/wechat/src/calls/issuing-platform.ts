/**
 * Finds where calls with a credential go and which query parameter carries the token, from the
 * credential's origin.
 */
import { ConfigurationError } from "@lingpai/core";
import type { Credential } from "@lingpai/core";
import type { PlatformName } from "../transport/hosts.ts";
import { createPlatform } from "../transport/platform.ts";
import type { Platform, PlatformOptions } from "../transport/platform.ts";
import {
  accountParameter,
  componentParameter,
  providerParameter,
  suiteParameter,
} from "./token-parameter.ts";
import type { TokenParameter } from "./token-parameter.ts";

export interface IssuingPlatform {
  readonly platform: Platform;
  readonly tokenParameter: TokenParameter;
}

/** Credentials that are not sent as `access_token`, by the beginning of their ids. */
const parameters: readonly (readonly [prefix: string, parameter: TokenParameter])[] = [
  ["wechat:component:", componentParameter],
  ["wecom:suite:", suiteParameter],
  ["wecom:provider:", providerParameter],
];

/**
 * The platform that issued the credential, at the base URL from which the token was fetched. The
 * options may name another base URL of the same platform.
 *
 * @throws {ConfigurationError} `base-url`: it is invalid, or belongs to the other platform.
 *   `origin`: neither platform issued the credential.
 */
export function issuingPlatform(credential: Credential, options: PlatformOptions): IssuingPlatform {
  const { id, origin } = credential;
  const baseUrl = options.baseUrl ?? origin?.baseUrl;
  const platform = createPlatform(
    { ...options, ...(baseUrl === undefined ? {} : { baseUrl }) },
    platformOf(id, origin?.platform),
  );
  const tokenParameter =
    parameters.find(([prefix]) => id.startsWith(prefix))?.[1] ?? accountParameter;
  return { platform, tokenParameter };
}

function platformOf(id: string, stated: string | undefined): PlatformName {
  const name = stated ?? (id.startsWith("wecom:") ? "wecom" : "wechat");
  if (name === "wechat" || name === "wecom") return name;
  throw new ConfigurationError(
    `The credential "${id}" is of the platform "${name}", whose calls this client does not know.`,
    {
      rule: "origin",
    },
  );
}
