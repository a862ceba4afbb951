/** Nacos's HTTP API: logs in, reads a configuration over version 1 or 3, waits for its change. */
import { createHash } from "node:crypto";
import { ConfigurationError } from "@lingpai/core";
import type { SourceContext } from "../../source.ts";
import { textOfSecret } from "../source-options.ts";
import type { SourceSecret } from "../source-options.ts";
import { deadlineAfter, jsonOf, unexpected } from "./http.ts";
import type { Fetch } from "./http.ts";
import { member } from "./member.ts";
import { createServers, createSession } from "./servers.ts";
import type { ServerAnswer, ServerRequest } from "./servers.ts";

/** How long the server may hold a long poll, in ms. It answers half a second earlier. */
const longPollMs = 30_000;
const longPollGraceMs = 10_000;

/** The options of the source that concern the server. */
export interface NacosServerOptions {
  readonly url: string;
  readonly api?: "v1" | "v3";
  readonly username?: string;
  readonly password?: SourceSecret;
  readonly fetch?: Fetch;
}

export interface NacosNames {
  readonly dataId: string;
  readonly group: string;
  readonly namespace: string;
}

export interface NacosServer {
  /** Sends, with a token if there are credentials, and once more with a new token if refused. */
  send(
    request: Omit<ServerRequest, "clock" | "signal">,
    context: SourceContext,
  ): Promise<ServerAnswer>;
}

export function createNacosServer(options: NacosServerOptions): NacosServer {
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
    send: ({ path, init = {}, isLongPoll = false }, { clock, signal }) =>
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
            isLongPoll,
          });
        },
      }),
  };
}

/**
 * True if the server itself says that there is no such configuration. Any other 404 comes from
 * something in between, such as a gateway that does not know the path.
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

/** Returns the content, or undefined if there is none. */
export async function readV1(
  server: NacosServer,
  { dataId, group, namespace }: NacosNames,
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

/**
 * Returns the content, or undefined if there is none. Answers are `{ code: 0, data: { content } }`.
 */
export async function readV3(
  server: NacosServer,
  { dataId, group, namespace }: NacosNames,
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

/**
 * Waits until the server's content differs from this one. Returns false if it held the poll to its
 * end.
 */
export async function longPoll(
  server: NacosServer,
  { dataId, group, namespace }: NacosNames,
  content: string | undefined,
  context: SourceContext,
): Promise<boolean> {
  const sum = content === undefined ? "" : createHash("md5").update(content).digest("hex");
  const words = [dataId, group, sum, ...(namespace === "" ? [] : [namespace])];
  const body = new URLSearchParams({ "Listening-Configs": `${words.join("\u0002")}\u0001` });
  // The server checks a user's rights by the query, not by the body.
  const query = namespace === "" ? "" : `?${new URLSearchParams({ tenant: namespace })}`;
  const deadline = deadlineAfter(context.clock, longPollMs + longPollGraceMs, context.signal);
  try {
    const init = { method: "POST", headers: { "long-pulling-timeout": String(longPollMs) }, body };
    const request = { path: `/v1/cs/configs/listener${query}`, init, isLongPoll: true };
    const answer = await server.send(request, { ...context, signal: deadline.signal });
    if (answer.status !== 200) throw refused("v1", init, answer);
    return answer.text.trim() !== "";
  } finally {
    deadline.cancel();
  }
}
