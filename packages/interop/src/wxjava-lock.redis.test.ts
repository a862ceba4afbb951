/** WxJava's lock in a real Redis, as `SET NX PX 60000` and compare-and-delete. */
import { fingerprint, IssueError, Secret } from "@lingpai/core";
import type { Issuer, IssueRequest } from "@lingpai/core";
import { standalone } from "@lingpai/test-servers";
import type { Standalone } from "@lingpai/test-servers";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ioredisRawStore } from "./store/raw-store.ts";
import { withWxjavaLock } from "./wxjava-lock.ts";

const appId = "wx00000000000lock0";
const lockKey = `wx:lock:${appId}:accessTokenLock`;
const tokenKey = `wx:access_token:${appId}`;

let server: Standalone;
let redis: Redis;

beforeAll(async () => {
  server = await standalone();
  redis = new Redis(server.url);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

beforeEach(() => redis.del(lockKey, tokenKey));

interface Platform {
  readonly issuer: Issuer;
  /** What was held under the lock's key during each issue, and its time to live in ms. */
  readonly seen: { readonly owner: string | null; readonly leaseMs: number }[];
}

function platform(issue: () => Promise<string> = async () => "fetched"): Platform {
  const seen: Platform["seen"] = [];
  const issuer: Issuer = {
    id: `wechat:plain:${appId}`,
    policy: { kind: "supersede", overlapMs: 300_000 },
    lifetimeMs: 7_200_000,
    async issue() {
      seen.push({ owner: await redis.get(lockKey), leaseMs: await redis.pttl(lockKey) });
      return { secret: await issue(), expiresInMs: 7_200_000 };
    },
    probe: async (secret) => (secret.reveal().startsWith("dead") ? "dead" : "alive"),
  };
  return { issuer, seen };
}

function request(current?: string): IssueRequest {
  const secret =
    current === undefined ? undefined : new Secret(current, fingerprint("test", current));
  return {
    signal: new AbortController().signal,
    reason: "expired",
    forced: false,
    current: secret && { secret, nextInput: undefined },
    parent: undefined,
  };
}

describe("WxJava's lock", () => {
  test("is held for 60 s by an unguessable owner while we fetch, and released", async () => {
    const { issuer, seen } = platform();
    expect(
      await withWxjavaLock(issuer, { store: ioredisRawStore(redis), appId }).issue(request()),
    ).toMatchObject({ secret: "fetched" });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.owner).toMatch(/^[\w-]{22}$/);
    expect(seen[0]?.leaseMs).toBeGreaterThan(59_000);
    expect(await redis.exists(lockKey)).toBe(0);
  });

  test("is released when the fetch fails, too", async () => {
    const { issuer } = platform(() => Promise.reject(new IssueError("busy", "-1")));
    await expect(
      withWxjavaLock(issuer, { store: ioredisRawStore(redis), appId }).issue(request()),
    ).rejects.toMatchObject({
      outcome: "busy",
    });
    expect(await redis.exists(lockKey)).toBe(0);
  });

  test("is not taken from WxJava: we wait for it, and fetch nothing without it", async () => {
    await redis.set(lockKey, "a-java-uuid", "PX", 60_000);
    const { issuer, seen } = platform();
    const locked = withWxjavaLock(issuer, { store: ioredisRawStore(redis), appId, waitMs: 200 });
    await expect(locked.issue(request())).rejects.toMatchObject({ outcome: "busy" });
    expect(await redis.get(lockKey)).toBe("a-java-uuid");
    expect(seen).toEqual([]);
  });

  test("is not released by us after our lease ended and WxJava took it", async () => {
    const { issuer } = platform(async () => {
      await redis.set(lockKey, "a-java-uuid", "PX", 60_000);
      return "fetched";
    });
    await withWxjavaLock(issuer, { store: ioredisRawStore(redis), appId }).issue(request());
    expect(await redis.get(lockKey)).toBe("a-java-uuid");
  });

  test("lets one node fetch at a time", async () => {
    let atOnce = 0;
    let most = 0;
    const { issuer } = platform(async () => {
      most = Math.max(most, (atOnce += 1));
      await redis.ping();
      atOnce -= 1;
      return "fetched";
    });
    const nodes = Array.from({ length: 8 }, () =>
      withWxjavaLock(issuer, { store: ioredisRawStore(redis), appId, waitMs: 7_000 }),
    );
    await Promise.all(nodes.map((each) => each.issue(request())));
    expect(most).toBe(1);
  });
});

describe("a token that WxJava stored meanwhile", () => {
  test("is used instead of a fetch, for as long as it lasts", async () => {
    await redis.set(tokenKey, "from-java", "PX", 5_000_000);
    const { issuer, seen } = platform();
    const issued = await withWxjavaLock(issuer, { store: ioredisRawStore(redis), appId }).issue(
      request("replaced"),
    );
    expect(issued.secret).toBe("from-java");
    expect(issued.expiresInMs).toBeLessThanOrEqual(5_000_000);
    expect(seen).toEqual([]);
  });

  test.each([
    ["is the one to be replaced", "replaced"],
    ["is dead according to the platform", "dead-token"],
  ])("is replaced by a fetch when it %s", async (_, stored) => {
    await redis.set(tokenKey, stored, "PX", 5_000_000);
    const { issuer } = platform();
    const locked = withWxjavaLock(issuer, { store: ioredisRawStore(redis), appId });
    expect(await locked.issue(request("replaced"))).toMatchObject({ secret: "fetched" });
    expect(await redis.get(tokenKey)).toBe("fetched");
  });
});

test("our token is stored under WxJava's key before WxJava's lock is released", async () => {
  const { issuer } = platform();
  const store = ioredisRawStore(redis);
  let heldAtWrite: boolean | undefined;
  const watching = {
    ...store,
    async set(key: string, value: string, ttlMs: number) {
      heldAtWrite = (await redis.exists(lockKey)) === 1;
      await store.set(key, value, ttlMs);
    },
  };
  await withWxjavaLock(issuer, { store: watching, appId }).issue(request());
  expect(heldAtWrite).toBe(true);
  expect(await redis.get(tokenKey)).toBe("fetched");
  expect(await redis.pttl(tokenKey)).toBeGreaterThan(7_190_000);
});

test("an unreachable store is reported as an unsent request: nothing was issued", async () => {
  const { issuer, seen } = platform();
  const failing = {
    ...ioredisRawStore(redis),
    setIfAbsent: () => Promise.reject(new Error("with args: secret")),
  };
  const failure: unknown = await withWxjavaLock(issuer, { store: failing, appId })
    .issue(request())
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ outcome: "unsent" });
  expect(String(failure)).not.toContain("with args");
  expect(seen).toEqual([]);
});
