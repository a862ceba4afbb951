/**
 * How endpoints appear on the wire: path and method, what they read from query and body, and what
 * they answer.
 */
import type { Context as HonoContext } from "hono";
import type { Hono } from "hono";
import type { Answer, LogSubject, Sender } from "../ledger/context.ts";
import type { Host } from "../paths/hosts.ts";
import type { LogKind } from "../ledger/log.ts";
import type { Platform } from "../platform/platform.ts";

/** The transport's information about a request. */
export interface Bindings {
  readonly sender: Sender;
}

export type App = Hono<{ Bindings: Bindings }>;
export type HttpContext = HonoContext<{ Bindings: Bindings }>;

/** A JSON object, not yet checked. */
export type Json = Readonly<Record<string, unknown>>;

/** `GET` endpoints read the query; `POST` endpoints read a JSON object too. */
export interface Endpoint {
  /** The host that serves it. Undefined: all hosts. */
  readonly host?: Host | undefined;
  /** How the log classifies it: `issue` hands out credentials, `call` spends one. */
  readonly kind: LogKind;
  readonly method: "GET" | "POST" | "any";
  /** True if the body may be other than JSON, such as a form with a file. */
  readonly takesFiles?: boolean;
  readonly path: string;
  answer(http: HttpContext, body: Json): Answer<unknown>;
}

/** An endpoint that issues credentials, by `GET`. */
export const get = (path: string, answer: Endpoint["answer"]): Endpoint => ({
  kind: "issue",
  method: "GET",
  path,
  answer,
});

/** An endpoint that issues credentials, by `POST`. */
export const post = (path: string, answer: Endpoint["answer"]): Endpoint => ({
  kind: "issue",
  method: "POST",
  path,
  answer,
});

/** The text of a query parameter or of a JSON string. Empty if it is absent or of another type. */
export const textIn = (http: HttpContext, name: string): string => http.req.query(name) ?? "";
export const textOf = (body: Json, name: string): string =>
  typeof body[name] === "string" ? body[name] : "";

/** A whole number in a JSON body. 0 if it is absent, negative or of another type. */
export const countIn = (body: Json, name: string): number => {
  const value = body[name];
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : 0;
};

/**
 * Adds endpoints to the app, the first one of each path, with the platform's own answers to a wrong
 * method, an empty body, and a body that is not a JSON object.
 *
 * They are one route of the app. Hono would compile hundreds of routes at the first request of each
 * simulator, which takes longer than most tests.
 */
export function serveEndpoints(app: App, platform: Platform, endpoints: readonly Endpoint[]): void {
  const byPath = new Map<string, Endpoint>();
  for (const endpoint of endpoints)
    if (!byPath.has(endpoint.path)) byPath.set(endpoint.path, endpoint);
  app.all("*", async (http) => {
    const { method, path } = http.req;
    const endpoint = byPath.get(path);
    if (endpoint === undefined) return http.notFound();
    if (endpoint.method !== "any" && method !== endpoint.method)
      return reply(http, wrongMethod(platform, endpoint, http.env.sender));
    if (method === "GET" || endpoint.takesFiles) return reply(http, endpoint.answer(http, {}));
    const text = await http.req.text();
    const body = jsonObject(text);
    if (body === undefined)
      return reply(http, unreadable(platform, endpoint, http.env.sender, text));
    return reply(http, endpoint.answer(http, body));
  });
}

function reply(http: HttpContext, answer: Answer<unknown>): Response {
  if (answer.body instanceof Uint8Array)
    return http.body(Uint8Array.from(answer.body), 200, { "content-type": "image/jpeg" });
  return http.body(JSON.stringify(answer.body), 200, {
    "content-type": "application/json; encoding=utf-8",
  });
}

function wrongMethod(
  { context }: Platform,
  { kind, method, path }: Endpoint,
  sender: Sender,
): Answer<never> {
  return context.refuse(
    malformed(kind, path, sender),
    method === "POST" ? 43002 : 43001,
    "malformed",
  );
}

function unreadable(
  { context }: Platform,
  { kind, path }: Endpoint,
  sender: Sender,
  text: string,
): Answer<never> {
  return context.refuse(
    malformed(kind, path, sender),
    text.trim() === "" ? 44002 : 47001,
    "malformed",
  );
}

const malformed = (kind: LogKind, endpoint: string, sender: Sender): LogSubject => ({
  kind,
  endpoint,
  appId: undefined,
  sender,
});

function jsonObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Json)
      : undefined;
  } catch {
    return undefined;
  }
}
