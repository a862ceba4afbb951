/**
 * Where calls with a credential go, and how they carry it: what the credential says of its origin
 * decides.
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

/** Credentials that are not sent as `access_token`, by how their ids begin. */
const parameters: readonly (readonly [prefix: string, parameter: TokenParameter])[] = [
  ["wechat:component:", componentParameter],
  ["wecom:suite:", suiteParameter],
  ["wecom:provider:", providerParameter],
];

/**
 * The platform that issued the credential, at the base URL that it was fetched from unless the
 * options name another of the same platform.
 *
 * @throws {ConfigurationError} `base-url`: it cannot be right, or belongs to the other platform.
 *   `origin`: the credential is of neither.
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
