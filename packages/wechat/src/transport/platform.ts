/** Where the platform is, and how to reach it. */
import { ConfigurationError, systemClock } from "@lingpai/core";
import type { Clock, CredentialOrigin } from "@lingpai/core";
import type { ErrorRow } from "../errors/error-row.ts";
import { errorTable } from "../errors/wechat-error-table.ts";
import { fallbackBaseUrls, mainBaseUrl, platformOfHost } from "./hosts.ts";
import type { PlatformName } from "./hosts.ts";
import type { Fetch } from "./fetch.ts";
import { withFallback } from "./fallback-hosts.ts";
import { wecomErrorTable } from "../errors/wecom-error-table.ts";

export interface PlatformOptions {
  /**
   * Sends requests. The global function is looked up at each call, so that instrumentation
   * installed later takes effect.
   * @defaultValue `globalThis.fetch`
   */
  readonly fetch?: Fetch;
  /**
   * The platform's address: an `https:` origin, with a path if a gateway needs one. `http:` is
   * accepted only for the loopback address.
   * @defaultValue "https://api.weixin.qq.com"
   */
  readonly baseUrl?: string;
  /**
   * Where a request is sent when it could not leave for the base URL: no connection was made, so
   * nothing was processed. Give base URLs in the order in which to try them, or `true` for those
   * that the platform documents (`api2`, `sh`, `sz` and `hk` of `api.weixin.qq.com`). A host that
   * answered stays in use for five minutes.
   * @defaultValue false
   */
  readonly fallbackBaseUrls?: boolean | readonly string[];
  /**
   * Tells when the platform's minute or day ends, if an answer carries no date.
   * @defaultValue the system's clock
   */
  readonly clock?: Clock;
}

export interface Platform {
  readonly name: PlatformName;
  readonly fetch: Fetch;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly clock: Clock;
  /** The error table of this platform. */
  readonly table: readonly ErrorRow[];
  /** The origin that this platform's credentials carry. */
  readonly origin: CredentialOrigin;
}

const tables: Readonly<Record<PlatformName, readonly ErrorRow[]>> = {
  wechat: errorTable,
  wecom: wecomErrorTable,
};

/**
 * @throws {ConfigurationError} `base-url`: a base URL is invalid, or belongs to the other platform.
 */
export function createPlatform(
  options: PlatformOptions,
  name: PlatformName = "wechat",
  isTokenless = false,
): Platform {
  const { fallbackBaseUrls: fallback = false, clock = systemClock } = options;
  const baseUrl = checkedBaseUrl(options.baseUrl ?? mainBaseUrl(name), name, isTokenless);
  const others = fallback === true ? fallbackBaseUrls(name) : fallback === false ? [] : fallback;
  const send: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const baseUrls = [baseUrl, ...others.map((each) => checkedBaseUrl(each, name))];
  return {
    name,
    fetch: baseUrls.length === 1 ? send : withFallback(send, baseUrls, clock),
    baseUrl,
    clock,
    table: tables[name],
    origin: { platform: name, baseUrl },
  };
}

/**
 * The platform's address inside WeChat's cloud hosting: its own network, on which no token or
 * secret travels (docs.cloudbase.net, 开放接口服务, 2026).
 */
export const cloudBaseUrl = "http://api.weixin.qq.com";

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

function checkedBaseUrl(value: string, name: PlatformName, isTokenless = false): string {
  const refuse = (what: string): never => {
    throw new ConfigurationError(
      `The base URL ${what}. Give an https: origin, such as "${mainBaseUrl(name)}".`,
      { rule: "base-url" },
    );
  };
  const url = URL.canParse(value) ? new URL(value) : refuse("is not a URL");
  const owner = platformOfHost(url.hostname);
  if (owner !== undefined && owner !== name)
    return refuse(`is ${url.hostname}, which is not of the platform that issues this credential`);
  if (url.username !== "" || url.password !== "") return refuse("holds a user name or a password");
  if (url.search !== "" || url.hash !== "") return refuse("holds a query or a fragment");
  if (loopback.has(url.hostname))
    return url.protocol === "https:" || url.protocol === "http:"
      ? plain(url)
      : refuse("is neither https: nor http:");
  if (value === cloudBaseUrl && isTokenless) return plain(url);
  if (url.protocol !== "https:")
    return refuse("is not https:, so the secret would travel unencrypted");
  if (/^(\d+\.){3}\d+$|^\[/.test(url.hostname))
    return refuse("names an address instead of a host, so its certificate would prove nothing");
  return plain(url);
}

function plain(url: URL): string {
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
