import type { Backend } from "@lingpai/conformance";
import { standaloneBackend } from "@lingpai/test-redis";
import type { Connected, RedisDriver } from "@lingpai/test-redis";
import { upstashCache, upstashLock } from "./index.ts";
import { startRestServer, token } from "./rest-server.fixture.ts";

/**
 * A request costs a process about ten times as much as a command of Redis's own protocol, and
 * clauses send thousands at once. So the deadline is longer here, except in clauses about
 * deadlines, which set short ones.
 */
function patient<O extends { readonly deadlineMs?: number }>(options: O): O {
  const { deadlineMs = 0 } = options;
  return deadlineMs < 1000 ? options : { ...options, deadlineMs: 40_000 };
}

const driver: RedisDriver = {
  adapter: "adapter-upstash",
  client: "fetch",
  hasKeyPrefix: false,
  async standalone(address, own) {
    const { username = "", password = "" } = own ?? {};
    const server = await startRestServer(
      address,
      username === "" ? undefined : { username, password },
    );
    const database = { url: server.url, token };
    const connected: Connected = {
      cache: (options) => upstashCache(database, patient(options)),
      lock: (options) => upstashLock(database, patient(options)),
      lookalike: () => connected,
      probe: () => Promise.reject(new Error("There is no probe over HTTP.")),
      ping: () =>
        fetch(server.url, {
          method: "POST",
          headers: { authorization: `Bearer ${token}` },
          body: JSON.stringify(["PING"]),
        }),
      listenerCount: () => 0,
      close: () => server.close(),
    };
    return connected;
  },
  sentinel: () => Promise.reject(new Error("There is one address.")),
  cluster: () => Promise.reject(new Error("There is one address.")),
};

const backend = standaloneBackend(driver);

/** The scripts are those of the other Redis adapters. Only the transport differs. */
export const backends: readonly Backend[] = [
  {
    ...backend,
    facts: { ...backend.facts, pushesChanges: false, pushesReleases: false },
    daily: {
      clauses: ["CACHE-0", "CACHE-1", "LOCK-0", "FAULT"],
      restBy: "ioredis 6, redis standalone",
      restByAdapter: "adapter-ioredis",
    },
  },
];
