/** Sentinel and Cluster, in which another server takes over. */
import type { Backend, ClusterControls, Running } from "@lingpai/conformance";
import { nameOf } from "@lingpai/core/driver";
import { fenceKey, lockKey } from "@lingpai/redis";
import { startCluster, startSentinel } from "@lingpai/test-servers";
import type { Cluster, Sentinel } from "@lingpai/test-servers";
import { clusterFacts, sentinelFacts } from "./facts.ts";
import { rawAccess } from "./raw.ts";
import { slotOf } from "./slot.ts";
import { clientOf, dailyOf, pooledClients, openWorld } from "./world.ts";
import type { RedisDriver } from "./world.ts";

export function sentinelBackend(driver: RedisDriver): Backend {
  return {
    adapter: driver.adapter,
    backend: `${driver.client}, redis sentinel`,
    facts: { ...sentinelFacts, clientPrefixes: driver.hasKeyPrefix },
    ...dailyOf(driver, "redis sentinel", []),
    start: async () => runningSentinel(driver, await startSentinel()),
  };
}

function runningSentinel(driver: RedisDriver, sentinel: Sentinel): Running {
  const raw = rawAccess({ holderOf: () => sentinel.primary(), placeOf: () => 0 });
  const clients = pooledClients(() => driver.sentinel(sentinel.sentinels, sentinel.name));
  return {
    open: async () => ({
      ...(await openWorld(clients.connect)),
      ...(driver.hasKeyPrefix && {
        prefixed: async (keyPrefix: string) =>
          clientOf(await driver.sentinel(sentinel.sentinels, sentinel.name, { keyPrefix })),
      }),
      raw,
      server: {
        forgetScripts: async () =>
          void (await Promise.all(sentinel.nodes.map((node) => node.command("SCRIPT", "FLUSH")))),
        failOver: () => sentinel.failOver(),
      },
    }),
    async stop() {
      await clients.end();
      await sentinel.stop();
    },
  };
}

export function clusterBackend(driver: RedisDriver): Backend {
  return {
    adapter: driver.adapter,
    backend: `${driver.client}, redis cluster`,
    facts: { ...clusterFacts, clientPrefixes: driver.hasKeyPrefix },
    ...dailyOf(driver, "redis cluster", []),
    start: async () => runningCluster(driver, await startCluster()),
  };
}

function runningCluster(driver: RedisDriver, cluster: Cluster): Running {
  const raw = rawAccess({ holderOf: (key) => cluster.primaryOf(slotOf(key)), placeOf: slotOf });
  const controls = clusterControls(driver, cluster);
  return {
    open: async () => ({
      ...(await openWorld(() => driver.cluster(cluster.nodes))),
      ...(driver.hasKeyPrefix && {
        prefixed: async (keyPrefix: string) =>
          clientOf(await driver.cluster(cluster.nodes, { keyPrefix })),
      }),
      raw,
      cluster: controls,
      server: {
        forgetScripts: async () =>
          void (await Promise.all(cluster.nodes.map((node) => node.command("SCRIPT", "FLUSH")))),
        failOver: (path, name) => cluster.failOver(slotOf(nameOf(path, name))),
      },
    }),
    stop: () => cluster.stop(),
  };
}

function clusterControls(driver: RedisDriver, cluster: Cluster): ClusterControls {
  const slotOfName = (path: readonly string[], name: string): number => slotOf(nameOf(path, name));
  return {
    slot: slotOf,
    /**
     * Releases are published on the lock's own name. Changes are published on the scope's channel,
     * which is not sharded and so has no slot.
     */
    placesOf(path, name) {
      const entry = nameOf(path, name);
      return [entry, lockKey(entry), fenceKey(entry)];
    },
    beginMove: (path, name) => cluster.beginMove(slotOfName(path, name)),
    endMove: (path, name) => cluster.endMove(slotOfName(path, name)),
    async replicaReads() {
      const counts = await Promise.all(cluster.nodes.map((node) => readsServedAsReplica(node)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    lookalike: async () => clientOf((await driver.cluster(cluster.nodes)).lookalike()),
  };
}

async function readsServedAsReplica(node: Cluster["nodes"][number]): Promise<number> {
  const role = String(await node.command("INFO", "replication"));
  if (!role.includes("role:slave")) return 0;
  const stats = String(await node.command("INFO", "commandstats"));
  const calls = [...stats.matchAll(/cmdstat_(?:get|getrange|pttl|exists):calls=(\d+)/g)];
  return calls.reduce((sum, [, count]) => sum + Number(count), 0);
}
