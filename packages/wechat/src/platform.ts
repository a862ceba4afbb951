/** Where the platform is and how it is reached. */
import { ConfigurationError, systemClock } from "@lingpai/core";
import type { Clock } from "@lingpai/core";

/** `globalThis.fetch`, or what behaves like it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface PlatformOptions {
  /** Sends requests. The global one is looked up at each call, so that instrumentation installed later is used. @defaultValue `globalThis.fetch` */
  readonly fetch?: Fetch;
  /**
   * Where the platform is: an `https:` origin, with a path if a gateway needs one. `http:` is accepted for the loopback address alone.
   * @defaultValue "https://api.weixin.qq.com"
   */
  readonly baseUrl?: string;
  /** Used to tell when the platform's minute or day ends, if its answer carries no date. @defaultValue the system's clock */
  readonly clock?: Clock;
}

export interface Platform {
  readonly fetch: Fetch;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly clock: Clock;
}

/** @throws {ConfigurationError} `base-url` */
export function createPlatform(options: PlatformOptions, defaultBaseUrl: string = "https://api.weixin.qq.com"): Platform {
  return {
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    baseUrl: checkedBaseUrl(options.baseUrl ?? defaultBaseUrl),
    clock: options.clock ?? systemClock,
  };
}

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

function checkedBaseUrl(value: string): string {
  const refuse = (what: string): never => {
    throw new ConfigurationError(`The base URL ${what}. Give an https: origin, such as "https://api.weixin.qq.com".`, { rule: "base-url" });
  };
  const url = URL.canParse(value) ? new URL(value) : refuse("is not a URL");
  if (url.username !== "" || url.password !== "") return refuse("holds a user name or a password");
  if (url.search !== "" || url.hash !== "") return refuse("holds a query or a fragment");
  if (loopback.has(url.hostname))
    return url.protocol === "https:" || url.protocol === "http:" ? plain(url) : refuse("is neither https: nor http:");
  if (url.protocol !== "https:") return refuse("is not https:, so the secret would travel in clear");
  if (/^(\d+\.){3}\d+$|^\[/.test(url.hostname)) return refuse("names an address instead of a host, so its certificate would prove nothing");
  return plain(url);
}

function plain(url: URL): string {
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
