/** The promises of both Redis adapters beyond the clauses, tested on a real server. */
import { keyring, sealed } from "@lingpai/core";
import { openWire, startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { describeRights } from "./access-rules.ts";
import { describeServices } from "./services.ts";
import { within } from "../backends/world.ts";
import type { Connect, Connected, Credentials, RedisDriver } from "../backends/world.ts";

const user: Credentials = { username: "lingpai_prod", password: "secret" };

/** @param readme the adapter's README, whose ACL lines are tested */
export function describeRedisAdapter(driver: RedisDriver, readme: URL): void {
  describe(driver.client, () => {
    let server: Server;
    beforeAll(async () => {
      server = await startServer({
        config: [
          "slowlog-log-slower-than 0",
          "slowlog-max-len 1000",
          "maxmemory-policy noeviction",
        ],
      });
    });
    afterAll(() => server.stop());

    const connect = async (credentials?: Credentials): Promise<Connected> => {
      const connected = await driver.standalone(server, credentials);
      onTestFinished(() => connected.close());
      return connected;
    };
    describeClient(() => server, connect);
    describeRights(user, () => server, connect, readme);
    describeProbe(() => server, connect);
    describeWarnings(() => server, connect);
    describeRefusals(() => server, connect);
    describe("behind", () => {
      describeServices(driver, () => server);
    });
    test("the SLOWLOG shows an open value, but never a sealed one", () =>
      expectSealed(server, connect));
  });
}

function describeClient(server: () => Server, connect: Connect): void {
  const subscribers = async (): Promise<number> =>
    String(await server().command("CLIENT", "LIST", "TYPE", "PUBSUB"))
      .split("\n")
      .filter(Boolean).length;

  test("one extra connection of the client serves all channels, from the first listener to the last", async () => {
    const connected = await connect();
    const [cache, again, lock] = [
      connected.cache(within),
      connected.cache(within),
      connected.lock(within),
    ];
    await cache.set("key", "value");
    expect(await subscribers()).toBe(0);
    const ends = [
      await cache.watch!(() => {}),
      await again.withPrefix("prod").watch!(() => {}),
      await lock.onRelease!("name", () => {}),
    ];
    expect(await subscribers()).toBe(1);
    await ends[0]!();
    await ends[1]!();
    expect(await subscribers()).toBe(1);
    await ends[2]!();
    await expect.poll(subscribers).toBe(0);
  });

  test("the client has no listeners and still works after close", async () => {
    const connected = await connect();
    await connected.cache(within).get("key");
    const before = connected.listenerCount();
    const cache = connected.cache(within);
    await cache.watch!(() => {});
    expect(connected.listenerCount()).toBe(before);
    await cache.close();
    await expect(cache.get("key")).rejects.toMatchObject({ code: "CLOSED" });
    expect(await connected.ping()).toBe("PONG");
  });

  test("a client that is still connecting loses no operation", async () => {
    const connected = await connect();
    const cache = connected.cache(within);
    const [written, entry] = await Promise.all([
      cache.set("early", "value"),
      connected.lock(within).tryAcquire("early", "me", 1_000),
    ]);
    expect([written.written, entry.acquired]).toEqual([true, true]);
  });
}

/** Connects a user that has all rights but these. */
async function limitedTo(
  server: Server,
  connect: Connect,
  ...rights: readonly string[]
): Promise<Connected> {
  const { password, username } = user;
  const all = ["reset", "on", `>${password}`, "~*", "&*", "+@all"];
  await server.command("ACL", "SETUSER", username, ...all, ...rights);
  return connect(user);
}

function describeProbe(server: () => Server, connect: Connect): void {
  test.each([
    "eval",
    "evalsha",
    "time",
    "get",
    "getrange",
    "exists",
    "pttl",
    "set",
    "pexpire",
    "del",
  ])("the probe names %s when it is refused", async (command) => {
    if (command === "eval") await server().command("SCRIPT", "FLUSH");
    const connected = await limitedTo(server(), connect, `-${command}`);
    const failure: unknown = await connected.probe().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      code: "CACHE_UNAVAILABLE",
      reason: "forbidden",
      retryable: false,
    });
    expect(String(failure)).toContain(`"${command}"`);
  });

  test.each(["publish", "subscribe"])(
    "the probe warns when %s is refused, because everything else works",
    async (command) => {
      const connected = await limitedTo(server(), connect, `-${command}`);
      expect(await connected.probe()).toEqual([expect.stringContaining(`"${command}" is refused`)]);
      const [cache, lock] = [connected.cache(within), connected.lock(within)];
      expect(await cache.set("quiet", "value")).toMatchObject({ written: true });
      expect(await lock.tryAcquire("quiet", "me", 60_000)).toMatchObject({ acquired: true });
      expect([await lock.release("quiet", "me"), await cache.delete("quiet")]).toEqual([
        true,
        true,
      ]);
    },
  );
}

function describeWarnings(server: () => Server, connect: Connect): void {
  test("the probe names the missing rights of a user without channels, which is the default of Redis 7", async () => {
    await server().command(
      "ACL",
      "SETUSER",
      user.username,
      "reset",
      "resetchannels",
      "on",
      `>${user.password}`,
      "~*",
      "+@all",
    );
    const warnings = await (await connect(user)).probe({ path: ["prod"] });
    expect(warnings).toEqual([
      expect.stringMatching(/publish.*a user has none by default/),
      expect.stringMatching(/subscribe.*Grant it the channels/),
    ]);
  });

  test("the probe warns when SCAN is refused and when the eviction policy cannot be read", async () => {
    const warnings = await (await limitedTo(server(), connect, "-scan", "-info")).probe();
    expect(warnings.join("\n")).toMatch(/SCAN is refused.*\n.*INFO is refused/);
  });

  test("the probe warns of an eviction policy that may drop credentials, and of no other", async () => {
    const connected = await connect();
    expect(await connected.probe()).toEqual([]);
    await server().command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    expect(await connected.probe()).toEqual([expect.stringContaining("allkeys-lru")]);
    await server().command("CONFIG", "SET", "maxmemory-policy", "noeviction");
  });

  test("the probe stores nothing but its fence", async () => {
    await (await connect()).probe({ path: ["probed"] });
    expect(await server().command("SCAN", "0", "MATCH", "probed:*", "COUNT", "100000")).toEqual([
      "0",
      ["probed:{lingpai.probe}::fence"],
    ]);
  });
}

function describeRefusals(server: () => Server, connect: Connect): void {
  const setting = async (name: string, value: string, otherwise: string): Promise<void> => {
    await server().command("CONFIG", "SET", name, value);
    onTestFinished(async () => void (await server().command("CONFIG", "SET", name, otherwise)));
  };

  test("a server that is out of memory refuses writes and leases with that reason, and answers reads", async () => {
    const connected = await connect();
    const [cache, lock] = [connected.cache(within), connected.lock(within)];
    await cache.set("key", "value");
    await setting("maxmemory", "1", "0");
    const refused = { code: "CACHE_UNAVAILABLE", reason: "out-of-memory", retryable: true };
    await expect(cache.set("key", "next")).rejects.toMatchObject(refused);
    await expect(lock.tryAcquire("oom", "me", 1_000)).rejects.toMatchObject(refused);
    expect((await cache.get("key"))?.value).toBe("value");
  });

  test("a replica refuses writes and leases with that reason", async () => {
    const connected = await connect();
    await connected.cache(within).set("key", "value");
    await server().command("REPLICAOF", "127.0.0.1", "1");
    onTestFinished(async () => void (await server().command("REPLICAOF", "NO", "ONE")));
    const refused = { code: "CACHE_UNAVAILABLE", reason: "readonly", retryable: true };
    await expect(connected.cache(within).set("key", "next")).rejects.toMatchObject(refused);
    await expect(connected.lock(within).tryAcquire("replica", "me", 1_000)).rejects.toMatchObject(
      refused,
    );
  });

  test("a primary that lacks its required replicas refuses writes with that reason", async () => {
    const connected = await connect();
    await setting("min-replicas-to-write", "1", "0");
    await expect(connected.cache(within).set("key", "next")).rejects.toMatchObject({
      reason: "readonly",
      retryable: true,
    });
  });

  test("a server whose password the client lacks is reported with that reason", async () => {
    const wire = await openWire(server());
    await wire.command("CONFIG", "SET", "requirepass", user.password);
    onTestFinished(async () => {
      await wire.command("CONFIG", "SET", "requirepass", "");
      wire.close();
    });
    const refused = { code: "CACHE_UNAVAILABLE", reason: "unauthorized", retryable: false };
    const cache = (await connect()).cache(within);
    await expect(cache.get("key")).rejects.toMatchObject(refused);
    await expect(cache.watch!(() => {})).rejects.toMatchObject(refused);
  });
}

async function expectSealed(server: Server, connect: Connect): Promise<void> {
  const connected = await connect();
  const open = connected.cache(within);
  const ring = keyring({ active: { id: "k1", key: "5e".repeat(32) } });
  await sealed(open, ring).set("sealed", "CANARY-SEALED");
  await open.set("open", "CANARY-OPEN");
  const seen = JSON.stringify(await server.command("SLOWLOG", "GET", "1000"));
  expect(seen).toContain("CANARY-OPEN");
  expect(seen).not.toContain("CANARY-SEALED");
}
