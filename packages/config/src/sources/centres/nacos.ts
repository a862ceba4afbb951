/**
 * Reads settings from Nacos, over its HTTP API: version 1, which Nacos 1 and 2 have and which
 * reports changes, or version 3.
 */
import { ConfigurationError, delay, requireOneOf, requireOptions } from "@lingpai/core";
import type { KindsOf } from "@lingpai/core";
import type { ConfigSource, Scope, SourceContext } from "../../source.ts";
import type { DocumentFormat } from "../document.ts";
import { formatOf, parseDocument } from "../document.ts";
import { checkedPollMs, poll } from "../poll.ts";
import { nameFor, requireName, requireSourceWords } from "../source-options.ts";
import type { NameOption, SourceSecret } from "../source-options.ts";
import type { Fetch } from "./http.ts";
import { createNacosServer, longPoll, readV1, readV3 } from "./nacos-api.ts";
import type { NacosNames } from "./nacos-api.ts";

export interface NacosSourceOptions {
  /**
   * The URL of a server, or several, separated by commas: `"http://10.0.0.5:8848,10.0.0.6:8848"`.
   * The context path `/nacos` is added if it has no path.
   */
  readonly url: string;
  /** The id of the configuration: `"lingpai.yaml"`. */
  readonly dataId: NameOption;
  /** @defaultValue "DEFAULT_GROUP" */
  readonly group?: string;
  /** The id of the namespace (tenant). @defaultValue the public one */
  readonly namespace?: NameOption;
  /** @defaultValue by the extension of the data id; YAML if it has none */
  readonly format?: DocumentFormat;
  /**
   * `v3` for Nacos 3, whose HTTP API does not report changes, so it is polled every `pollMs`.
   * @defaultValue "v1"
   */
  readonly api?: "v1" | "v3";
  /** Needed, with a password, if the server's authentication is on. */
  readonly username?: string;
  readonly password?: SourceSecret;
  /** True allows the configuration to be missing. @defaultValue false */
  readonly optional?: boolean;
  /** @defaultValue "all" */
  readonly scope?: Scope;
  /** How often `v3` is polled, in ms, from 1000. @defaultValue 10_000 */
  readonly pollMs?: number;
  readonly fetch?: Fetch;
}

/**
 * The least time between two long polls, so that a server or proxy that does not hold them is not
 * flooded.
 */
const gapMs = 1_000;

const kinds = {
  api: "text",
  dataId: ["text", "function"],
  fetch: "function",
  format: "text",
  group: "text",
  namespace: ["text", "function"],
  optional: "boolean",
  password: ["text", "function", "object"],
  pollMs: "number",
  scope: "text",
  url: "text",
  username: "text",
} satisfies KindsOf<NacosSourceOptions>;

/**
 * Makes a source of one configuration, a YAML or JSON document. The password is sent in a form and
 * the token in a header, so neither is in a URL.
 */
export function nacosSource(options: NacosSourceOptions): ConfigSource {
  requireOptions("nacosSource()", options, kinds);
  requireOneOf("api", options.api, ["v1", "v3"]);
  requireSourceWords(options);
  requireName("nacosSource()", "dataId", options.dataId);
  const {
    dataId,
    group = "DEFAULT_GROUP",
    api = "v1",
    optional = false,
    scope = "all",
    pollMs = 10_000,
  } = options;
  checkedPollMs(pollMs, 1000);
  const server = createNacosServer(options);

  const namesIn = (environment: string): NacosNames => ({
    dataId: nameFor(dataId, environment),
    group,
    namespace: nameFor(options.namespace ?? "", environment),
  });

  /** The content, or undefined when there is none. */
  const read = async (context: SourceContext): Promise<string | undefined> => {
    const names = namesIn(context.environment);
    return api === "v1" ? readV1(server, names, context) : readV3(server, names, context);
  };

  return {
    name: typeof dataId === "string" ? `nacos ${group}/${dataId}` : `nacos ${group}`,
    scope,
    isRemote: true,
    async load(context) {
      const content = await read(context);
      const names = namesIn(context.environment);
      if (content !== undefined)
        return parseDocument(
          content,
          options.format ?? formatOf(names.dataId),
          `nacos ${group}/${names.dataId}`,
        );
      if (optional) return [];
      throw new ConfigurationError(
        `has no configuration ${names.dataId} in the group ${group}. Publish it, check the namespace, or pass optional: true`,
      );
    },
    async watch(context) {
      if (api === "v3") return poll(context, pollMs);
      let content = await read(context);
      context.changed();
      while (!context.signal.aborted) {
        try {
          const isChanged = await longPoll(server, namesIn(context.environment), content, context);
          await delay(context.clock, gapMs, context.signal, { background: true });
          if (!isChanged) continue;
          content = await read(context);
          // Even if the content is the old one again: the value in between may have been read.
          context.changed();
        } catch (error) {
          if (!context.signal.aborted) throw error;
        }
      }
    },
  };
}
