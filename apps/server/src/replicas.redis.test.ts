/** Two servers over one Redis behave as one server. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { remote } from "@lingpai/client";
import { startServer, until } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appWorld, getOne, ref } from "./server-world.fixture.ts";
import type { AppWorld } from "./server-world.fixture.ts";

const seal = Buffer.alloc(32, 5).toString("base64");
let world: AppWorld;
let redis: Server;
beforeEach(async () => {
  [world, redis] = await Promise.all([appWorld(), startServer()]);
});
afterEach(async () => {
  await world.close();
  await redis.stop();
});

const replica = (): ReturnType<AppWorld["start"]> =>
  world.start({ ...world.settings, store: { url: redis.url, prefix: "team:lingpai" } }, { seal });

test("keys, tokens and the life line are the same on both, and one fetch serves all", async () => {
  const [one, two] = await Promise.all([replica(), replica()]);
  expect(await one.keys.list()).toHaveLength(1);
  const { id, key } = await one.keys.create({
    name: "shop",
    rights: ["read", "reject", "refresh"],
    refs: [ref],
  });
  const asked = await Promise.all(
    Array.from({ length: 20 }, (_, at) => getOne((at % 2 === 0 ? one : two).url, key)),
  );
  const bodies = (await Promise.all(asked.map((each) => each.json()))) as { secret: string }[];
  expect(new Set(bodies.map(({ secret }) => secret)).size).toBe(1);
  expect(world.simulator.log.tally().issued).toBe(1);

  // A third server knows the token before anybody asks, and its start fetches nothing.
  const third = await replica();
  const list = { headers: { authorization: `Bearer ${key}` } };
  await until("it is live there too", async () => {
    const response = await fetch(`${third.url}/v1/credentials?state=live`, list);
    return ((await response.json()) as { credentials: object[] }).credentials.length === 1;
  });
  expect(world.simulator.log.tally().fetches).toBe(1);

  const etag = asked[0]!.headers.get("etag")!;
  const headers = { authorization: `Bearer ${key}`, "if-none-match": etag };
  const waiting = fetch(`${two.url}/v1/credentials/${ref}?wait=30`, { headers });
  const stream = await fetch(`${two.url}/v1/events`, { headers });
  const refresh = { method: "POST", headers };
  expect((await fetch(`${one.url}/v1/credentials/${ref}/refresh`, refresh)).status).toBe(200);
  expect((await waiting).headers.get("etag")).not.toBe(etag);
  const lifeLine = async (url: string): Promise<string> =>
    (await fetch(`${url}/v1/credentials/${ref}/events`, { headers })).text();
  await until("both tell one story", async () => {
    const [first, second] = await Promise.all([lifeLine(one.url), lifeLine(two.url)]);
    return first === second && first.split('"refreshed"').length === 3;
  });

  const events = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  let told = "";
  while (!told.includes("event: refreshed")) {
    const { done, value = "" } = await events.read();
    expect(done).toBe(false);
    told += value;
  }
  await one.keys.revoke(id);
  // The stream of a revoked key ends on the other replica too.
  while (!(await events.read()).done);
  await until("it has ended", async () => (await getOne(two.url, key)).status === 401);
  const stored = JSON.stringify(await redis.command("KEYS", "*"));
  expect(stored).toContain("team:lingpai");
  expect(stored).not.toContain(key.slice(14));
});

test("a client continues with the other replica, and with its copy when both have stopped", async () => {
  const [one, two] = await Promise.all([replica(), replica()]);
  const { key } = await one.keys.create({ name: "node", rights: ["read", "reject"], refs: ["*"] });
  const source = remote({ urls: [one.url, two.url], key });
  const credential = source.credential(ref);
  const token = (await credential.get()).reveal();
  await one.close();
  expect((await credential.get()).reveal()).toBe(token);
  await two.close();
  expect((await credential.get()).reveal()).toBe(token);
  expect(world.simulator.log.tally().issued).toBe(1);
  await credential.close();
});

test("one replica sends a webhook, and only allowed hosts of this network receive any", async () => {
  const received: string[] = [];
  const receiver = createServer((request, response) => {
    received.push(String(request.headers["webhook-id"]));
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as AddressInfo;
  const secret = `whsec_${seal}`;
  const server = {
    ...world.settings.server,
    webhooks: { ops: { url: `http://127.0.0.1:${port}/`, secret } },
  };
  const store = { url: redis.url };
  const apps = { main: { ...world.settings.apps!["main"], mode: "plain" as const } };
  const start = (allowedHosts: readonly string[]): ReturnType<AppWorld["start"]> =>
    world.start({ ...world.settings, apps, store, server }, { seal, allowedHosts });
  const revoke = async (url: string, key: string): Promise<void> => {
    const headers = { authorization: `Bearer ${key}` };
    const one = `${url}/v1/credentials/${ref.replace("stable", "plain")}`;
    await fetch(one, { headers });
    expect((await fetch(`${one}/revoke`, { method: "POST", headers })).status).toBe(204);
  };
  const one = await start([]);
  const rights = ["read", "revoke"] as const;
  const { key } = await one.keys.create({ name: "ops", rights, refs: ["*"] });
  await until("the webhook is known", async () =>
    JSON.stringify(await redis.command("KEYS", "*")).includes("webhooks:{ops}"),
  );
  await revoke(one.url, key);
  await one.close();
  expect(received).toEqual([]);
  const both = await Promise.all([start(["127.0.0.1"]), start(["127.0.0.1"])]);
  await until("it has arrived", async () => received.length > 0);
  await Promise.all(both.map((each) => each.close()));
  expect(received).toHaveLength(1);
  await new Promise((resolve) => receiver.close(resolve));
});
