/** The handler on a socket: Fastify, with limits of time and size, and with problems as JSON. */
import type { RequestListener, Server as HttpServer, ServerResponse } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Clock } from "@lingpai/core";
import Fastify from "fastify";
import { problemText } from "./plain-problem.ts";
import type { TlsPair } from "./tls-files.ts";

export interface HttpOptions {
  readonly handle: (request: Request) => Promise<Response>;
  readonly tls: TlsPair | undefined;
  readonly clock: Clock;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  /** How long the headers of a request may take, in ms. */
  readonly headersMs: number;
  /** How long a whole request may take to arrive, in ms. */
  readonly requestMs: number;
  /** The most open connections. Further ones are closed at once. */
  readonly connections: number;
}

export interface HttpApp {
  readonly server: HttpServer | HttpsServer;
  /** Resolves to the address on which it listens. */
  listen(host: string, port: number): Promise<string>;
  /** Accepts no more connections. Resolves when all requests are answered, or after `withinMs`. */
  stop(withinMs: number): Promise<void>;
}

const limitDefaults: HttpLimits = { headersMs: 10_000, requestMs: 30_000, connections: 25_000 };
const checkMs = 50;
/**
 * The backlog of connections. When a replica ends, all of its callers connect to the others at
 * once, and beyond the default of 511 they would be reset. The kernel's `somaxconn` is the upper
 * bound.
 */
const backlog = 16_384;

export async function httpApp({ clock, handle, limits, tls }: HttpOptions): Promise<HttpApp> {
  const { connections, headersMs, requestMs } = { ...limitDefaults, ...limits };
  const open = new Set<ServerResponse>();
  const listener = getRequestListener(handle, {
    // HTTP/1.0 needs no Host header, and load balancers use it for /healthz.
    hostname: "localhost",
    errorHandler: () => new Response(problemText(400), { status: 400, headers: problemHeaders }),
  });
  let isStopping = false;
  const connectionOptions = {
    headersTimeout: headersMs,
    connectionsCheckingInterval: Math.min(5_000, headersMs),
    ...tls,
  };
  const app = Fastify({
    ...(tls === undefined ? { http: connectionOptions } : { https: connectionOptions as never }),
    requestTimeout: requestMs,
    return503OnClosing: false,
    clientErrorHandler: answerBroken,
    frameworkErrors: (_error, { raw }, reply) => {
      reply.hijack();
      take(raw, reply.raw);
    },
  });
  const take: RequestListener = (request, response) => {
    if (isStopping) response.shouldKeepAlive = false;
    open.add(response);
    response.once("close", () => open.delete(response));
    void listener(request, response);
  };
  // The handler reads bodies itself, because each route has limits of its own.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _body, done) => done(null));
  app.all("/*", { exposeHeadRoute: false }, ({ raw }, reply) => {
    reply.hijack();
    take(raw, reply.raw);
  });
  // Fastify has rules of its own for some methods (QUERY), and a form of its own for its errors.
  app.setErrorHandler((_error, { raw }, reply) => {
    reply.hijack();
    take(raw, reply.raw);
  });
  app.setNotFoundHandler(({ raw }, reply) => {
    reply.hijack();
    take(raw, reply.raw);
  });
  await app.ready();
  app.server.maxConnections = connections;

  return {
    server: app.server,
    listen: (host, port) => app.listen({ host, port, backlog }),
    async stop(withinMs) {
      isStopping = true;
      for (const response of open) if (!response.headersSent) response.shouldKeepAlive = false;
      const timers = [
        clock.setTimer(withinMs, () => app.server.closeAllConnections()),
        every(clock, checkMs, () => app.server.closeIdleConnections()),
      ];
      await app.close();
      for (const cancel of timers) cancel();
    },
  };
}

const problemHeaders = {
  "content-type": "application/problem+json",
  "cache-control": "no-store",
  connection: "close",
};

/** Requests that Node's parser refuses never reach Fastify. */
function answerBroken(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? 408
      : error.code === "HPE_HEADER_OVERFLOW"
        ? 431
        : 400;
  const body = problemText(status);
  const headers = Object.entries({ ...problemHeaders, "content-length": Buffer.byteLength(body) });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} \r\n${lines}\r\n${body}`);
  socket.destroySoon();
}

function every(clock: Clock, ms: number, work: () => void): () => void {
  let cancel = (): void => {};
  const next = (): void => {
    cancel = clock.setTimer(ms, () => {
      work();
      next();
    });
  };
  next();
  return () => cancel();
}
