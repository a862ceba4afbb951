/** A server in this process, over real sockets and a real SQLite file. */
import { readFileSync } from "node:fs";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import type { Server as HttpsServer } from "node:https";
import type { TLSSocket } from "node:tls";
import { join } from "node:path";
import { generate } from "selfsigned";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileSource } from "@lingpai/config";
import { until } from "@lingpai/test-servers";
import { systemClock } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { httpApp } from "./http/http-app.ts";
import { readTls, watchTls } from "./http/tls-files.ts";
import { appSecret, appWorld, getOne, rawExchange, ref } from "./server-world.fixture.ts";
import type { AppWorld } from "./server-world.fixture.ts";

let world: AppWorld;
beforeEach(async () => {
  world = await appWorld();
});
afterEach(() => world.close());

const rights = ["read", "reject", "refresh", "revoke", "admin"] as const;
const all = { name: "all", rights, refs: ["*"] };
type Body = Record<string, unknown>;

async function problem(response: Response, status: number): Promise<Body> {
  const text = await response.text();
  expect([response.status, text]).toEqual([status, expect.any(String)]);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return JSON.parse(text) as Body;
}

test("every route that needs a key refuses a request without one, with a wrong one, and with one without rights", async () => {
  const { keys, url } = await world.start();
  const wrong = `lp_0123456789_${"A".repeat(43)}`;
  const foreign = await keys.create({ name: "foreign", rights: rights, refs: ["another"] });
  const idle = await keys.create({ name: "idle", rights: [], refs: ["*"] });
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    readonly paths: Record<string, Record<string, { readonly security?: readonly unknown[] }>>;
  };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({ path, method, security })),
  );
  const keyed = operations.filter(({ security }) => (security ?? []).length > 0);
  expect(keyed.length).toBeGreaterThan(10);
  const ask = (path: string, method: string, key?: string): Promise<Response> =>
    fetch(url + path.replace(/\{\w+\}/, encodeURIComponent(ref)), {
      method: method.toUpperCase(),
      headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    });
  for (const { method, path } of keyed) {
    const at = `${method} ${path}`;
    expect([at, (await ask(path, method)).status]).toEqual([at, 401]);
    expect([at, (await ask(path, method, wrong)).status]).toEqual([at, 401]);
    expect([at, (await ask(path, method, idle.key)).status]).toEqual([at, 403]);
    if (path.includes("{"))
      expect([at, (await ask(path, method, foreign.key)).status]).toEqual([at, 403]);
  }
  for (const path of ["/healthz", "/readyz"]) expect((await fetch(url + path)).status).toBe(200);
});

test("an invalid request gets a problem in JSON, whichever layer refuses it", async () => {
  const { keys, url } = await world.start();
  const { key } = await keys.create({ ...all, rights: rights });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const rejections = `${url}/v1/credentials/${ref}/rejections`;
  const post = (body: string, more = {}): Promise<Response> =>
    fetch(rejections, { method: "POST", body, headers: { ...headers, ...more } });
  await problem(await fetch(`${url}/nothing`), 404);
  await problem(await fetch(`${url}/%zz`), 404);
  await problem(await fetch(`${url}/healthz`, { method: "PROPFIND" }), 405);
  await problem(await post("{"), 400);
  await problem(await post("{}", { "content-type": "text/plain" }), 415);
  await problem(await post("x".repeat(1_000_000)), 413);
  for (const [status, ...parts] of [
    [400, "GET / HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n"],
    [400, "GET /healthz HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"],
    [400, "\u0016\u0003\u0001"],
    [405, "QUERY /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"],
    // Two lengths, and a length beside chunks: what smuggles a request past a proxy.
    [400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
    [
      400,
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    ],
    [431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`],
  ] as const) {
    const [head = "", body = ""] = (await rawExchange(url, ...parts)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head.toLowerCase()).toContain("content-type: application/problem+json");
    expect(JSON.parse(body)).toMatchObject({ status, remedy: expect.stringMatching(/\S/) });
  }
  // HTTP/1.0 needs no Host header, and load balancers use it.
  expect(await rawExchange(url, "GET /healthz HTTP/1.0\r\n\r\n")).toContain('{"ok":true}');
});

test("headers and bodies that do not arrive in time end with 408", async () => {
  const limits = { headersMs: 300, requestMs: 600 };
  const { keys, url } = await world.start(world.settings, { limits });
  const { key } = await keys.create({ ...all, rights: rights });
  const slowHeaders = await rawExchange(url, "GET /healthz HTTP/1.1\r\nHost: a\r\n");
  expect(slowHeaders).toMatch(/^HTTP\/1.1 408 [\s\S]*"code":"too-slow"/);
  const head = `POST /v1/credentials/${ref}/refresh HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}`;
  const slowBody = await rawExchange(url, `${head}\r\nContent-Length: 5\r\n\r\n`, "{");
  expect(slowBody).toMatch(/^HTTP\/1.1 408 /);
  expect(world.simulator.log.calls()).toEqual([]);
});

test("a restarted server shows the same life line, keys and token, and fetches nothing", async () => {
  const first = await world.start();
  const { key } = await first.keys.create({ ...all, rights: rights });
  const before = (await (await getOne(first.url, key)).json()) as Body;
  const events = `/v1/credentials/${ref}/events`;
  const headers = { authorization: `Bearer ${key}` };
  const lifeLine = async (url: string): Promise<{ readonly entries: readonly Body[] }> =>
    (await (await fetch(url + events, { headers })).json()) as { readonly entries: Body[] };
  await until("the refresh is in the log", async () =>
    (await lifeLine(first.url)).entries.some(
      ({ event }) => (event as Body)["type"] === "refreshed",
    ),
  );
  await first.close();
  const second = await world.start();
  const after = (await (await getOne(second.url, key)).json()) as Body;
  expect(after).toMatchObject({ secret: before["secret"], commitId: before["commitId"] });
  const shown = (await lifeLine(second.url)).entries;
  expect(shown.map(({ event }) => (event as Body)["type"])).toContain("refreshed");
  expect(world.simulator.log.tally().issued).toBe(1);
});

test("the data directory contains neither tokens nor keys in clear text", async () => {
  const server = await world.start();
  const { key } = await server.keys.create({ ...all, rights: rights });
  const { secret } = (await (await getOne(server.url, key)).json()) as Record<string, string>;
  await server.close();
  const names = await readdir(world.folder);
  expect(names).toContain("lingpai.sqlite");
  for (const name of names) {
    const bytes = await readFile(join(world.folder, name));
    for (const text of [secret!, key, appSecret]) expect(bytes.includes(text)).toBe(false);
  }
});

test("added and removed apps are served accordingly at once, and the others continue", async () => {
  const file = join(world.folder, "lingpai.json");
  const other = { ...(world.settings.apps!["main"] as object), appId: "wxfedcba9876543210" };
  const write = (apps: object): Promise<void> =>
    writeFile(file, JSON.stringify({ ...world.settings, apps }));
  const main = world.settings.apps!["main"] as object;
  await write({ main });
  const source = fileSource(file, { pollMs: 100 });
  const { keys, url } = await world.start(undefined, { sources: [source] });
  const { key } = await keys.create({ ...all, rights: rights });
  const first = (await (await getOne(url, key)).json()) as Body;
  const listed = async (): Promise<number> => {
    const response = await fetch(`${url}/v1/credentials`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return ((await response.json()) as { readonly credentials: Body[] }).credentials.length;
  };
  await write({ main, other });
  await until("both are served", async () => (await listed()) === 2);
  await write({ main });
  await until("one is served", async () => (await listed()) === 1);
  expect(await (await getOne(url, key)).json()).toMatchObject({ commitId: first["commitId"] });
  expect(world.simulator.log.tally().issued).toBe(1);
});

/** A certificate for `localhost`, in two files. */
async function certify(
  folder: string,
  name: string,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const files = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  await writeFile(files.certificate, made.cert);
  await writeFile(files.key, made.private);
  return files;
}

function nameOver(url: string, ca: Buffer): Promise<string> {
  const { port } = new URL(url);
  const options = { port, host: "127.0.0.1", servername: "localhost", ca, agent: false };
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, path: "/healthz" }, (response) => {
      const { subject } = (response.socket as TLSSocket).getPeerCertificate();
      response.resume();
      resolve(String(subject.CN));
    });
    asked.once("error", reject);
    asked.end();
  });
}

test("TLS is served, and a replaced certificate is used without a restart", async () => {
  const one = await certify(world.folder, "one");
  const two = await certify(world.folder, "two");
  const tls = { certificate: join(world.folder, "crt.pem"), key: join(world.folder, "key.pem") };
  await cp(one.certificate, tls.certificate);
  await cp(one.key, tls.key);
  const clock = manualClock();
  const notes: string[] = [];
  const app = await httpApp({
    handle: async () => Response.json({ ok: true }),
    tls: await readTls(tls),
    clock: systemClock,
  });
  const stop = watchTls(await readTls(tls), {
    files: tls,
    server: app.server as HttpsServer,
    clock,
    onReloaded: () => notes.push("reloaded"),
    onFailed: () => notes.push("failed"),
  });
  const url = await app.listen("127.0.0.1", 0);
  const cas = [readFileSync(one.certificate), readFileSync(two.certificate)] as const;
  expect(await nameOver(url, cas[0])).toBe("one");
  const look = (count: number): Promise<true> =>
    until("the files were read", async () => {
      await clock.advance(10_000);
      return notes.length >= count;
    });
  // The new certificate does not match the key: the old pair stays in use, and this is reported
  // once.
  await cp(two.certificate, tls.certificate);
  await look(1);
  expect(await nameOver(url, cas[0])).toBe("one");
  await cp(two.key, tls.key);
  await look(2);
  expect(await nameOver(url, cas[1])).toBe("two");
  expect(notes).toEqual(["failed", "reloaded"]);
  stop();
  await app.stop(1_000);
});

test("a server with TLS may listen beyond this machine", async () => {
  const tls = await certify(world.folder, "tls");
  const settings = {
    ...world.settings,
    server: { ...world.settings.server, host: "0.0.0.0", tls },
  };
  const { url } = await world.start(settings);
  expect(url).toMatch(/^https:/);
  expect(await nameOver(url, readFileSync(tls.certificate))).toBe("tls");
});
