/**
 * How a client of ioredis comes from a primary that froze to the one that took over. The connection
 * to a frozen server stays open, so with its default settings the client notices nothing (seen
 * 2026-11 with 5 and 6: no write in 40 s, though another primary served after 3).
 */
import { systemClock } from "@lingpai/core";
import type { RedisPort } from "../port.ts";
import type { IoredisClient, IoredisCluster, IoredisSubscriber } from "./ioredis-shape.ts";

type Recovery = Pick<RedisPort, "recover" | "frozenWarning">;

/**
 * Of a single server nobody takes over. Through Sentinel, the client is made to ask again, only
 * when it is found to be at another server than they name.
 */
export function clientRecovery(client: IoredisClient, connect: () => IoredisSubscriber): Recovery {
  const { options } = client;
  if (!options?.sentinels) return {};
  const isWatching = options.failoverDetector === true || Number(options.socketTimeout ?? 0) > 0;
  return {
    frozenWarning: isWatching
      ? undefined
      : "This client stays at a primary that froze until three deadlines of ours were missed, and with other commands until that resumes. Set failoverDetector: true, which hears of the next one from the Sentinels.",
    async recover() {
      const fresh = connect();
      // A frozen server's system accepts the connection; only what comes after that is never
      // answered.
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

/** A Cluster client asks its other nodes who serves which slot. */
export function clusterRecovery(cluster: IoredisCluster): Recovery {
  const { options } = cluster;
  const isWatching = Number(options.redisOptions?.socketTimeout ?? 0) > 0;
  return {
    frozenWarning: isWatching
      ? undefined
      : "This Cluster client stays at a primary that froze until three deadlines of ours were missed, and with other commands until that resumes. Set redisOptions: { socketTimeout: 1500 }.",
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
