/** The handler in common frameworks, each over a real socket. */
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryStore } from "@lingpai/adapter-memory";
import { eventLog } from "@lingpai/event-log";
import { wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { appId, appSecret, ref } from "./server-world.fixture.ts";
import { serverKeys } from "./keys/server-keys.ts";
import { tokenServer } from "./token-server.ts";

const store = memoryStore();
const { fetch: platform } = createSimulator({ accounts: [{ appId, secret: appSecret }] });
const client = wechat({ appId, secret: appSecret, environment: "test", store, fetch: platform });
const keys = serverKeys({ cache: store.cache });
const log = eventLog({ cache: store.cache });
const { handle, close } = tokenServer({ credentials: [client], keys, log });
/** The listener for Node's requests, which Express, Koa and Fastify share. */
const listener = getRequestListener(handle);
let authorization: string;

beforeAll(async () => {
  const made = await keys.create({ name: "mounts", rights: ["read", "reject"], refs: [ref] });
  authorization = `Bearer ${made.key}`;
});
afterAll(async () => {
  await close();
  await log.close();
  await client.close();
});

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function served(routes: RequestListener): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer(routes);
  const url = await listening(server);
  return {
    url,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const frameworks: Readonly<Record<string, () => Promise<RequestListener>>> = {
  Express: async () => express().use((request, response) => void listener(request, response)),
  Koa: async () => {
    const app = new Koa();
    app.use(async (context) => {
      context.respond = false;
      await listener(context.req, context.res);
    });
    return app.callback();
  },
  Hono: async () => getRequestListener(new Hono().mount("/", handle).fetch),
  /** A route handler: `export const GET = handle`. */
  "a Next.js route handler": async () => {
    const routes: Record<string, (request: Request) => Promise<Response>> = {
      GET: handle,
      POST: handle,
    };
    return getRequestListener((request) => routes[request.method]!(request));
  },
  Fastify: async () => {
    const app = Fastify();
    // Fastify leaves the body unread, so that the handler's own limits apply.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _body, done) => done(null));
    app.all("/*", (request, reply) => {
      reply.hijack();
      void listener(request.raw, reply.raw);
    });
    await app.ready();
    return app.routing as RequestListener;
  },
};

test.each(Object.entries(frameworks))("%s serves reads, bodies and streams", async (_, mount) => {
  const { stop, url } = await served(await mount());
  const one = `${url}/v1/credentials/${encodeURIComponent(ref)}`;
  const headers = { authorization, "content-type": "application/json" };
  const response = await fetch(one, { headers });
  const { commitId, fingerprint, secret } = (await response.json()) as Record<string, string>;
  expect(secret).toBe(await client.token());
  const etag = response.headers.get("etag")!;
  const same = await fetch(one, { headers: { ...headers, "if-none-match": etag } });
  expect(same.status).toBe(304);
  const report = JSON.stringify({ fingerprint, code: "40001" });
  const rejected = await fetch(`${one}/rejections`, { method: "POST", headers, body: report });
  expect(await rejected.json()).toMatchObject({ commitId, replaced: false });
  const stream = await fetch(`${url}/v1/events`, { headers });
  const first = await stream.body!.getReader().read();
  expect(new TextDecoder().decode(first.value)).toContain("retry: 2000");
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const large = { method: "POST", headers, body: "x".repeat(300_000) };
  const refused = await fetch(`${one}/rejections`, large).then(
    ({ status }) => status,
    () => 413,
  );
  expect(refused).toBe(413);
  await stop();
});

test("a caller that disconnects leaves no long poll behind", async () => {
  const { stop, url } = await served(getRequestListener(handle));
  const one = `${url}/v1/credentials/${encodeURIComponent(ref)}`;
  const headers = { authorization };
  const etag = (await fetch(one, { headers })).headers.get("etag")!;
  const gone = new AbortController();
  const asking = { headers: { ...headers, "if-none-match": etag }, signal: gone.signal };
  const polls = Array.from({ length: 10 }, () => fetch(`${one}?wait=55`, asking));
  const outcomes = Promise.allSettled(polls);
  await fetch(`${url}/healthz`);
  gone.abort();
  expect((await outcomes).every(({ status }) => status === "rejected")).toBe(true);
  await stop();
});
