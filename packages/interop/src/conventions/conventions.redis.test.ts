/** Every row of the table, byte for byte, as it arrives in a real Redis through both clients. */
import { hash } from "node:crypto";
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { standalone } from "@lingpai/test-servers";
import type { Standalone } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import { createClient } from "@redis/client";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { conventions } from "./conventions.ts";
import type { ConventionName } from "./conventions.ts";
import { mirror } from "../mirror/mirror.ts";
import { ioredisRawStore, nodeRedisRawStore } from "../store/raw-store.ts";
import type { RawStore } from "../store/raw-store.ts";

const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const agentId = "1000002";

/**
 * The key that each SDK reads for the AppID `A`, its value for the credential `TOKEN`, and its time
 * to live for a credential that lives 7200 s.
 */
const rows: Readonly<Record<ConventionName, readonly [key: string, value: string, ttlS: number]>> =
  {
    "silenceper/officialaccount": ["gowechat_officialaccount__access_token_A", "TOKEN", 5_700],
    "silenceper/officialaccount/stable": [
      "gowechat_officialaccount__stable_access_token_A",
      "TOKEN",
      6_900,
    ],
    "silenceper/officialaccount/jsapi-ticket": [
      "gowechat_officialaccount__jsapi_ticket_A",
      "TOKEN",
      5_700,
    ],
    "silenceper/miniprogram": ["gowechat_miniprogram__access_token_A", "TOKEN", 5_700],
    "silenceper/miniprogram/stable": [
      "gowechat_miniprogram__stable_access_token_A",
      "TOKEN",
      6_900,
    ],
    "silenceper/work": ["gowechat_work__access_token_A", "TOKEN", 5_700],
    "silenceper/work/agent": ["gowechat_work__access_token_A_1000002", "TOKEN", 5_700],
    "wxjava/mp": ["wx:access_token:A", "TOKEN", 7_200],
    "wxjava/mp/jsapi-ticket": ["wx:ticket:key:A:jsapi", "TOKEN", 7_200],
    "wxjava/mp/sdk-ticket": ["wx:ticket:key:A:2", "TOKEN", 7_200],
    "wxjava/mp/card-ticket": ["wx:ticket:key:A:wx_card", "TOKEN", 7_200],
    "wxjava/ma": ["wa:access_token:A", "TOKEN", 7_000],
    "wxjava/ma/jsapi-ticket": ["wa:ticket:key:A:jsapi", "TOKEN", 7_000],
    "wxjava/ma/card-ticket": ["wa:ticket:key:A:wx_card", "TOKEN", 7_000],
    "easywechat/official-account": [
      `easywechat:official_account.access_token.A.${secret}.0`,
      's:BYTES:"TOKEN";',
      7_200,
    ],
    "easywechat/official-account/stable": [
      `easywechat:official_account.access_token.A.${secret}.1`,
      's:BYTES:"TOKEN";',
      7_200,
    ],
    "easywechat/official-account/set-key": [
      "easywechat:official_account.access_token.A",
      's:BYTES:"TOKEN";',
      7_200,
    ],
    powerwechat: [
      "powerwechat.access_token.MD5",
      '{"access_token":"TOKEN","expires_in":SECONDS}',
      7_200,
    ],
    "node-easywechat/official-account": [
      `official_account.access_token.A.${secret}.0`,
      "TOKEN",
      7_200,
    ],
    "node-easywechat/official-account/stable": [
      `official_account.access_token.A.${secret}.1`,
      "TOKEN",
      7_200,
    ],
    "node-easywechat/official-account/set-key": ["official_account.access_token.A", "TOKEN", 7_200],
    "node-easywechat/official-account/jsapi-ticket": [
      "official_account.jsapi_ticket.A",
      "TOKEN",
      7_200,
    ],
    "node-easywechat/mini-app": [`mini_app.access_token.A.${secret}.0`, "TOKEN", 7_200],
    wechatpy: ["wechatpy:A_access_token", '"TOKEN"', 7_200],
    "wechatpy/jsapi-ticket": ["wechatpy:A_jsapi_ticket", '"TOKEN"', 7_200],
  };

let server: Standalone;
let redis: Redis;
let other: ReturnType<typeof createClient>;
let client: Wechat;
let appId: string;

beforeAll(async () => {
  server = await standalone();
  redis = new Redis(server.url);
  other = createClient({ url: server.url });
  await other.connect();
});

afterAll(async () => {
  redis.disconnect();
  await other.close();
  await server.stop();
});

beforeEach(({ task }) => {
  // An AppID of its own for each test: the server may be shared.
  appId = `wx${[...task.id]
    .map((letter) => letter.charCodeAt(0).toString(16))
    .join("")
    .slice(-16)
    .padStart(16, "0")}`;
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const { fetch } = createSimulator({ accounts: [{ appId, secret }] });
  client = wechat({
    appId,
    secret,
    environment: "conventions",
    cache: ioredisCache(redis),
    lock: ioredisLock(redis),
    fetch,
  });
});

afterEach(async () => {
  await client.close();
  vi.restoreAllMocks();
});

const stores = {
  ioredis: () => ioredisRawStore(redis),
  "@redis/client": () => nodeRedisRawStore(other),
} satisfies Record<string, () => RawStore>;

describe.each(Object.keys(stores) as (keyof typeof stores)[])("through %s", (name) => {
  test.each(Object.keys(conventions) as ConventionName[])(
    "%s gets its key, its bytes and its time to live",
    async (convention) => {
      const [keyOf, valueOf, ttlS] = rows[convention];
      const target = { convention, appId, agentId, secret, acceptSecretInKey: true };
      const mirrored = mirror(client.credential, {
        store: stores[name](),
        lock: ioredisLock(redis),
        to: [target],
      });
      expect(await mirrored.start()).toBe(true);
      await mirrored.close();

      const token = await client.token();
      const md5 = hash("md5", appId + secret);
      const key = keyOf.replace("MD5", md5).replace(/A(?![a-z])/, appId);
      const value = String(await server.command("GET", key));
      const seconds = /"expires_in":(\d+)/.exec(value)?.[1] ?? "";
      expect(value).toBe(
        valueOf
          .replace("BYTES", String(token.length))
          .replace("SECONDS", seconds)
          .replace("TOKEN", token),
      );
      const left = Number(await server.command("TTL", key));
      // Our entry ends up to 30 s before the platform's, because clocks differ, and never later.
      expect(left).toBeGreaterThan(ttlS - 35);
      expect(left).toBeLessThanOrEqual(ttlS);
      if (seconds !== "") expect(Math.abs(Number(seconds) - left)).toBeLessThanOrEqual(2);
    },
  );
});

test("wechatpy finds its ticket's expiry under a second key, in whole seconds", async () => {
  const to = [{ convention: "wechatpy/jsapi-ticket", appId }] as const;
  const mirrored = mirror(client.ticket("jsapi"), {
    store: ioredisRawStore(redis),
    lock: ioredisLock(redis),
    to,
  });
  expect(await mirrored.start()).toBe(true);
  await mirrored.close();
  const [serverS] = (await server.command("TIME")) as readonly [string, string];
  const expiresAt = String(
    await server.command("GET", `wechatpy:${appId}_jsapi_ticket_expires_at`),
  );
  expect(expiresAt).toMatch(/^\d{10}$/);
  const leftS = Number(expiresAt) - Number(serverS);
  // The platform says 7200 s for every ticket, even for an old one. Until it has seen a change, the
  // client assumes half a minute.
  expect(leftS).toBeGreaterThan(0);
  expect(leftS).toBeLessThanOrEqual(30);
});
