/**
 * The tokens of WeCom service providers: the suite's token (obtained with a pushed ticket), the
 * tokens of corps that installed the suite, and the provider's own.
 */
import { IssueError } from "@lingpai/core";
import type { Issued, Issuer, IssueRequest } from "@lingpai/core";
import { requestDatedToken } from "../tokens/token-request.ts";
import type { TokenRequest } from "../tokens/token-request.ts";
import { issueOfKnownAge } from "../tokens/credential-age.ts";
import { requirePartOptions } from "../options/option-names.ts";
import { createPlatform } from "../transport/platform.ts";
import type { Platform, PlatformOptions } from "../transport/platform.ts";
import { secretSource } from "../tokens/secret-source.ts";
import type { SecretOption } from "../tokens/secret-source.ts";
import { checkedApp, checkedId, corpIdShape, corpSecretShape } from "../options/validate.ts";
import { confirmMs, wecomLifetimeMs } from "./wecom-token.ts";

interface SharedOptions extends PlatformOptions {
  /**
   * Removes white space around the secret.
   * @defaultValue false
   */
  readonly trim?: boolean;
}

export interface SuiteTokenOptions extends SharedOptions {
  /** The suite's id: 1 to 64 of `A-Za-z0-9._-`. */
  readonly suiteId: string;
  /** The suite's secret, or a function that returns it and is called at each fetch. */
  readonly secret: SecretOption;
}

export interface CorpTokenOptions extends SharedOptions {
  readonly suiteId: string;
  /** The corp that installed the suite. */
  readonly corpId: string;
  /**
   * The permanent code from the corp's installation, or a function that returns it and is called at
   * each fetch. A new installation has a new code.
   */
  readonly permanentCode: SecretOption;
}

export interface ProviderTokenOptions extends SharedOptions {
  /** The service provider's own corp id. */
  readonly corpId: string;
  /** The provider's secret, or a function that returns it and is called at each fetch. */
  readonly secret: SecretOption;
}

/**
 * Fetches through `POST /cgi-bin/service/get_suite_token`. Give the pushed ticket, which WeCom
 * accepts for 30 minutes, as `parent`. A fetch harms nobody.
 *
 * @throws {ConfigurationError} The id, the secret or the base URL is invalid.
 */
export function suiteToken(options: SuiteTokenOptions): Issuer {
  requirePartOptions("suiteToken()", options, ["secret", "suiteId", "trim"]);
  const suiteId = checkedApp(options.suiteId);
  const id = `wecom:suite:${suiteId}`;
  const platform = createPlatform(options, "wecom");
  const source = secretSource(id, options.secret, {
    ...options,
    shape: corpSecretShape,
    table: platform.table,
  });
  return {
    ...wecomIssuer(id, platform, source.revision),
    issue: (request) =>
      source.use(request.signal, async (secret) => {
        const ticket = needed(request.parent?.reveal(), id, "a pushed ticket");
        const json = { suite_id: suiteId, suite_secret: secret, suite_ticket: ticket };
        return requestToken(
          platform,
          request,
          {
            path: "/cgi-bin/service/get_suite_token",
            json,
            secrets: [secret, ticket],
            subject: suiteId,
            endpoint: "token",
          },
          "suite_access_token",
        );
      }),
  };
}

/**
 * Fetches through `POST /cgi-bin/service/get_corp_token`. Give the suite token's credential as
 * `parent`. An invalid permanent code (40084) affects only that corp.
 *
 * @throws {ConfigurationError} An id, the code or the base URL is invalid.
 */
export function corpToken(options: CorpTokenOptions): Issuer {
  requirePartOptions("corpToken()", options, ["corpId", "permanentCode", "suiteId", "trim"]);
  const suiteId = checkedApp(options.suiteId);
  const corpId = checkedId(options.corpId, corpIdShape);
  const id = `wecom:corp:${suiteId}:${corpId}`;
  const platform = createPlatform(options, "wecom");
  const source = secretSource(id, options.permanentCode, {
    ...options,
    shape: { ...corpSecretShape, name: "permanent code" },
    table: platform.table,
  });
  return {
    ...wecomIssuer(id, platform, source.revision),
    issue: (request) =>
      source.use(request.signal, async (permanentCode) => {
        const token = needed(request.parent?.reveal(), id, "the suite's token");
        const json = { auth_corpid: corpId, permanent_code: permanentCode };
        const query = { suite_access_token: token };
        return requestToken(
          platform,
          request,
          {
            path: "/cgi-bin/service/get_corp_token",
            query,
            json,
            secrets: [token, permanentCode],
            subject: corpId,
            endpoint: "derived",
          },
          "access_token",
        );
      }),
  };
}

/**
 * Fetches through `POST /cgi-bin/service/get_provider_token`. A fetch harms nobody.
 *
 * @throws {ConfigurationError} The corp id, the secret or the base URL is invalid.
 */
export function providerToken(options: ProviderTokenOptions): Issuer {
  requirePartOptions("providerToken()", options, ["corpId", "secret", "trim"]);
  const corpId = checkedId(options.corpId, corpIdShape);
  const id = `wecom:provider:${corpId}`;
  const platform = createPlatform(options, "wecom");
  const source = secretSource(id, options.secret, {
    ...options,
    shape: corpSecretShape,
    table: platform.table,
  });
  return {
    ...wecomIssuer(id, platform, source.revision),
    issue: (request) =>
      source.use(request.signal, async (secret) => {
        const json = { corpid: corpId, provider_secret: secret };
        return requestToken(
          platform,
          request,
          {
            path: "/cgi-bin/service/get_provider_token",
            json,
            secrets: [secret],
            subject: corpId,
            endpoint: "token",
          },
          "provider_access_token",
        );
      }),
  };
}

/** WeCom returns the same token until it expires, and states the whole lifetime each time. */
function wecomIssuer(
  id: string,
  { origin }: Platform,
  revision: () => string,
): Pick<Issuer, "id" | "origin" | "policy" | "lifetimeMs" | "revision"> {
  return { id, origin, policy: { kind: "sliding" }, lifetimeMs: wecomLifetimeMs, revision };
}

async function requestToken(
  platform: Platform,
  request: IssueRequest,
  tokenRequest: Omit<TokenRequest, "signal">,
  field: string,
): Promise<Issued> {
  const whole = { ...tokenRequest, signal: request.signal };
  return issueOfKnownAge({
    request,
    clock: platform.clock,
    confirmMs,
    requestToken: () => requestDatedToken(platform, whole, field),
  });
}

function needed(parent: string | undefined, id: string, what: string): string {
  if (parent === undefined)
    throw new IssueError("unsent", `${id} needs ${what}. Give it as parent.`);
  return parent;
}
