/** Settings from Apollo's config service, over its HTTP API. */
import { createHmac } from "node:crypto";
import { ConfigurationError, delay } from "@lingpai/core";
import type { Setting } from "../setting.ts";
import type { ConfigSource, Scope, SourceContext } from "../source.ts";
import { formatOf, parseDocument } from "./document.ts";
import { checkedUrl, deadlineAfter, exchange, jsonOf, member, textOfSecret, unexpected } from "./http.ts";
import type { Answer, Fetch, SourceSecret } from "./http.ts";

export interface ApolloSourceOptions {
  /** The config service, not the portal: `"http://10.0.0.5:8080"`. */
  readonly url: string;
  /** The application in Apollo; no AppID of WeChat's. */
  readonly appId: string;
  /** @defaultValue "default" */
  readonly cluster?: string;
  /** Later ones override earlier ones. One that ends in `.yaml`, `.yml` or `.json` is a document, any other holds one key for each setting. @defaultValue ["application"] */
  readonly namespaces?: readonly string[];
  /** Only keys that begin with this are read, less it: the namespace is shared with the rest of the application. @defaultValue "lingpai." */
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

/** Released settings, told of by Apollo's notifications. An Apollo serves one environment, so by default its settings hold for this one. */
export function apolloSource(options: ApolloSourceOptions): ConfigSource {
  const {
    appId,
    cluster = "default",
    namespaces = ["application"],
    prefix = "lingpai.",
    optional = false,
    scope = "environment",
  } = options;
  const url = checkedUrl("Apollo", options.url);
  /** What the last notification of each namespace said: sent along, so that a config service that lags behind reads anew. */
  const messages = new Map<string, string>();

  const get = async (path: string, query: URLSearchParams, { clock, signal }: SourceContext): Promise<Answer & { readonly url: URL }> => {
    const target = new URL(`${url}${path}?${query}`);
    const headers = options.accessKey === undefined ? {} : signed(appId, await textOfSecret(options.accessKey), target, clock.wallMs());
    return { ...(await exchange({ fetch: options.fetch, url: target, init: { headers }, signal })), url: target };
  };

  const loadNamespace = async (namespace: string, context: SourceContext): Promise<readonly Setting[]> => {
    const told = messages.get(namespace);
    const query = new URLSearchParams({
      ...(options.ip === undefined ? {} : { ip: options.ip }),
      ...(told === undefined ? {} : { messages: told }),
    });
    const answer = await get(`/configs/${[appId, cluster, namespace].map(encodeURIComponent).join("/")}`, query, context);
    if (answer.status === 404 && optional) return [];
    if (answer.status === 404)
      throw new ConfigurationError(`has no release of ${appId}/${cluster}/${namespace}. Release it, or pass optional: true`);
    if (answer.status !== 200) throw unexpected({}, answer.url, answer.status);
    return settingsOfRelease(member(jsonOf(answer, answer.url), "configurations"), namespace, prefix);
  };

  return {
    name: `apollo ${appId}/${cluster}`,
    scope,
    load: async (context) => (await Promise.all(namespaces.map((namespace) => loadNamespace(namespace, context)))).flat(),
    async watch(context) {
      const ids = new Map(namespaces.map((namespace) => [namespace, -1]));
      for (let isFirst = true; !context.signal.aborted; isFirst = false) {
        const query = new URLSearchParams({
          appId,
          cluster,
          notifications: JSON.stringify([...ids].map(([namespaceName, notificationId]) => ({ namespaceName, notificationId }))),
        });
        const deadline = deadlineAfter(context.clock, holdMs, context.signal);
        try {
          const answer = await get("/notifications/v2", query, { ...context, signal: deadline.signal });
          if (answer.status !== 200 && answer.status !== 304) throw unexpected({}, answer.url, answer.status);
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

function settingsOfRelease(configurations: unknown, namespace: string, prefix: string): readonly Setting[] {
  if (typeof configurations !== "object" || configurations === null)
    throw new ConfigurationError("answered without configurations. Check the address");
  const content = member(configurations, "content");
  if (/\.(ya?ml|json)$/.test(namespace)) {
    return typeof content === "string" ? parseDocument(content, formatOf(namespace), `apollo ${namespace}`) : [];
  }
  return Object.entries(configurations)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]: [string, unknown]) => ({ path: key.slice(prefix.length).split("."), value, place: `apollo ${namespace} ${key}` }));
}

/** Remembers how far each namespace has come. */
function note(notifications: unknown, ids: Map<string, number>, messages: Map<string, string>): void {
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
function signed(appId: string, secret: string, { pathname, search }: URL, wallMs: number): Record<string, string> {
  const timestamp = String(wallMs);
  const signature = createHmac("sha1", secret).update(`${timestamp}\n${pathname}${search}`).digest("base64");
  return { authorization: `Apollo ${appId}:${signature}`, timestamp };
}
