/**
 * The real SDKs, set up as their documentation says. Each node is simulated by a Redis client and
 * an SDK of its own.
 */
import { createRequire } from "node:module";
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { systemRandom } from "@lingpai/core";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import type { Redis } from "ioredis";
import { OfficialAccount } from "node-easywechat";
import type { CoWechatApi, CoWechatToken } from "./co-wechat-api.ts";

export interface Account {
  readonly appId: string;
  readonly secret: string;
}

export interface Place {
  readonly platformUrl: string;
  readonly redisUrl: string;
}

/** One that no other test uses: the Redis server may be shared. */
export function newAccount(): Account {
  const hex = Buffer.from(systemRandom.id(), "base64url").toString("hex");
  return { appId: `wx${hex.slice(0, 16)}`, secret: "0123456789abcdef0123456789abcdef" };
}

interface CoWechatClient extends CoWechatApi {
  prefix: string;
  getUser(options: { openid: string; lang: string }): Promise<unknown>;
}

type CoWechatClass = new (
  appId: string,
  secret: string,
  load?: () => Promise<CoWechatToken | null>,
  save?: (token: CoWechatToken | null) => Promise<void>,
) => CoWechatClient;

// The package brings no types.
export const CoWechat: CoWechatClass = createRequire(import.meta.url)(
  "co-wechat-api",
) as CoWechatClass;

/** co-wechat-api with its token in a Redis key that all nodes share. */
export function sharedCoWechat(
  { appId, secret }: Account,
  { platformUrl }: Place,
  redis: Redis,
): CoWechatClient {
  const key = `co-wechat-api:${appId}`;
  const load = async (): Promise<CoWechatToken | null> =>
    JSON.parse((await redis.get(key)) ?? "null") as CoWechatToken | null;
  const api = new CoWechat(
    appId,
    secret,
    load,
    async (token) => void (await redis.set(key, JSON.stringify(token))),
  );
  api.prefix = `${platformUrl}/cgi-bin/`;
  return api;
}

/** node-easywechat with a cache in Redis that all nodes share. */
export function sharedEasywechat(
  { appId, secret }: Account,
  { platformUrl }: Place,
  redis: Redis,
): OfficialAccount {
  const app = new OfficialAccount({ app_id: appId, secret, http: { baseURL: `${platformUrl}/` } });
  app.setCache({
    get: (key) => redis.get(key),
    has: async (key) => (await redis.exists(key)) === 1,
    set: async (key, data: string, lifetimeS = 0) =>
      (await redis.set(key, data, "EX", lifetimeS)) === "OK",
    delete: async (key) => (await redis.del(key)) === 1,
  });
  return app;
}

/** One business call; rejects when the platform refuses it. */
export async function callEasywechat(app: OfficialAccount): Promise<void> {
  const answer = await app.getClient().get("cgi-bin/user/info", { params: { openid: "o1" } });
  const errcode: unknown = answer.toObject()["errcode"];
  if (errcode) throw new Error(`errcode ${String(errcode)}`);
}

export function lingpai({ appId, secret }: Account, { platformUrl }: Place, redis: Redis): Wechat {
  const settings = { cache: ioredisCache(redis), lock: ioredisLock(redis), baseUrl: platformUrl };
  return wechat({ appId, secret, mode: "plain", environment: "production", ...settings });
}

/** Counts the calls that failed. */
export async function failuresOf(calls: readonly Promise<unknown>[]): Promise<number> {
  return (await Promise.allSettled(calls)).filter(({ status }) => status === "rejected").length;
}
