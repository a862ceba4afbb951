/** Settings from Apollo's config service, over its HTTP API. */
import { createHmac } from "node:crypto";
import { ConfigurationError, delay, requireKnown } from "@lingpai/core";
import type { Setting } from "../../setting.ts";
import type { ConfigSource, Scope, SourceContext } from "../../source.ts";
import { formatOf, parseDocument } from "../document.ts";
import { deadlineAfter, jsonOf, member, requireName, textOfSecret, unexpected } from "./http.ts";
import type { Fetch, SourceSecret } from "./http.ts";
import { createServers } from "./servers.ts";
import type { ServerAnswer } from "./servers.ts";

export interface ApolloSourceOptions {
  /**
   * The config service, not the portal, or several with commas between them:
   * `"http://10.0.0.5:8080,10.0.0.6:8080"`.
   */
  readonly url: string;
  /** The application in Apollo; no AppID of WeChat's. */
  readonly appId: string;
  /** @defaultValue "default" */
  readonly cluster?: string;
  /**
   * Later ones override earlier ones. One that ends in `.yaml`, `.yml` or `.json` is a document,
   * any other holds one key for each setting. @defaultValue ["application"]
   */
  readonly namespaces?: readonly string[];
  /**
   * Only keys that begin with this are read, less it: the namespace is shared with the rest of the
   * application. @defaultValue "lingpai."
   */
  readonly prefix?: string;
  /** The access key's secret, when the application has one. */
  readonly accessKey?: SourceSecret;
  /** This machine's address, for releases to some machines only. */
  readonly ip?: string;
  /** Whether namespaces may be missing. @defaultValue false */
  readonly optional?: boolean;
  /** @defaultValue "environment" */
  readonly scope?: Scope;
  readonly fetch?: Fetch;
}

/** The config service holds a question for 60 s. */
const holdMs = 90_000;
const gapMs = 1_000;

const optionNames = [
  "accessKey",
  "appId",
  "cluster",
  "fetch",
  "ip",
  "namespaces",
  "optional",
  "prefix",
  "scope",
  "url",
] as const;

/**
 * Released settings, told of by Apollo's notifications. An Apollo serves one environment, so by
 * default its settings hold for this one.
 */
export function apolloSource(options: ApolloSourceOptions): ConfigSource {
  requireKnown("apolloSource()", options, optionNames);
  requireName("apolloSource()", "appId", options.appId);
  const { appId, cluster = "default", namespaces = ["application"] } = options;
  const { optional = false, prefix = "lingpai.", scope = "environment" } = options;
  const servers = createServers("Apollo", options.url, options.fetch);
  /** The namespaces that have had a release. */
  const filled = new Set<string>();
  /**
   * What the last notification of each namespace said: sent along, so that a config service that
   * lags behind reads anew.
   */
  const messages = new Map<string, string>();

  const get = async (
    path: string,
    query: URLSearchParams,
    { clock, signal }: SourceContext,
    isHeld = false,
  ): Promise<ServerAnswer> => {
    const target = `${path}?${query}`;
    const signedUrl = new URL(`${servers.current}${target}`);
    const headers =
      options.accessKey === undefined
        ? {}
        : signed(appId, await textOfSecret(options.accessKey), signedUrl, clock.wallMs());
    return servers.send({ path: target, init: { headers }, clock, signal, isHeld });
  };

  const loadNamespace = async (
    namespace: string,
    context: SourceContext,
  ): Promise<readonly Setting[]> => {
    const told = messages.get(namespace);
    const query = new URLSearchParams({
      ...(options.ip === undefined ? {} : { ip: options.ip }),
      ...(told === undefined ? {} : { messages: told }),
    });
    const answer = await get(
      `/configs/${[appId, cluster, namespace].map(encodeURIComponent).join("/")}`,
      query,
      context,
    );
    if (isAbsence(answer) && filled.has(namespace))
      throw new ConfigurationError(
        `has no release of ${namespace} any more. What it held stays in force. Release it, or restart this process`,
      );
    if (isAbsence(answer) && optional) return [];
    if (isAbsence(answer))
      throw new ConfigurationError(
        `has no release of ${appId}/${cluster}/${namespace}. Release it, or pass optional: true`,
      );
    if (answer.status !== 200) throw unexpected({}, answer.url, answer.status);
    filled.add(namespace);
    return settingsOfRelease(
      member(jsonOf(answer, answer.url), "configurations"),
      namespace,
      prefix,
    );
  };

  return {
    name: `apollo ${appId}/${cluster}`,
    scope,
    isRemote: true,
    load: async (context) =>
      (await Promise.all(namespaces.map((namespace) => loadNamespace(namespace, context)))).flat(),
    async watch(context) {
      const ids = new Map(namespaces.map((namespace) => [namespace, -1]));
      for (let isFirst = true; !context.signal.aborted; isFirst = false) {
        const query = new URLSearchParams({
          appId,
          cluster,
          notifications: JSON.stringify(
            [...ids].map(([namespaceName, notificationId]) => ({ namespaceName, notificationId })),
          ),
        });
        const deadline = deadlineAfter(context.clock, holdMs, context.signal);
        try {
          const answer = await get(
            "/notifications/v2",
            query,
            { ...context, signal: deadline.signal },
            true,
          );
          if (answer.status !== 200 && answer.status !== 304)
            throw unexpected({}, answer.url, answer.status);
          if (answer.status === 200) note(jsonOf(answer, answer.url), ids, messages);
          if (answer.status === 200 || isFirst) context.changed();
          await delay(context.clock, gapMs, context.signal);
        } catch (error) {
          if (!context.signal.aborted) throw error;
        } finally {
          deadline.cancel();
        }
      }
    },
  };
}

/**
 * Whether the config service itself says that nothing is released. Any other 404 is the answer of
 * something else on the way. Apollo 1.0 to 2.4, seen 2026-11.
 */
function isAbsence({ status, text }: ServerAnswer): boolean {
  return status === 404 && text.includes("Could not load configurations");
}

function settingsOfRelease(
  configurations: unknown,
  namespace: string,
  prefix: string,
): readonly Setting[] {
  if (typeof configurations !== "object" || configurations === null)
    throw new ConfigurationError("answered without configurations. Check the address");
  const content = member(configurations, "content");
  if (/\.(ya?ml|json)$/.test(namespace)) {
    return typeof content === "string"
      ? parseDocument(content, formatOf(namespace), `apollo ${namespace}`)
      : [];
  }
  return Object.entries(configurations)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]: [string, unknown]) => ({
      path: key.slice(prefix.length).split("."),
      value,
      place: `apollo ${namespace} ${key}`,
    }));
}

/** Remembers how far each namespace has come. */
function note(
  notifications: unknown,
  ids: Map<string, number>,
  messages: Map<string, string>,
): void {
  for (const notification of Array.isArray(notifications) ? notifications : []) {
    const name = member(notification, "namespaceName");
    const id = member(notification, "notificationId");
    if (typeof name !== "string" || typeof id !== "number" || !ids.has(name)) continue;
    ids.set(name, id);
    const told = member(notification, "messages");
    if (told !== undefined && told !== null) messages.set(name, JSON.stringify(told));
  }
}

/** HMAC-SHA-1 of the time and the path with its query, as Apollo's access keys want it. */
function signed(
  appId: string,
  secret: string,
  { pathname, search }: URL,
  wallMs: number,
): Record<string, string> {
  const timestamp = String(wallMs);
  const signature = createHmac("sha1", secret)
    .update(`${timestamp}\n${pathname}${search}`)
    .digest("base64");
  return { authorization: `Apollo ${appId}:${signature}`, timestamp };
}
