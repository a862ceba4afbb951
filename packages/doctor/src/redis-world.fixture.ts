/** A fleet's documents in a real Redis, healthy or with the faults that a test needs. */
import { ioredisStore } from "@lingpai/adapter-ioredis";
import { claimsPath } from "@lingpai/core/driver";
import type { Store } from "@lingpai/core";
import { emptyState } from "@lingpai/core/internal/state";
import type { State } from "@lingpai/core/internal/state";
import { ioredisPort } from "@lingpai/redis";
import { Redis } from "ioredis";
import type { CheckResult } from "./check.ts";
import { diagnose } from "./diagnose.ts";
import type { DiagnoseOptions } from "./diagnose.ts";

export const appId = "wx0123456789abcdef";
export const plainId = `wechat:plain:${appId}`;
export const token = "71_live-token-of-the-fleet";

export interface RedisWorld {
  readonly redis: Redis;
  readonly store: Store;
  /** The store's clock, in ms. */
  now(): Promise<number>;
  /** Claims the credential for an environment, and stores its document. Null stores none. */
  put(environment: string, change?: Partial<State> | null, id?: string): Promise<void>;
  /** Runs every check. */
  look(options?: Partial<DiagnoseOptions>): Promise<ReadonlyMap<string, CheckResult>>;
  close(): void;
}

export function redisWorld(url: string): RedisWorld {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  redis.on("error", () => {});
  const store = ioredisStore(redis, { deadlineMs: 10_000 });
  const now = async (): Promise<number> => {
    const [seconds = 0, micros = 0] = await redis.time();
    return seconds * 1_000 + Math.floor(micros / 1_000);
  };
  return {
    redis,
    store,
    now,
    async put(environment, change = {}, id = plainId) {
      const nowMs = await now();
      await claim(store, environment, id, nowMs);
      if (change === null) return;
      const state = { ...healthyState(nowMs), ...change };
      await store.cache.withPrefix(environment).set(id, JSON.stringify(state));
    },
    async look(options = {}) {
      const { results } = await diagnose({
        cache: store.cache,
        redis: ioredisPort(redis),
        ...options,
      });
      return new Map(results.map((result) => [result.id, result]));
    },
    close: () => redis.disconnect(),
  };
}

async function claim(store: Store, environment: string, id: string, nowMs: number): Promise<void> {
  const registry = store.cache.at(claimsPath);
  const stored = await registry.get(id);
  const { claims } = stored
    ? (JSON.parse(stored.value) as { claims: { environment: string }[] })
    : { claims: [] };
  const own = { environment, path: [environment], node: `${environment}-1` };
  const kept = claims.filter((one) => one.environment !== environment);
  const all = [...kept, { ...own, sinceMs: nowMs, renewedMs: nowMs }];
  await registry.set(id, JSON.stringify({ v: 1, claims: all }));
}

/** The document of a fleet that fetched once today, ten minutes ago. */
export function healthyState(nowMs: number): State {
  const sentAtMs = nowMs - 600_000;
  return {
    ...emptyState,
    outcomeId: "o",
    quota: {
      day: Math.floor((nowMs + 28_800_000) / 86_400_000),
      used: 1,
      forced: { used: 0, lastAtMs: 0 },
    },
    credential: {
      generation: 1,
      epoch: sentAtMs,
      commitId: "c",
      secret: token,
      fingerprint: "f".repeat(43),
      sentAtMs,
      issuedAtMs: sentAtMs,
      expiresAtMs: sentAtMs + 7_200_000,
      by: { node: "production-1", environment: "production", reason: "cold" },
    },
  };
}
