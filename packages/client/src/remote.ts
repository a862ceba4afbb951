/** A source of credentials for nodes without an AppSecret: a token server. */
import { ConfigurationError, requireOptions, systemClock, systemRandom } from "@lingpai/core";
import type { Clock, Credential, CredentialSource, KindsOf, Random } from "@lingpai/core";
import { RemoteCredential } from "./remote-credential.ts";
import { Servers } from "./servers.ts";

export interface RemoteOptions {
  /** The addresses of the token server's replicas, without a path. The first one is asked first. */
  readonly urls: readonly [string, ...string[]];
  /**
   * The server key, or a function that returns it and is called at each request, so that it can be
   * replaced while the process runs. It needs the rights `read` and `reject`.
   */
  readonly key: string | (() => string | Promise<string>);
  /** The reference of a credential on the server. @defaultValue the credential's id */
  readonly refOf?: (id: string) => string;
  /** How long a caller waits for a credential, in ms: 100 to 120 000. @defaultValue 10_000 */
  readonly waitMs?: number;
  /** Names this process in events. @defaultValue "client" */
  readonly node?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
  readonly random?: Random;
}

const kinds = {
  clock: "clock",
  fetch: "function",
  key: ["text", "function"],
  node: "text",
  random: "random",
  refOf: "function",
  urls: "texts",
  waitMs: "number",
} satisfies KindsOf<RemoteOptions>;

/**
 * Makes a source of credentials over a token server, for a client:
 * `wechat({ appId, source: remote({ urls, key }) })`. It sends nothing yet.
 *
 * @throws {ConfigurationError} An address is no http or https URL, or a number is out of range.
 */
export function remote(options: RemoteOptions): CredentialSource {
  requireOptions("remote()", options, kinds);
  const { clock = systemClock, random = systemRandom, node = "client", waitMs = 10_000 } = options;
  const { fetch = globalThis.fetch, key, refOf = (id) => id } = options;
  if (!(waitMs >= 100 && waitMs <= 120_000))
    throw new ConfigurationError(`waitMs is 100 to 120000, not ${waitMs}.`, { rule: "range" });
  if (typeof key !== "function" && !/^[\x21-\x7e]{1,512}$/.test(key))
    throw new ConfigurationError("The server key is no text of visible characters.");
  const urls = (options.urls ?? []).map(baseOf);
  if (urls.length === 0) throw new ConfigurationError("Give the address of a token server.");
  const keyOf = typeof key === "function" ? key : () => key;
  return {
    credential: (id, origin): Credential =>
      new RemoteCredential({
        id,
        ref: refOf(id),
        origin,
        node,
        servers: new Servers({ urls, key: keyOf, fetch, clock }),
        clock,
        random,
        waitMs,
      }),
  };
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== "" ||
    url.search !== ""
  )
    throw new ConfigurationError(
      "An address of a token server is a URL such as https://tokens.internal.",
    );
  return url.href.replace(/\/+$/, "");
}
