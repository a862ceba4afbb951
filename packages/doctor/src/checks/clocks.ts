/** Checks for clocks that differ: this machine's, the store's, and each Redis server's. */
import type { Check } from "../check.ts";
import { finding, joined, ok, unknown } from "../check.ts";
import type { ClockSighting } from "../sight/credentials.ts";
import { unlessRefused } from "../sight/redis-sight.ts";
import type { RedisServer } from "../sight/redis-sight.ts";
import type { Sight } from "../sight/sight.ts";
import { minutes } from "./over-credentials.ts";

/** A hundred times the accuracy that NTP achieves. */
const apartMaxMs = 5_000;

export const clocksApart: Check = {
  id: "clocks-apart",
  severity: "warning",
  text: {
    en: {
      title: "Clocks are apart",
      meaning:
        "Tokens stay right, because their lives count on the store's clock. But signatures and pushes with a time stamp are refused, logs do not line up, and a failover to a wrong clock ends tokens early.",
      remedy: "Run NTP (chrony, systemd-timesyncd) on this machine and on the store's.",
    },
    "zh-CN": {
      title: "时钟不一致",
      meaning:
        "token 不受影响，因为有效期按存储的时钟计算。但带时间戳的签名与推送会被拒绝，日志对不上，故障转移到时钟错误的节点会使 token 提前失效。",
      remedy: "在本机与存储所在的机器上运行 NTP（chrony、systemd-timesyncd）。",
    },
  },
  async look(sight) {
    const sightings = await sightingsOf(sight);
    if (sightings.length === 0)
      return unknown("Nothing is stored yet that tells the store's time.");
    const bad = sightings.flatMap(({ aheadMs, name, uncertainMs }) =>
      Math.abs(aheadMs) - uncertainMs > apartMaxMs
        ? [
            `The clock of ${name} is ${minutes(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead of" : "behind"} this machine's.`,
          ]
        : [],
    );
    if (bad.length > 0) return finding(joined(bad));
    const unasked = (sight.redis?.servers ?? []).filter(
      (server) => Number(server.info("connected_slaves") ?? 0) > 0,
    );
    return unasked.length === 0
      ? ok("The clocks agree within 5 s.")
      : unknown(
          `The clocks agree within 5 s, but those of the replicas of ${unasked.map(({ name }) => name).join(", ")} were not asked, because the client is connected to primaries only. Run redis-cli TIME on each: it counts after a failover.`,
        );
  },
};

async function sightingsOf({
  clock,
  credentials,
  redis,
}: Sight): Promise<readonly (ClockSighting & { readonly name: string })[]> {
  const asked = await Promise.all(
    (redis?.servers ?? []).map(async (server) => {
      const { name } = server;
      const before = clock.wallMs();
      const nowMs = await timeOf(server);
      const after = clock.wallMs();
      if (nowMs === undefined) return [];
      const aheadMs = nowMs - (before + after) / 2;
      return [{ name, aheadMs, uncertainMs: Math.abs(after - before) / 2 }];
    }),
  );
  const found = asked.flat();
  const seen = "known" in credentials ? credentials.known.clock : undefined;
  return found.length === 0 && seen !== undefined ? [{ name: "the store", ...seen }] : found;
}

async function timeOf(server: RedisServer): Promise<number | undefined> {
  const reply = await unlessRefused(server.command("TIME"));
  if (!Array.isArray(reply)) return undefined;
  const ms = Number(reply[0]) * 1_000 + Number(reply[1]) / 1_000;
  return Number.isFinite(ms) ? ms : undefined;
}
