/** Two servers over one Redis are one server. */
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

  await one.keys.revoke(id);
  // The stream of a key that was revoked ends, on the other replica too.
  expect(await stream.text()).toContain("event: refreshed");
  await until("it has ended", async () => (await getOne(two.url, key)).status === 401);
  const stored = JSON.stringify(await redis.command("KEYS", "*"));
  expect(stored).toContain("team:lingpai");
  expect(stored).not.toContain(key.slice(14));
});

test("a client goes on with the other replica, and with its copy when both have gone", async () => {
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
