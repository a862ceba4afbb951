/**
 * Settings from Nacos, over its HTTP API: of version 1, which Nacos 1 and 2 have and which tells of
 * changes, or of version 3.
 */
import { createHash } from "node:crypto";
import { ConfigurationError, delay, requireKnown } from "@lingpai/core";
import type { ConfigSource, Scope, SourceContext } from "../../source.ts";
import type { DocumentFormat } from "../document.ts";
import { formatOf, parseDocument } from "../document.ts";
import {
  deadlineAfter,
  jsonOf,
  member,
  nameFor,
  requireName,
  textOfSecret,
  unexpected,
} from "./http.ts";
import type { Fetch, NameOption, SourceSecret } from "./http.ts";
import { checkedPollMs, poll } from "../poll.ts";
import { createServers, createSession } from "./servers.ts";
import type { ServerAnswer, ServerRequest } from "./servers.ts";

export interface NacosSourceOptions {
  /**
   * A server, or several with commas between them: `"http://10.0.0.5:8848,10.0.0.6:8848"`. The
   * context path `/nacos` is added where there is none.
   */
  readonly url: string;
  /** Which configuration: `"lingpai.yaml"`. */
  readonly dataId: NameOption;
  /** @defaultValue "DEFAULT_GROUP" */
  readonly group?: string;
  /** The id of the namespace (tenant). @defaultValue the public one */
  readonly namespace?: NameOption;
  /** @defaultValue by the ending of the data id; YAML if it has none */
  readonly format?: DocumentFormat;
  /**
   * `v3` for Nacos 3, whose HTTP API does not tell of changes: it is asked every `pollMs`.
   * @defaultValue "v1"
   */
  readonly api?: "v1" | "v3";
  /** With a password, when the server asks for them. */
  readonly username?: string;
  readonly password?: SourceSecret;
  /** Whether the configuration may be missing. @defaultValue false */
  readonly optional?: boolean;
  /** @defaultValue "all" */
  readonly scope?: Scope;
  /** How often `v3` is asked, in ms, from 1000. @defaultValue 10_000 */
  readonly pollMs?: number;
  readonly fetch?: Fetch;
}

/** How long the server may hold a question, in ms. It answers half a second earlier. */
const holdMs = 30_000;
const holdGraceMs = 10_000;
/**
 * The least time between two questions: a server or proxy that does not hold them is not flooded.
 */
const gapMs = 1_000;

/**
 * One configuration, a YAML or JSON document. The password is sent in a form, the token in a
 * header: neither is in a URL.
 */
export function nacosSource(options: NacosSourceOptions): ConfigSource {
  requireKnown("nacosSource()", options, [
    "api",
    "dataId",
    "fetch",
    "format",
    "group",
    "namespace",
    "optional",
    "password",
    "pollMs",
    "scope",
    "url",
    "username",
  ]);
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
  const server = createServer(options);

  const namesIn = (environment: string): Names => ({
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
          const isOther = await hold(server, namesIn(context.environment), content, context);
          await delay(context.clock, gapMs, context.signal);
          if (!isOther) continue;
          content = await read(context);
          // Also when it is what it was: somebody may have read what it was in between.
          context.changed();
        } catch (error) {
          if (!context.signal.aborted) throw error;
        }
      }
    },
  };
}

interface Names {
  readonly dataId: string;
  readonly group: string;
  readonly namespace: string;
}

interface Server {
  /** Sends with a token, if there are credentials; once more with a new one if it was refused. */
  send(
    request: Omit<ServerRequest, "clock" | "signal">,
    context: SourceContext,
  ): Promise<ServerAnswer>;
}

function createServer(options: NacosSourceOptions): Server {
  const { username, api = "v1" } = options;
  const servers = createServers("Nacos", options.url, options.fetch);
  const under = (path: string): string =>
    new URL(servers.current).pathname === "/" ? `/nacos${path}` : path;
  const session = createSession(async (context) => {
    if (username === undefined) return undefined;
    const init = {
      method: "POST",
      body: new URLSearchParams({ username, password: await textOfSecret(options.password ?? "") }),
    };
    const path = under(api === "v1" ? "/v1/auth/login" : "/v3/auth/user/login");
    const answer = await servers.send({ path, init, ...context });
    const token =
      answer.status === 200 ? member(jsonOf(answer, answer.url), "accessToken") : undefined;
    if (typeof token !== "string") throw refused(api, init, answer);
    return token;
  });
  return {
    send: ({ path, init = {}, isHeld = false }, { clock, signal }) =>
      session.send({
        clock,
        signal,
        isAnswered: isAbsence,
        send(token) {
          const headers = new Headers(init.headers);
          if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
          return servers.send({
            path: under(path),
            init: { ...init, headers },
            clock,
            signal,
            isHeld,
          });
        },
      }),
  };
}

/**
 * Whether the server itself says that there is no such configuration. Any other 404 is the answer
 * of something else on the way, such as a gateway that does not know the path.
 *
 * `v1`: 404 and the words `config data not exist`. `v3`: the code 20004. Nacos 1.1 to 3.0, seen
 * 2026-11.
 */
function isAbsence({ status, text }: ServerAnswer): boolean {
  if (status === 404 && text.trim().startsWith("config data not exist")) return true;
  return (
    (status === 404 || status === 200) && /^\s*\{/.test(text) && /"code"\s*:\s*20004\b/.test(text)
  );
}

function refused(
  api: "v1" | "v3",
  init: RequestInit,
  { url, status }: ServerAnswer,
): ConfigurationError {
  if (status === 410 && api === "v1")
    return new ConfigurationError(
      `answered ${init.method ?? "GET"} ${url.pathname} with HTTP 410: it is Nacos 3. Pass api: "v3"`,
    );
  return unexpected(init, url, status);
}

async function readV1(
  server: Server,
  { dataId, group, namespace }: Names,
  context: SourceContext,
): Promise<string | undefined> {
  const query = new URLSearchParams({
    dataId,
    group,
    ...(namespace === "" ? {} : { tenant: namespace }),
  });
  const answer = await server.send({ path: `/v1/cs/configs?${query}` }, context);
  if (isAbsence(answer)) return undefined;
  if (answer.status !== 200) throw refused("v1", {}, answer);
  return answer.text;
}

/** Answers are wrapped: `{ code: 0, data: { content } }`. */
async function readV3(
  server: Server,
  { dataId, group, namespace }: Names,
  context: SourceContext,
): Promise<string | undefined> {
  const query = new URLSearchParams({
    dataId,
    groupName: group,
    ...(namespace === "" ? {} : { namespaceId: namespace }),
  });
  const answer = await server.send({ path: `/v3/client/cs/config?${query}` }, context);
  if (isAbsence(answer)) return undefined;
  if (answer.status !== 200) throw refused("v3", {}, answer);
  const content = member(member(jsonOf(answer, answer.url), "data"), "content");
  if (typeof content !== "string")
    throw new ConfigurationError("answered without a content. Check the address and `api`");
  return content;
}

/** Asks the server to answer when the content is not this one any more; whether it is. */
async function hold(
  server: Server,
  { dataId, group, namespace }: Names,
  content: string | undefined,
  context: SourceContext,
): Promise<boolean> {
  const sum = content === undefined ? "" : createHash("md5").update(content).digest("hex");
  const words = [dataId, group, sum, ...(namespace === "" ? [] : [namespace])];
  const body = new URLSearchParams({ "Listening-Configs": `${words.join("\u0002")}\u0001` });
  // The server judges a user's rights by the query, not by the body.
  const query = namespace === "" ? "" : `?${new URLSearchParams({ tenant: namespace })}`;
  const deadline = deadlineAfter(context.clock, holdMs + holdGraceMs, context.signal);
  try {
    const init = { method: "POST", headers: { "long-pulling-timeout": String(holdMs) }, body };
    const request = { path: `/v1/cs/configs/listener${query}`, init, isHeld: true };
    const answer = await server.send(request, { ...context, signal: deadline.signal });
    if (answer.status !== 200) throw refused("v1", init, answer);
    return answer.text.trim() !== "";
  } finally {
    deadline.cancel();
  }
}
