/** Reads settings from Apollo's config service, over its HTTP API. */
import { delay, requireOptions } from "@lingpai/core";
import type { KindsOf } from "@lingpai/core";
import type { ConfigSource, Scope } from "../../source.ts";
import { requireName, requireSourceWords } from "../source-options.ts";
import type { SourceSecret } from "../source-options.ts";
import { createApolloApi } from "./apollo-api.ts";
import type { Fetch } from "./http.ts";

export interface ApolloSourceOptions {
  /**
   * The URL of the config service, not of the portal, or several, separated by commas:
   * `"http://10.0.0.5:8080,10.0.0.6:8080"`.
   */
  readonly url: string;
  /** The application in Apollo. It is not a WeChat AppID. */
  readonly appId: string;
  /** @defaultValue "default" */
  readonly cluster?: string;
  /**
   * Later namespaces override earlier ones. A name that ends in `.yaml`, `.yml` or `.json` is a
   * document; any other namespace has one key for each setting. @defaultValue ["application"]
   */
  readonly namespaces?: readonly string[];
  /**
   * Only keys with this prefix are read, and the prefix is removed. The rest of the application
   * uses the namespace, too. @defaultValue "lingpai."
   */
  readonly prefix?: string;
  /** The secret of the access key, if the application has one. */
  readonly accessKey?: SourceSecret;
  /** This machine's IP address, for grey releases. */
  readonly ip?: string;
  /** True allows namespaces to be missing. @defaultValue false */
  readonly optional?: boolean;
  /** @defaultValue "environment" */
  readonly scope?: Scope;
  readonly fetch?: Fetch;
}

const gapMs = 1_000;

const kinds = {
  accessKey: ["text", "function", "object"],
  appId: "text",
  cluster: "text",
  fetch: "function",
  ip: "text",
  namespaces: "texts",
  optional: "boolean",
  prefix: "text",
  scope: "text",
  url: "text",
} satisfies KindsOf<ApolloSourceOptions>;

/**
 * Makes a source of the released settings. Apollo's notifications report changes. An Apollo serves
 * one environment, so by default its settings apply to this environment only.
 */
export function apolloSource(options: ApolloSourceOptions): ConfigSource {
  requireOptions("apolloSource()", options, kinds);
  requireSourceWords(options);
  requireName("apolloSource()", "appId", options.appId);
  const { appId, cluster = "default", namespaces = ["application"] } = options;
  const api = createApolloApi({ prefix: "lingpai.", ...options, cluster });
  return {
    name: `apollo ${appId}/${cluster}`,
    scope: options.scope ?? "environment",
    isRemote: true,
    load: async (context) =>
      (await Promise.all(namespaces.map((namespace) => api.load(namespace, context)))).flat(),
    async watch(context) {
      const ids = new Map(namespaces.map((namespace) => [namespace, -1]));
      for (let isFirst = true; !context.signal.aborted; isFirst = false) {
        try {
          const isChanged = await api.longPoll(ids, context);
          if (isChanged || isFirst) context.changed();
          await delay(context.clock, gapMs, context.signal, { background: true });
        } catch (error) {
          if (!context.signal.aborted) throw error;
        }
      }
    },
  };
}
