/** A target: the keys in which a service on another SDK keeps the credential of one account. */
import { createHash } from "node:crypto";
import { ConfigurationError, requireOptions } from "@lingpai/core";
import { conventions } from "./conventions.ts";
import type { Convention, ConventionName, Encoding } from "./conventions.ts";

export interface Target {
  readonly convention: ConventionName;
  /** The AppID, or the CorpID. */
  readonly appId: string;
  /** The app of a corp, for a convention whose key contains it. */
  readonly agentId?: string;
  /** The prefix that its users configured. @defaultValue the SDK's own */
  readonly prefix?: string;
  /**
   * The AppSecret, for a convention whose key contains it. `powerwechat` hashes it; `easywechat`
   * and `node-easywechat` write it into the key in clear.
   */
  readonly secret?: string;
  /**
   * Allows a key that contains the AppSecret in clear. MONITOR, slow logs, backups and key listings
   * then show it. A better way: set a key of its own in that SDK, and use the `set-key` convention.
   * @defaultValue false
   */
  readonly acceptSecretInKey?: boolean;
}

/** A target with its keys. Never log it: a key may contain a secret. */
export interface ResolvedTarget {
  readonly name: ConventionName;
  readonly convention: Convention;
  readonly keys: readonly { readonly key: string; readonly encoding: Encoding }[];
}

/**
 * Computes the target's keys. Warns once a call if a key contains a secret
 * (`LINGPAI_SECRET_IN_KEY`).
 *
 * @throws {ConfigurationError} `target`: the convention is unknown, a part of the key is missing,
 *   or the key contains a secret in clear that was not accepted.
 */
export function resolveTarget(target: Target, what = "A target"): ResolvedTarget {
  requireOptions(what, target, {
    acceptSecretInKey: "boolean",
    agentId: "text",
    appId: "text",
    convention: "text",
    prefix: "text",
    secret: "text",
  });
  const { convention: name } = target;
  const convention = Object.hasOwn(conventions, name) ? conventions[name] : undefined;
  if (convention === undefined) {
    return refuse(
      `${what} has no known convention: ${JSON.stringify(name)}. There are: ${Object.keys(conventions).join(", ")}.`,
    );
  }
  const exposesSecret = convention.keys.some(({ template }) => template.includes("{secret}"));
  if (exposesSecret && target.acceptSecretInKey !== true) {
    return refuse(
      `${convention.sdk} puts the AppSecret into its key ("${name}"). Everybody who can list keys can read it. ` +
        `Set a key of its own in that SDK (setKey) and use the convention that ends in "/set-key", or accept the risk with acceptSecretInKey: true.`,
    );
  }
  const keys = convention.keys.map(({ template, encoding }) => ({
    key: fill(template, target, convention),
    encoding,
  }));
  if (exposesSecret) {
    process.emitWarning(
      `A Redis key for ${convention.sdk} ("${name}") holds the AppSecret of ${target.appId} in clear.`,
      {
        code: "LINGPAI_SECRET_IN_KEY",
      },
    );
  }
  return { name, convention, keys };
}

function fill(template: string, target: Target, { prefix }: Convention): string {
  const part = (name: "appId" | "agentId" | "secret"): string =>
    target[name] || refuse(`The key of "${target.convention}" contains the ${name}. Give it.`);
  const parts: Readonly<Record<string, () => string>> = {
    "{prefix}": () => target.prefix ?? prefix ?? "",
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
  throw new ConfigurationError(message, { rule: "target" });
}
