/**
 * Reads settings from a document in any of Lingpai's caches. Changes are pushed if the store
 * pushes, and the document is sealed if the cache is.
 */
import { ConfigurationError, requireCache, requireOptions } from "@lingpai/core";
import type { Cache, KindsOf } from "@lingpai/core";
import type { ConfigSource, Scope, WatchContext } from "../../source.ts";
import type { DocumentFormat } from "../document.ts";
import { formatOf, parseDocument } from "../document.ts";
import type { NameOption } from "../source-options.ts";
import { nameFor, requireSourceWords } from "../source-options.ts";
import { checkedPollMs, poll } from "../poll.ts";

export interface CacheSourceOptions {
  /** @defaultValue "lingpai.yaml" */
  readonly key?: NameOption;
  /** @defaultValue by the key's extension; YAML if it has none */
  readonly format?: DocumentFormat;
  /** True allows the entry to be missing. @defaultValue false */
  readonly optional?: boolean;
  /** @defaultValue "all" */
  readonly scope?: Scope;
  /**
   * How often the entry is read if the store does not push changes, in ms, from 100.
   * @defaultValue 5_000
   */
  readonly pollMs?: number;
}

/**
 * Makes a source of one entry: a YAML or JSON document, written with `cache.set(key, text)`. You
 * keep the cache and close it.
 */
export function cacheSource(cache: Cache, options: CacheSourceOptions = {}): ConfigSource {
  requireCache(cache);
  requireOptions("cacheSource()", options, {
    format: "text",
    key: ["text", "function"],
    optional: "boolean",
    pollMs: "number",
    scope: "text",
  } satisfies KindsOf<CacheSourceOptions>);
  requireSourceWords(options);
  const { key = "lingpai.yaml", optional = false, scope = "all", pollMs = 5_000 } = options;
  checkedPollMs(pollMs, 100);
  return {
    name: typeof key === "string" ? `cache ${key}` : "cache",
    scope,
    isRemote: true,
    async load({ environment }) {
      const name = nameFor(key, environment);
      const entry = await cache.get(name);
      if (entry !== undefined)
        return parseDocument(entry.value, options.format ?? formatOf(name), `cache ${name}`);
      if (optional) return [];
      throw new ConfigurationError(`has no entry ${name}. Set it, or pass optional: true`);
    },
    async watch(context) {
      const name = nameFor(key, context.environment);
      await (cache.watch === undefined
        ? poll(context, pollMs)
        : listen(cache.watch.bind(cache), name, context));
    },
  };
}

async function listen(
  watch: NonNullable<Cache["watch"]>,
  name: string,
  { signal, changed }: WatchContext,
): Promise<void> {
  // An undefined key means that messages may have been lost.
  const unsubscribe = await watch((key) => {
    if (key === undefined || key === name) changed();
  });
  changed();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await unsubscribe();
}
