/** GET /v1/doctor returns the checks of `@lingpai/doctor` to keys that may see everything. */
import { CacheUnavailableError } from "@lingpai/core";
import { diagnose } from "@lingpai/doctor";
import type { Diagnosis } from "@lingpai/doctor";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appSecret, serverWorld } from "./server-world.fixture.ts";
import type { ServerWorld } from "./server-world.fixture.ts";

let world: ServerWorld;
beforeEach(() => {
  world = serverWorld();
});
afterEach(() => world.close());

const look = (): Promise<Diagnosis> =>
  diagnose({ cache: world.store.cache(), isInFleet: true, clock: world.clock });

test("findings come with cause and remedy, the worst first, and without a secret", async () => {
  const replica = world.replica("n1", { doctor: look });
  const key = await world.key({ rights: ["admin", "read"], refs: ["*"] });
  await world.during(replica.client.token());
  const [credential] = await world.during(allDocuments());
  await world.during(
    credential.set({ contention: { count: 2, lastMs: credential.nowMs - 1_000 } }),
  );
  const response = await replica.ask("/v1/doctor", { key });
  expect(response.headers.get("cache-control")).toBe("no-store");
  const text = await response.text();
  const { isHealthy, results } = JSON.parse(text) as Diagnosis;
  expect(isHealthy).toBe(false);
  expect(results[0]).toMatchObject({
    id: "foreign-refresher",
    severity: "critical",
    status: "finding",
    remedy: expect.stringContaining("AppSecret") as string,
  });
  expect(results.find(({ id }) => id === "unsealed-and-traced")).toMatchObject({ status: "ok" });
  expect(text).not.toContain(appSecret);
  expect(text).not.toContain(replica.client.credential.peek()?.reveal());
});

test("callers within ten seconds share one diagnosis, and a failed diagnosis is repeated", async () => {
  let looks = 0;
  const answers: (() => Promise<Diagnosis>)[] = [
    () => Promise.reject(new CacheUnavailableError("away", { reason: "disconnected" })),
  ];
  const doctor = (): Promise<Diagnosis> => {
    looks += 1;
    return (answers.shift() ?? (async () => ({ isHealthy: true, results: [] })))();
  };
  const replica = world.replica("n1", { doctor });
  const key = await world.key({ rights: ["admin"], refs: ["*"] });
  expect((await replica.ask("/v1/doctor", { key })).status).toBe(503);
  for (let asked = 0; asked < 3; asked++)
    expect((await replica.ask("/v1/doctor", { key })).status).toBe(200);
  expect(looks).toBe(2);
  await world.clock.advance(11_000);
  await replica.ask("/v1/doctor", { key });
  expect(looks).toBe(3);
});

test("a key limited to some references may not see the store's diagnosis, and a server without checks has no such route", async () => {
  const some = await world.key({ rights: ["admin"], refs: ["wechat:stable:wx1"] });
  const all = await world.key({ rights: ["admin"], refs: ["*"] });
  await world.clock.advance(500);
  const looking = world.replica("n1", { doctor: look });
  expect((await looking.ask("/v1/doctor", { key: some })).status).toBe(403);
  const bare = await world.replica("n2").ask("/v1/doctor", { key: all });
  expect([bare.status, await bare.json()]).toEqual([
    404,
    expect.objectContaining({ remedy: expect.stringContaining("doctor") as string }),
  ]);
});

async function allDocuments() {
  const cache = world.store.cache().withPrefix("production");
  const id = "wechat:stable:wx0123456789abcdef";
  const entry = await cache.get(id);
  if (entry === undefined) throw new Error("Nothing is stored.");
  const { storeNowMs: nowMs, value } = entry;
  const set = (change: object): Promise<unknown> =>
    cache.set(id, JSON.stringify({ ...(JSON.parse(value) as object), ...change }));
  return [{ nowMs, set }] as const;
}
