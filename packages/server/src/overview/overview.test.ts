/** The dashboard's data, from several replicas over one log. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { appId, appSecret, otherRef, ref, serverWorld } from "../server-world.fixture.ts";
import type { AskOptions, Replica, ServerWorld } from "../server-world.fixture.ts";
import type { ConflictEvidence } from "./conflicts.ts";
import type { Ledger } from "./ledger.ts";
import type { FleetNode } from "./nodes.ts";
import type { Overview, OverviewRow } from "./overview.ts";

let world: ServerWorld;
let first: Replica;
let key: string;

beforeEach(async () => {
  world = serverWorld();
  first = world.replica();
  key = await world.key({ rights: ["read", "reject", "refresh", "revoke", "admin"], refs: ["*"] });
});
afterEach(() => world.close());

const one = `/v1/credentials/${encodeURIComponent(ref)}`;

async function read<T>(replica: Replica, path: string, options: AskOptions = {}): Promise<T> {
  const response = await replica.ask(path, { key, ...options });
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as T;
}

async function rowOf(replica: Replica, path = "/v1/overview"): Promise<OverviewRow> {
  const { credentials } = await read<Overview>(replica, path);
  return credentials.find((row) => row.ref === ref)!;
}

/** A system outside the fleet fetches a token, and a caller of the fleet is refused. */
async function steal(): Promise<void> {
  const { fingerprint, secret } = await read<{ fingerprint: string; secret: string }>(first, one);
  await world.clock.advance(40_000);
  await world.during(
    world.simulator.fetch("https://api.weixin.qq.com/cgi-bin/stable_token", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        grant_type: "client_credential",
        appid: appId,
        secret: appSecret,
        force_refresh: true,
      }),
    }),
  );
  await world.clock.advance(301_000);
  expect(secret).toBeDefined();
  await first.ask(`${one}/rejections`, { key, json: { fingerprint, code: "40001" } });
  await world.clock.advance(2_000);
}

test("a row has the node and the reason of the fetch, the quota, and the nodes that have the token", async () => {
  await first.ask(one, { key });
  const second = world.replica("second");
  await second.ask(one, { key });
  await world.clock.advance(2_000);
  const row = await rowOf(second);
  expect(row).toMatchObject({
    state: "live",
    generation: 1,
    environment: "production",
    by: { node: "node0", environment: "production", reason: "cold" },
    quota: { used: 1 },
    nodes: { on: 2, total: 2 },
    may: { refresh: true, revoke: true },
  });
  expect(row.fingerprint).toMatch(/^.{8}$/);
  expect(row.expiresInMs).toBeGreaterThan(7_000_000);
  expect(row).not.toHaveProperty("secret");
  await first.ask(`${one}/refresh`, { key, json: {} });
  await world.clock.advance(2_000);
  expect(await rowOf(first)).toMatchObject({ generation: 2, nodes: { total: 2 } });
});

test("a replica that was never asked adopts the fleet's token, and reading the overview fetches nothing", async () => {
  await read<Overview>(first, "/v1/overview");
  await world.clock.advance(5_000);
  expect(await rowOf(first)).toMatchObject({ state: "none", nodes: { total: 0 } });
  await first.ask(one, { key });
  await world.clock.advance(2_000);
  const idle = world.replica("idle");
  expect(await rowOf(idle)).toMatchObject({ state: "none", nodes: { total: 1 } });
  await world.clock.advance(2_000);
  expect(await rowOf(idle)).toMatchObject({ state: "live", generation: 1 });
  expect((await rowOf(idle)).quota.used).toBe(1);
});

test("a foreign refresh is shown as a conflict with its evidence, on every replica and after a restart", async () => {
  await steal();
  for (const replica of [first, world.replica("restarted")]) {
    const row = await rowOf(replica);
    expect(row.conflict).toMatchObject({ state: "suspected", count: 1 });
    expect(row.conflict!.sinceAgoMs).toBeLessThan(10_000);
    const { conflicts } = await read<{ conflicts: ConflictEvidence[] }>(replica, "/v1/conflicts");
    expect(conflicts).toHaveLength(1);
    expect(conflicts[0]).toMatchObject({ ref, state: "suspected", node: "node0" });
    expect(conflicts[0]!.remedy).toMatch(/\S/);
    expect(conflicts[0]!.fingerprint).toMatch(/^.{8}$/);
  }
  await world.clock.advance(7_200_000);
  expect((await rowOf(first)).conflict).toBeUndefined();
});

test("a failed refresh is shown until one succeeds", async () => {
  await first.ask(one, { key });
  world.simulator.faults.next({ errcode: 40164 }, { times: 20 });
  await first.ask(`${one}/refresh`, { key, json: {} });
  await world.clock.advance(2_000);
  const { failure } = await rowOf(first);
  expect(failure).toMatchObject({ isFatal: true, code: "40164" });
  world.simulator.faults.clear();
  await world.clock.advance(600_000);
  await first.ask(`${one}/refresh`, { key, json: {} });
  await world.clock.advance(2_000);
  expect((await rowOf(first)).failure).toBeUndefined();
});

test("the ledger counts fetches by hour and by reason", async () => {
  await first.ask(one, { key });
  await world.clock.advance(3_600_000);
  await first.ask(`${one}/refresh`, { key, json: {} });
  await world.clock.advance(2_000);
  const ledger = await read<Ledger>(first, "/v1/ledger");
  expect(ledger.hours).toHaveLength(24);
  expect(ledger.hours.at(-1)).toMatchObject({ fetched: 1, startedAgoMs: 3_600_000 });
  expect(ledger.hours.at(-2)).toMatchObject({ fetched: 1 });
  const row = ledger.credentials.find((each) => each.ref === ref);
  expect(row).toMatchObject({ used: 2, byReason: { cold: 1, manual: 1 } });
});

test("the fleet lists each node with its credentials and the time of its adoptions", async () => {
  await first.ask(one, { key });
  const second = world.replica("second");
  await second.ask(one, { key });
  await world.clock.advance(2_000);
  const { nodes } = await read<{ nodes: FleetNode[] }>(first, "/v1/fleet");
  expect(nodes).toMatchObject([
    { node: "node0", on: 1, total: 1, environment: "production" },
    { node: "second", on: 1, total: 1 },
  ]);
  expect(nodes[1]!.lagMs!.most).toBeGreaterThanOrEqual(nodes[1]!.lagMs!.median);
});

test("a key sees the rows, conflicts, hours and nodes of its own references only", async () => {
  await steal();
  await first.ask(`/v1/credentials/${encodeURIComponent(otherRef)}`, { key });
  await world.clock.advance(2_000);
  const narrow = { key: await world.key({ rights: ["read"], refs: [otherRef] }) };
  await world.clock.advance(1_000);
  const { credentials } = await read<Overview>(first, "/v1/overview", narrow);
  expect(credentials.map((row) => row.ref)).toEqual([otherRef]);
  expect(credentials[0]!.may).toEqual({ refresh: false, revoke: false });
  const texts = await Promise.all(
    ["conflicts", "ledger", "fleet"].map((name) => read<object>(first, `/v1/${name}`, narrow)),
  );
  expect(JSON.stringify(texts)).not.toContain(ref);
  expect(JSON.stringify(texts[1])).not.toContain('"contended":1');
});

test("claims and keys are described in durations, and a key is revoked by its id", async () => {
  await first.ask(one, { key });
  await world.clock.advance(2_000);
  const { claims } = await read<{ claims: object[] }>(first, "/v1/claims");
  expect(claims).toMatchObject([{ credential: ref, environment: "production", node: "node0" }]);
  expect(JSON.stringify(claims)).toMatch(/"lapsesInMs":1\d{8}/);
  const doomed = await world.key({ name: "doomed" });
  await world.clock.advance(1_000);
  const id = doomed.split("_")[1]!;
  const path = `/v1/keys/${id}/revoke`;
  expect((await first.ask(path, { key, json: {} })).status).toBe(204);
  expect((await first.ask("/v1/keys/nope/revoke", { key, json: {} })).status).toBe(404);
  await world.clock.advance(1_000);
  const { keys } = await read<{ keys: { id: string; revokedAgoMs?: number }[] }>(first, "/v1/keys");
  expect(keys.find((each) => each.id === id)!.revokedAgoMs).toBeGreaterThanOrEqual(0);
  expect((await first.ask(one, { key: doomed })).status).toBe(401);
});

test("without the log the credentials are still shown, and the log is reported as unavailable", async () => {
  await first.ask(one, { key });
  first.plan.unreachable = true;
  await world.clock.advance(1_000);
  const overview = await read<Overview>(first, "/v1/overview");
  expect(overview.hasLog).toBe(false);
  expect(overview.credentials).toHaveLength(2);
  first.plan.unreachable = false;
});

test("the page's assets take precedence, and the demo lets the user simulate a foreign fetch", async () => {
  let stolen = 0;
  const replica = world.replica("page", {
    dashboard: {
      cache: world.store.cache(),
      assets: ({ url }) => (new URL(url).pathname === "/" ? new Response("page") : undefined),
      demo: { ref, steal: async () => void (stolen += 1) },
    },
  });
  expect(await (await replica.ask("/")).text()).toBe("page");
  expect((await replica.ask("/v1/nope", { key })).status).toBe(404);
  expect((await replica.ask("/v1/demo/steal", { key, json: {} })).status).toBe(204);
  expect(stolen).toBe(1);
  expect((await first.ask("/v1/demo/steal", { key, json: {} })).status).toBe(422);
});
