/**
 * Moves a client of ioredis from a frozen primary to the one that took over. The connection to a
 * frozen server stays open, so with its default settings the client notices nothing (seen 2026-11
 * with 5 and 6: no write in 40 s, though another primary served after 3).
 */
import { systemClock } from "@lingpai/core";
import type { RedisPort } from "../port.ts";
import type { IoredisClient, IoredisCluster, IoredisSubscriber } from "./ioredis-shape.ts";

type Recovery = Pick<RedisPort, "recover" | "frozenWarning">;

/**
 * A single server has no successor. Through Sentinel, the client reconnects only if it is connected
 * to another server than the Sentinels name.
 */
export function clientRecovery(client: IoredisClient, connect: () => IoredisSubscriber): Recovery {
  const { options } = client;
  if (!options?.sentinels) return {};
  const isWatching = options.failoverDetector === true || Number(options.socketTimeout ?? 0) > 0;
  return {
    frozenWarning: isWatching
      ? undefined
      : "This client stays at a frozen primary until Lingpai has missed three deadlines, and without Lingpai until the primary resumes. Set failoverDetector: true, so that the Sentinels notify it of the next one.",
    async recover() {
      const fresh = connect();
      // The system of a frozen server accepts the connection, but no command is ever answered.
      await new Promise<void>((resolve) => {
        const cancel = systemClock.setTimer(connectMs, resolve, { background: true });
        const settle = (): void => {
          cancel();
          resolve();
        };
        fresh.connect().then(settle, settle);
      });
      const [there, here] = [addressOf(fresh), addressOf(client)];
      fresh.disconnect();
      if (there !== undefined && here !== undefined && there !== here) client.disconnect?.(true);
    },
  };
}

/** A Cluster client asks its other nodes for the map of slots. */
export function clusterRecovery(cluster: IoredisCluster): Recovery {
  const { options } = cluster;
  const isWatching = Number(options.redisOptions?.socketTimeout ?? 0) > 0;
  return {
    frozenWarning: isWatching
      ? undefined
      : "This Cluster client stays at a frozen primary until Lingpai has missed three deadlines, and without Lingpai until the primary resumes. Set redisOptions: { socketTimeout: 1500 }.",
    recover: () =>
      new Promise((resolve) =>
        cluster.refreshSlotsCache ? cluster.refreshSlotsCache(() => resolve()) : resolve(),
      ),
  };
}

/** How long the Sentinels and the server that they name may take, in ms. */
const connectMs = 1_000;

function addressOf({ stream }: Pick<IoredisClient, "stream">): string | undefined {
  return stream?.remotePort === undefined
    ? undefined
    : `${stream.remoteAddress}:${stream.remotePort}`;
}
