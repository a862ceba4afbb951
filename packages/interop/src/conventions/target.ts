/** A service on another SDK: its convention, and the account that it is about. */
import { createHash } from "node:crypto";
import { ConfigurationError, requireKnown } from "@lingpai/core";
import { conventions } from "./conventions.ts";
import type { Convention, ConventionName, Encoding } from "./conventions.ts";

export interface Neighbour {
  readonly convention: ConventionName;
  /** The AppID, or the CorpID. */
  readonly appId: string;
  /** Where the key tells the apps of a corp apart. */
  readonly agentId?: string;
  /** The prefix that its users configured. @defaultValue the SDK's own */
  readonly prefix?: string;
  /**
   * The AppSecret, where the SDK makes its key of it: `powerwechat` hashes it, `easywechat` and
   * `node-easywechat` put it into the key in clear.
   */
  readonly secret?: string;
  /**
   * Allows a key that holds the AppSecret in clear, which MONITOR, slow logs, backups and key
   * listings then show. Better: have that SDK set a key of its own, and use its `set-key`
   * convention. @defaultValue false
   */
  readonly acceptSecretInKey?: boolean;
}

/** A neighbour with its keys: never to be logged, a key may hold a secret. */
export interface Address {
  readonly name: ConventionName;
  readonly convention: Convention;
  readonly keys: readonly { readonly key: string; readonly encoding: Encoding }[];
}

/**
 * Works out the neighbour's keys, and warns once per call of a secret in them
 * (`LINGPAI_SECRET_IN_KEY`).
 *
 * @throws {ConfigurationError} `neighbour`: an unknown convention, a part that the key needs and
 *   that is not given, or a secret in clear that was not accepted.
 */
export function addressOf(neighbour: Neighbour): Address {
  requireKnown("A neighbour", neighbour, [
    "acceptSecretInKey",
    "agentId",
    "appId",
    "convention",
    "prefix",
    "secret",
  ]);
  const { convention: name } = neighbour;
  const convention = Object.hasOwn(conventions, name) ? conventions[name] : undefined;
  if (convention === undefined) {
    return refuse(
      `There is no convention ${JSON.stringify(name)}. There are: ${Object.keys(conventions).join(", ")}.`,
    );
  }
  const exposesSecret = convention.keys.some(({ template }) => template.includes("{secret}"));
  if (exposesSecret && neighbour.acceptSecretInKey !== true) {
    return refuse(
      `${convention.sdk} puts the AppSecret into its key ("${name}"), where everybody who can list keys reads it. ` +
        `Have it set a key of its own (setKey) and use the convention that ends in "/set-key"; or accept that with acceptSecretInKey: true.`,
    );
  }
  const keys = convention.keys.map(({ template, encoding }) => ({
    key: fill(template, neighbour, convention),
    encoding,
  }));
  if (exposesSecret) {
    process.emitWarning(
      `A Redis key for ${convention.sdk} ("${name}") holds the AppSecret of ${neighbour.appId} in clear.`,
      {
        code: "LINGPAI_SECRET_IN_KEY",
      },
    );
  }
  return { name, convention, keys };
}

function fill(template: string, neighbour: Neighbour, { prefix }: Convention): string {
  const part = (name: "appId" | "agentId" | "secret"): string =>
    neighbour[name] ||
    refuse(`The key of "${neighbour.convention}" is made with the ${name}. Give it.`);
  const parts: Readonly<Record<string, () => string>> = {
    "{prefix}": () => neighbour.prefix ?? prefix ?? "",
    "{appId}": () => part("appId"),
    "{agentId}": () => part("agentId"),
    "{secret}": () => part("secret"),
    "{md5(appId+secret)}": () =>
      createHash("md5")
        .update(part("appId") + part("secret"))
        .digest("hex"),
  };
  return template.replaceAll(/\{[^}]+\}/g, (name) => parts[name]?.() ?? name);
}

function refuse(message: string): never {
  throw new ConfigurationError(message, { rule: "neighbour" });
}
