/** Reads settings from a document in Redis, through a client of yours. */
import { ConfigurationError, requireOptions, requireShape } from "@lingpai/core";
import type { KindsOf } from "@lingpai/core";
import type { ConfigSource, Scope } from "../../source.ts";
import type { DocumentFormat } from "../document.ts";
import { formatOf, parseDocument } from "../document.ts";
import type { NameOption } from "../source-options.ts";
import { nameFor, requireName, requireSourceWords } from "../source-options.ts";
import { checkedPollMs, poll } from "../poll.ts";

/**
 * The part of the client that is used. Clients of ioredis and `@redis/client` have it. The client
 * is never closed or configured.
 */
export interface RedisReader {
  get(key: string): Promise<unknown>;
}

export interface RedisSourceOptions {
  /** The key of a string with a document: `"lingpai.yaml"`. */
  readonly key: NameOption;
  /** @defaultValue by the key's extension; YAML if it has none */
  readonly format?: DocumentFormat;
  /** True allows the key to be missing. @defaultValue false */
  readonly optional?: boolean;
  /** @defaultValue "all" */
  readonly scope?: Scope;
  /**
   * How often the key is read, in ms, from 100. Use {@link cacheSource} for pushed changes and
   * sealed documents. @defaultValue 5_000
   */
  readonly pollMs?: number;
}

/**
 * Makes a source of one key: a YAML or JSON document, which `redis-cli SET` can write. Redis does
 * not report changes of a key, so it is polled.
 */
export function redisSource(client: RedisReader, options: RedisSourceOptions): ConfigSource {
  requireShape("client", client, ["get"], "Give a client of ioredis or @redis/client.");
  requireOptions("redisSource()", options, {
    format: "text",
    key: ["text", "function"],
    optional: "boolean",
    pollMs: "number",
    scope: "text",
  } satisfies KindsOf<RedisSourceOptions>);
  requireSourceWords(options);
  requireName("redisSource()", "key", options.key);
  const { key, optional = false, scope = "all", pollMs = 5_000 } = options;
  checkedPollMs(pollMs, 100);
  const read = async (environment: string): Promise<string | undefined> => {
    const value = await client.get(nameFor(key, environment));
    return value === null || value === undefined ? undefined : String(value);
  };
  return {
    name: typeof key === "string" ? `redis ${key}` : "redis",
    scope,
    isRemote: true,
    async load({ environment }) {
      const name = nameFor(key, environment);
      const text = await read(environment);
      if (text !== undefined)
        return parseDocument(text, options.format ?? formatOf(name), `redis ${name}`);
      if (optional) return [];
      throw new ConfigurationError(
        `has no key ${name}. Set it, check the database's number, or pass optional: true`,
      );
    },
    watch: (context) => poll(context, pollMs),
  };
}
