/** Apollo's config service: reads releases, waits for notifications, signs requests. */
import { createHmac } from "node:crypto";
import { ConfigurationError } from "@lingpai/core";
import type { Setting } from "../../setting.ts";
import type { SourceContext } from "../../source.ts";
import { formatOf, parseDocument } from "../document.ts";
import { textOfSecret } from "../source-options.ts";
import type { SourceSecret } from "../source-options.ts";
import { deadlineAfter, jsonOf, unexpected } from "./http.ts";
import type { Fetch } from "./http.ts";
import { member } from "./member.ts";
import { createServers } from "./servers.ts";
import type { ServerAnswer } from "./servers.ts";

/** The options of the source that concern the service. */
export interface ApolloApiOptions {
  readonly url: string;
  readonly appId: string;
  readonly cluster: string;
  readonly prefix: string;
  readonly accessKey?: SourceSecret;
  readonly ip?: string;
  readonly optional?: boolean;
  readonly fetch?: Fetch;
}

export interface ApolloApi {
  /** Returns the settings of a namespace's present release. */
  load(namespace: string, context: SourceContext): Promise<readonly Setting[]>;
  /** Waits for a newer release than `ids` name, and updates them. Returns false if none came. */
  longPoll(ids: Map<string, number>, context: SourceContext): Promise<boolean>;
}

/** The config service holds a long poll for 60 s. */
const longPollMs = 90_000;

export function createApolloApi(options: ApolloApiOptions): ApolloApi {
  const { appId, cluster, ip, prefix } = options;
  const servers = createServers("Apollo", options.url, options.fetch);
  /** The namespaces that have had a release. */
  const filled = new Set<string>();
  /**
   * The details of each namespace's last notification. They are sent along, so that a config
   * service that lags behind reads again.
   */
  const messages = new Map<string, string>();

  const get = async (
    path: string,
    query: URLSearchParams,
    { clock, signal }: SourceContext,
    isLongPoll = false,
  ): Promise<ServerAnswer> => {
    const target = `${path}?${query}`;
    const signedUrl = new URL(`${servers.current}${target}`);
    const headers =
      options.accessKey === undefined
        ? {}
        : signed(appId, await textOfSecret(options.accessKey), signedUrl, clock.wallMs());
    return servers.send({ path: target, init: { headers }, clock, signal, isLongPoll });
  };

  return {
    async load(namespace, context) {
      const details = messages.get(namespace);
      const query = new URLSearchParams({
        ...(ip !== undefined && { ip }),
        ...(details !== undefined && { messages: details }),
      });
      const path = `/configs/${[appId, cluster, namespace].map(encodeURIComponent).join("/")}`;
      const answer = await get(path, query, context);
      if (isAbsence(answer) && filled.has(namespace))
        throw new ConfigurationError(
          `no longer has a release of ${namespace}. Its last settings stay in force. Release it, or restart this process`,
        );
      if (isAbsence(answer) && options.optional) return [];
      if (isAbsence(answer))
        throw new ConfigurationError(
          `has no release of ${appId}/${cluster}/${namespace}. Release it, or pass optional: true`,
        );
      if (answer.status !== 200) throw unexpected({}, answer.url, answer.status);
      filled.add(namespace);
      const configurations = member(jsonOf(answer, answer.url), "configurations");
      return settingsOfRelease(configurations, namespace, prefix);
    },
    async longPoll(ids, context) {
      const notifications = JSON.stringify(
        [...ids].map(([namespaceName, notificationId]) => ({ namespaceName, notificationId })),
      );
      const query = new URLSearchParams({ appId, cluster, notifications });
      const deadline = deadlineAfter(context.clock, longPollMs, context.signal);
      try {
        const bounded = { ...context, signal: deadline.signal };
        const answer = await get("/notifications/v2", query, bounded, true);
        if (answer.status !== 200 && answer.status !== 304)
          throw unexpected({}, answer.url, answer.status);
        if (answer.status === 200) note(jsonOf(answer, answer.url), ids, messages);
        return answer.status === 200;
      } finally {
        deadline.cancel();
      }
    },
  };
}

/**
 * True if the config service itself says that nothing is released. Any other 404 comes from
 * something in between. Apollo 1.0 to 2.4, seen 2026-11.
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

/** Remembers the last notification of each namespace. */
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
    const details = member(notification, "messages");
    if (details !== undefined && details !== null) messages.set(name, JSON.stringify(details));
  }
}

/** HMAC-SHA-1 of the time and the path with its query, as Apollo requires it for access keys. */
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
