/** Each check finds its fault on a real Redis, and has no finding on a healthy one. */
import { channel } from "node:diagnostics_channel";
import { systemClock } from "@lingpai/core";
import { openLink, startServer, swallowingProxy } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
} from "vitest";
import { checks } from "./checks/index.ts";
import { applyFix, diagnose } from "./diagnose.ts";
import { ioredisPort } from "@lingpai/redis";
import { appId, healthyState, plainId, redisWorld, token } from "./redis-world.fixture.ts";
import type { RedisWorld } from "./redis-world.fixture.ts";

const dayMs = 86_400_000;
let server: Server;
let world: RedisWorld;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

beforeEach(async () => {
  await server.command("FLUSHALL");
  world = redisWorld(server.url);
});
afterEach(() => world.close());

/** The result of one check, by the fleet's own user or at another address. */
async function result(id: string, over: RedisWorld = world) {
  const found = (await over.look()).get(id);
  if (found === undefined) throw new Error(`There is no check ${id}.`);
  return found;
}

async function at(url: string): Promise<RedisWorld> {
  const other = redisWorld(url);
  onTestFinished(() => other.close());
  return other;
}

async function setting(name: string, value: string, usual: string): Promise<void> {
  await server.command("CONFIG", "SET", name, value);
  onTestFinished(async () => void (await server.command("CONFIG", "SET", name, usual)));
}

describe("a healthy set-up", () => {
  test("has no finding, and a check that does not apply or cannot be made is not reported as ok", async () => {
    await world.put("production");
    const results = [...(await world.look()).values()];
    expect(results.filter(({ status }) => status === "finding")).toEqual([]);
    const notOk = results
      .filter(({ status }) => status !== "ok")
      .map(({ id, status }) => [id, status]);
    expect(Object.fromEntries(notOk)).toEqual({
      "not-persistent": "not-applicable",
      "server-keys-unused": "not-applicable",
      "unsealed-and-traced": "unknown",
    });
    expect(results.map(({ id }) => id).toSorted()).toEqual(checks.map(({ id }) => id).toSorted());
  });

  test("is ok with refresh tokens, server keys and a seal too", async () => {
    const nowMs = await world.now();
    const { credential, ...rest } = healthyState(nowMs);
    await world.put("production", { ...rest, credential: { ...credential!, nextInput: "r" } });
    await keys([{ id: "a", createdAtMs: nowMs - 100 * dayMs }], {
      sinceMs: nowMs - 100 * dayMs,
      uses: { a: nowMs - dayMs },
    });
    const results = await world.look({ isSealed: true });
    for (const id of ["not-persistent", "server-keys-unused", "unsealed-and-traced"])
      expect(results.get(id), id).toMatchObject({ status: "ok" });
  });

  test("is not changed: no token is fetched, no document changes, and the canary ends by itself", async () => {
    await world.put("production");
    const before = await world.store.cache.withPrefix("production").get(plainId);
    await world.look();
    expect(await world.store.cache.withPrefix("production").get(plainId)).toMatchObject({
      version: before?.version,
    });
    const written = (await server.command("KEYS", "*probe*")) as string[];
    for (const key of written)
      if (!key.endsWith("::fence")) expect(await server.command("PTTL", key)).toBeGreaterThan(0);
  });
});

describe("the checks of documents", () => {
  test("find two environments that fetch the plain token of one AppID", async () => {
    await world.put("production");
    await world.put("development");
    expect(await result("shared-app-id")).toMatchObject({
      status: "finding",
      severity: "critical",
      evidence: `"production" and "development" have claimed ${plainId} in this store.`,
      remedy: expect.stringContaining("an AppID of its own"),
    });
  });

  test("accept two environments that share a stable token", async () => {
    for (const environment of ["production", "development"])
      await world.put(environment, {}, `wechat:stable:${appId}`);
    expect(await result("shared-app-id")).toMatchObject({ status: "ok" });
  });

  test("find a foreign refresher while its report is recent", async () => {
    const nowMs = await world.now();
    await world.put("production", { contention: { count: 3, lastMs: nowMs - 120_000 } });
    expect(await result("foreign-refresher")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("replaced from outside 3 times, last 2 min ago"),
    });
    await world.put("production", { contention: { count: 3, lastMs: nowMs - 2 * dayMs } });
    expect(await result("foreign-refresher")).toMatchObject({ status: "ok" });
  });

  test("find a doubt that is older than the overlap, and not a younger one", async () => {
    const nowMs = await world.now();
    const { credential } = healthyState(nowMs);
    const older = { ...credential!, sentAtMs: nowMs - 2_000_000 };
    await world.put("production", { credential: older, doubtSinceMs: nowMs - 900_000 });
    expect(await result("doubt-overdue")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("in doubt for 15 min; the overlap is 5 min"),
    });
    await world.put("production", { credential: older, doubtSinceMs: nowMs - 60_000 });
    expect(await result("doubt-overdue")).toMatchObject({ status: "ok" });
  });

  test("find a document of a newer schema, and one of foreign content", async () => {
    await world.put("production");
    const cache = world.store.cache.withPrefix("production");
    await cache.set(plainId, JSON.stringify({ ...healthyState(await world.now()), v: 9 }));
    expect(await result("unknown-schema")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("(schema)"),
    });
    // The content of an unreadable document is unknown.
    expect(await result("foreign-refresher")).toMatchObject({ status: "unknown" });
    await server.command("SET", `production:{${encodeURIComponent(plainId)}}`, "mine");
    expect(await result("unknown-schema")).toMatchObject({
      evidence: expect.stringContaining("(format)"),
    });
  });

  test("find a platform that refuses, and a token that nobody replaces", async () => {
    const nowMs = await world.now();
    const refusal = { code: "40164", node: "n1", atMs: nowMs, nextMs: nowMs, count: 2 };
    const { credential } = healthyState(nowMs);
    const ended = { ...credential!, expiresAtMs: nowMs - 600_000 };
    await world.put("production", { refusal, credential: ended, usedAtMs: nowMs - 1_000 });
    expect(await result("platform-refuses")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("40164 for node n1, 2 times"),
    });
    expect(await result("not-refreshed")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("ended 10 min ago and was used since"),
    });
  });

  test("find a quota above 80 %, and more than two refreshes per lifetime", async () => {
    const { quota } = healthyState(await world.now());
    await world.put("production", { quota: { ...quota, used: 1_700 } });
    expect(await result("quota-nearly-used")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("1700 of 2000 fetches today, 85 %"),
    });
    expect(await result("too-many-refreshes")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("1700 fetches"),
    });
    await world.put("production", { quota: { ...quota, used: 1_600, day: quota.day - 1 } });
    for (const id of ["quota-nearly-used", "too-many-refreshes"])
      expect(await result(id), id).toMatchObject({ status: "ok" });
  });

  test("report quota and lifetime as unknown for an unknown platform", async () => {
    await world.put("production", { credential: undefined as never }, "other:one");
    for (const id of ["quota-nearly-used", "too-many-refreshes"])
      expect(await result(id), id).toMatchObject({ status: "unknown" });
  });

  test("find server keys unused for 90 days, unless recording began more recently", async () => {
    const nowMs = await world.now();
    await world.put("production");
    const old = { id: "a", createdAtMs: nowMs - 200 * dayMs };
    const revoked = { id: "b", createdAtMs: nowMs - 200 * dayMs, revokedAtMs: nowMs };
    await keys([old, revoked], { sinceMs: nowMs - 91 * dayMs, uses: { a: nowMs - 91 * dayMs } });
    expect(await result("server-keys-unused")).toMatchObject({
      status: "finding",
      evidence: 'Not used for 90 days: "key a" (a).',
    });
    await keys([old], { sinceMs: nowMs - 10 * dayMs, uses: {} });
    expect(await result("server-keys-unused")).toMatchObject({ status: "unknown" });
  });
});

describe("the checks for other users of the same Redis", () => {
  test.each([
    ["silenceper/wechat", `gowechat_officialaccount__access_token_${appId}`],
    ["WxJava", `wx:access_token:${appId}`],
    [
      "EasyWeChat or node-easywechat",
      `easywechat:official_account.access_token.${appId}.${"5".repeat(32)}.0`,
    ],
    ["wechatpy", `wechatpy:${appId}_access_token`],
    ["another service", `my:accessToken:${appId}:cached`],
  ])("find %s with a token of its own, without the secret in its key", async (sdk, key) => {
    await world.put("production");
    await server.command("SET", key, "its own");
    const found = await result("foreign-sdk-keys");
    expect(found).toMatchObject({ status: "finding", evidence: expect.stringContaining(sdk) });
    expect(found.evidence).not.toContain("5".repeat(8));
    // The fleet's own token under the same key is a mirror.
    await server.command("SET", key, `s:26:"${token}";`);
    expect(await result("foreign-sdk-keys")).toMatchObject({ status: "ok" });
  });

  test("report unknown if a key's value or its document cannot be read, because it may be a mirror", async () => {
    await world.put("production");
    await server.command("SET", `wx:access_token:${appId}`, "its own");
    const rights = "~production:* ~lingpai:* &* +@all";
    await server.command("ACL", "SETUSER", "own", "reset", "on", ">pw", ...rights.split(" "));
    const own = await at(`redis://own:pw@127.0.0.1:${server.port}`);
    expect(await result("foreign-sdk-keys", own)).toMatchObject({ status: "unknown" });
    await world.store.cache.withPrefix("production").set(plainId, "sealed, say");
    expect(await result("foreign-sdk-keys")).toMatchObject({ status: "unknown" });
  });

  test("a key that names no account is possibly another service's, unless it holds the fleet's token", async () => {
    await world.put("production");
    const coWechat = (value: string): string =>
      JSON.stringify({ accessToken: value, expireTime: 1_796_000_000_000 });
    await server.command("SET", "access_token", coWechat("its own"));
    expect(await result("foreign-sdk-keys")).toMatchObject({
      status: "finding",
      severity: "notice",
      evidence: "Possibly co-wechat-api keeps a token of this account in the key access_token.",
    });
    await server.command("SET", "access_token", coWechat(token));
    await server.command("SET", "shop:wx_accessToken", "its own");
    expect(await result("foreign-sdk-keys")).toMatchObject({
      status: "finding",
      severity: "notice",
      evidence: expect.stringContaining("Possibly another service keeps"),
    });
    await server.command("DEL", "shop:wx_accessToken");
    expect(await result("foreign-sdk-keys")).toMatchObject({ status: "ok" });
  });

  test("report unknown if a key does not name its AppID, and accept any key for a stable token", async () => {
    await world.put("production");
    await server.command("SET", `gowechat_officialaccount__stable_access_token_${appId}`, "x");
    // A lock taken by withWxjavaLock() looks like WxJava's own.
    await server.command("SET", `wx:lock:${appId}:accessTokenLock`, "x");
    expect(await result("foreign-sdk-keys")).toMatchObject({ status: "ok" });
    await server.command("SET", `powerwechat.access_token.${"a".repeat(32)}`, "x");
    expect(await result("foreign-sdk-keys")).toMatchObject({ status: "unknown" });
  });

  test.each([
    ["that never ends", ["17:owner"], "never ends"],
    ["that is held for hours", ["17:owner", "PX", "7200000"], "held for another"],
    ["that something else wrote", ["locked", "PX", "5000"], "did not write"],
  ])("find a lock %s, and accept one of a refresh", async (_what, value, says) => {
    await world.put("production");
    const lock = `production:{${encodeURIComponent(plainId)}}::lock`;
    await server.command("SET", lock, ...value);
    expect(await result("stuck-lock")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining(says),
    });
    await server.command("SET", lock, "17:owner", "PX", "10000");
    expect(await result("stuck-lock")).toMatchObject({ status: "ok" });
  });

  test("find a tracer that listens while the store is not sealed", async () => {
    await world.put("production");
    const listener = (): void => {};
    channel("tracing:ioredis:command:start").subscribe(listener);
    onTestFinished(() => void channel("tracing:ioredis:command:start").unsubscribe(listener));
    expect(await result("unsealed-and-traced")).toMatchObject({ status: "finding" });
    expect((await world.look({ isSealed: true })).get("unsealed-and-traced")).toMatchObject({
      status: "ok",
    });
  });

  test("find a tracer that NODE_OPTIONS loads, and accept a node of the fleet without a listener", async () => {
    await world.put("production");
    const variables = {
      NODE_OPTIONS: "--import @opentelemetry/auto-instrumentations-node/register",
    };
    expect((await world.look({ variables })).get("unsealed-and-traced")).toMatchObject({
      status: "finding",
    });
    expect((await world.look({ isInFleet: true })).get("unsealed-and-traced")).toMatchObject({
      status: "ok",
    });
  });
});

describe("the checks of the server's settings", () => {
  test("find an evicting policy, mend it, and report how to undo the change", async () => {
    await world.put("production");
    await setting("maxmemory-policy", "allkeys-lru", "noeviction");
    await setting("maxmemory", "1gb", "0");
    expect(await result("evicting-policy")).toMatchObject({
      status: "finding",
      severity: "critical",
      evidence: "maxmemory-policy of the server is allkeys-lru.",
      fix: expect.stringContaining("CONFIG SET maxmemory-policy noeviction"),
    });
    const options = { cache: world.store.cache, redis: ioredisPort(world.redis) };
    const [line] = await applyFix("evicting-policy", options);
    expect(line).toContain("To undo it: CONFIG SET maxmemory-policy allkeys-lru");
    expect(await result("evicting-policy")).toMatchObject({ status: "ok" });
    expect(await applyFix("evicting-policy", options)).toEqual([]);
    await expect(applyFix("shared-app-id", options)).rejects.toMatchObject({
      code: "CONFIGURATION",
    });
  });

  test("are ordered: critical findings, warnings, then ok and unknown", async () => {
    await world.put("production");
    await setting("maxmemory-policy", "volatile-lru", "noeviction");
    const variables = { NODE_OPTIONS: "--require dd-trace/init" };
    const results = [...(await world.look({ variables })).values()];
    expect(results.slice(0, 2).map(({ id, severity }) => [id, severity])).toEqual([
      ["unsealed-and-traced", "critical"],
      ["evicting-policy", "warning"],
    ]);
    const statuses = results.map(({ status }) => status);
    expect(statuses.lastIndexOf("finding")).toBe(1);
  });

  test("report an evicting policy without maxmemory as a warning", async () => {
    await setting("maxmemory-policy", "volatile-lru", "noeviction");
    expect(await result("evicting-policy")).toMatchObject({
      status: "finding",
      severity: "warning",
    });
  });

  test("find refresh tokens in a Redis that persists nothing, or only takes snapshots", async () => {
    const { credential } = healthyState(await world.now());
    await world.put("production", { credential: { ...credential!, nextInput: "refresh" } });
    await setting("appendonly", "no", "yes");
    expect(await result("not-persistent")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("persists nothing"),
    });
    await setting("save", "900 1", "");
    expect(await result("not-persistent")).toMatchObject({
      evidence: expect.stringContaining("only takes snapshots"),
    });
  });

  test("find a replica given as the primary, and a primary that waits for no replica", async () => {
    await world.put("production");
    const replica = await startServer({ config: [`replicaof 127.0.0.1 ${server.port}`] });
    onTestFinished(() => replica.stop());
    await expect
      .poll(async () => String(await server.command("INFO", "replication")))
      .toMatch(/connected_slaves:1[\s\S]*state=online/);
    const behind = await at(replica.url);
    expect(await result("replica-as-primary", behind)).toMatchObject({
      status: "finding",
      evidence: `the server is a replica of 127.0.0.1:${server.port}.`,
    });
    expect(await result("commands-refused", behind)).toMatchObject({ status: "unknown" });
    expect(await result("clocks-apart")).toMatchObject({
      status: "unknown",
      evidence: expect.stringContaining("replicas of the server were not asked"),
    });
    expect(await result("unreplicated-writes")).toMatchObject({ status: "finding" });
    await setting("min-replicas-to-write", "1", "0");
    expect(await result("unreplicated-writes")).toMatchObject({ status: "ok" });
    expect(await result("replica-as-primary")).toMatchObject({ status: "ok" });
  });
});

describe("the checks of access", () => {
  const user = async (rights: string): Promise<RedisWorld> => {
    await server.command("ACL", "SETUSER", "narrow", "reset", "on", ">pw", ...rights.split(" "));
    return at(`redis://narrow:pw@127.0.0.1:${server.port}`);
  };

  test.each([
    ["a command", "~* &* +@all -pexpire", /refuses "pexpire"/],
    ["scripts", "~* &* +@all -eval -evalsha", /eval/],
    ["PUBLISH", "~* &* +@all -publish", /"publish" is refused/],
    ["channels", "~* resetchannels +@all", /publish/],
    ["the environment's keys", "~lingpai:* &* +@all", /production/],
  ])("name %s that an access rule forbids", async (_what, rights, says) => {
    await world.put("production");
    const narrow = await user(rights);
    const found = await narrow.look({ environment: "production" });
    expect(found.get("commands-refused")).toMatchObject({
      status: "finding",
      evidence: expect.stringMatching(says),
      remedy: expect.stringContaining("README"),
    });
  });

  test("report a check that an access rule prevents as unknown, never as ok", async () => {
    await world.put("production");
    const found = await (await user("~* &* +@all -info -config -scan -time")).look();
    const about = Object.fromEntries([...found.values()].map(({ id, status }) => [id, status]));
    for (const id of [
      "evicting-policy",
      "replica-as-primary",
      "unreplicated-writes",
      "shared-app-id",
    ])
      expect(about[id], id).toBe("unknown");
    const seen = Object.keys(about).filter((id) => about[id] === "ok");
    expect(seen).toEqual(["subscription-swallowed"]);
  });

  test("find a service that checks scripts before it runs them", async () => {
    await world.put("production");
    const link = await openLink(server, "resp", ([name = "", text = ""]) =>
      /^eval$/i.test(name) && text.includes("TIME")
        ? "ERR bad lua script for redis cluster"
        : undefined,
    );
    onTestFinished(() => link.close());
    const found = await (await at(link.url)).look({ environment: "production" });
    expect(found.get("commands-refused")).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("script_check_enable"),
    });
  });

  test("find a proxy that confirms a subscription and drops its messages", async () => {
    await world.put("production");
    const proxy = await swallowingProxy(server);
    onTestFinished(() => proxy.close());
    expect(await result("subscription-swallowed", await at(proxy.url))).toMatchObject({
      status: "finding",
      evidence: expect.stringContaining("did not come back"),
    });
  });

  test("clocks that differ are found by the machine's own clock", async () => {
    await world.put("production");
    const clock = { ...systemClock, wallMs: () => systemClock.wallMs() - 600_000 };
    expect((await world.look({ clock })).get("clocks-apart")).toMatchObject({
      status: "finding",
      evidence: "The clock of the server is 10 min ahead of this machine's.",
    });
  });
});

test("an unreachable store is an error, not a diagnosis", async () => {
  const gone = await startServer();
  await gone.stop();
  const nobody = redisWorld(gone.url);
  onTestFinished(() => nobody.close());
  await expect(
    diagnose({ cache: nobody.store.cache, redis: ioredisPort(nobody.redis) }),
  ).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "disconnected" });
});

test("titles, meanings and remedies are available in Chinese", async () => {
  await world.put("production");
  const { results } = await diagnose({ cache: world.store.cache, language: "zh-CN" });
  for (const { title, meaning, remedy } of results)
    expect(title + meaning + remedy).toMatch(/[\u4e00-\u9fff]/);
});

async function keys(
  records: readonly { readonly id: string; readonly createdAtMs: number }[],
  uses: { readonly sinceMs: number; readonly uses: Readonly<Record<string, number>> },
): Promise<void> {
  const own = world.store.cache.withPrefix("production").withPrefix("server-keys");
  const all = records.map((record) => ({ name: `key ${record.id}`, ...record }));
  await own.set("keys", JSON.stringify({ v: 1, keys: all }));
  await own.set("uses", JSON.stringify({ v: 1, ...uses }));
}
