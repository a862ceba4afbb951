/** One node of a fleet that shares its token through Redis, in each SDK's own way. */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { wechat } from "@lingpai/wechat";
import { Redis } from "ioredis";
import type { IncidentContenderName, NodeSpec } from "./protocol.ts";

export interface IncidentNode {
  /** Makes one business call. Rejects if the platform does not accept it. */
  call(): Promise<unknown>;
  close(): Promise<void>;
}

const openId = "o-bench";

export async function joinAs(spec: NodeSpec): Promise<IncidentNode> {
  const store = new Redis(spec.redisUrl);
  await store.ping();
  return factories[spec.contender](spec, store);
}

type Factory = (spec: NodeSpec, store: Redis) => Promise<IncidentNode>;

const factories: Readonly<Record<IncidentContenderName, Factory>> = {
  "lingpai plain": (spec, store) => ours(spec, store, "plain"),
  "lingpai stable": (spec, store) => ours(spec, store, "stable"),

  /**
   * Shares the token as the SDK's documentation says: by two functions that read and write one
   * place for all processes.
   */
  "co-wechat-api": async ({ appId, platformUrl, secret }, store) => {
    const { default: Api } = await import("co-wechat-api");
    const key = `co-wechat-api:${appId}`;
    const api = new Api(
      appId,
      secret,
      async () => JSON.parse((await store.get(key)) ?? "null"),
      async (token) => void (await store.set(key, JSON.stringify(token))),
    );
    api.prefix = `${platformUrl}/cgi-bin/`;
    return {
      call: () => api.getUser({ openid: openId, lang: "en" }),
      close: async () => store.disconnect(),
    };
  },

  /** Shares the token as the SDK's documentation says: by a custom cache. */
  "node-easywechat": async ({ appId, platformUrl, secret }, store) => {
    const { OfficialAccount } = await import("node-easywechat");
    const app = new OfficialAccount({
      app_id: appId,
      secret,
      http: { baseURL: `${platformUrl}/` },
    });
    app.setCache({
      get: (key) => store.get(key),
      has: async (key) => (await store.exists(key)) === 1,
      set: async (key, data: string, lifetimeS = 0) =>
        (await store.set(key, data, "EX", lifetimeS)) === "OK",
      delete: async (key) => (await store.del(key)) === 1,
    });
    const call = async (): Promise<void> => {
      const response = await app
        .getClient()
        .get("cgi-bin/user/info", { params: { openid: openId } });
      const code: unknown = response.toObject()["errcode"];
      if (code) throw new Error(`errcode ${String(code)}`);
    };
    return { call, close: async () => store.disconnect() };
  },
};

async function ours(
  { appId, overlapMs, platformUrl, secret }: NodeSpec,
  store: Redis,
  mode: "plain" | "stable",
): Promise<IncidentNode> {
  const cache = ioredisCache(store);
  const client = wechat({
    appId,
    secret,
    mode,
    overlapMs,
    environment: "production",
    cache,
    lock: ioredisLock(store),
    baseUrl: platformUrl,
  });
  return {
    call: () => client.request(`/cgi-bin/user/info?openid=${openId}`),
    async close() {
      await client.close();
      await cache.close();
      store.disconnect();
    },
  };
}
