/** Checks for operations that an access rule, a proxy or a service denies to the adapter. */
import { CacheUnavailableError } from "@lingpai/core";
import { claimsPath } from "@lingpai/core/driver";
import { createRedisStore, hearsItself, probeNotes } from "@lingpai/redis";
import type { Check, Outcome } from "../check.ts";
import { finding, joined, notApplicable, ok, unknown } from "../check.ts";
import { isGone } from "../sight/redis-sight.ts";
import type { Sight } from "../sight/sight.ts";

/**
 * The prefixes of the environments' keys. The registry of claims is used if nobody has claimed a
 * credential.
 */
function placesOf({ paths }: Sight): readonly (readonly string[])[] {
  return paths.length > 0 ? paths.slice(0, 5) : [claimsPath];
}

const placeText = (path: readonly string[]): string => `"${path.join(":")}:"`;

export const commandsRefused: Check = {
  id: "commands-refused",
  severity: "critical",
  text: {
    en: {
      title: "Redis refuses what Lingpai needs",
      meaning:
        "Nodes cannot read, write or lock, or they notice late that a token was replaced. Calls fail, or use a dead token.",
      remedy:
        "Grant this user the ACL line of the adapter's README; go round the proxy; or let the service run scripts (Alibaba Cloud: script_check_enable 0).",
    },
    "zh-CN": {
      title: "Redis 拒绝 Lingpai 需要的操作",
      meaning:
        "节点无法读、写或加锁，或者很晚才知道 token 已被替换：调用失败，或用着失效的 token。",
      remedy:
        "按适配器 README 中的 ACL 为该用户授权；绕开代理；或允许服务执行脚本（阿里云：script_check_enable 设为 0）。",
    },
  },
  async look(sight) {
    const { redis, clock, isSealed } = sight;
    if (redis === undefined) return notApplicable("The store is not Redis.");
    if (redis.servers.some((server) => server.info("role") === "slave"))
      return unknown("It is a replica, which refuses every write.");
    const bad: string[] = [];
    for (const path of placesOf(sight)) {
      try {
        const notes = await probeNotes(createRedisStore(redis.port), { path, isSealed, clock });
        for (const { about, text } of notes)
          if (about === "publish" || about === "subscribe" || about === "scan")
            bad.push(`Under ${placeText(path)}: ${text}`);
      } catch (error) {
        if (!(error instanceof CacheUnavailableError) || isGone(error)) throw error;
        bad.push(`Under ${placeText(path)}: ${error.message}`);
      }
    }
    if (bad.length > 0) return finding(joined([...new Set(bad)]));
    return sight.paths.length > 0
      ? ok("Every command works on the environments' own keys.")
      : unknown("Nobody has claimed a credential here: name the environment with --environment.");
  },
};

export const subscriptionSwallowed: Check = {
  id: "subscription-swallowed",
  severity: "warning",
  text: {
    en: {
      title: "Redis confirms a subscription and delivers nothing",
      meaning:
        "Nodes learn of a new token only at their next reading, up to four minutes late; without an overlap they call with a dead one until then.",
      remedy:
        "Connect to Redis itself rather than to the proxy, or turn on its publish/subscribe. Until then set recheckMs to 60000.",
    },
    "zh-CN": {
      title: "Redis 确认了订阅，却不投递消息",
      meaning:
        "节点要到下一次读取才知道新的 token，最多迟四分钟；没有重叠期时，在此之前一直用着失效的 token。",
      remedy:
        "直接连接 Redis 而不是代理，或在代理上开启发布订阅。在此之前把 recheckMs 设为 60000。",
    },
  },
  async look(sight): Promise<Outcome> {
    const { redis, clock } = sight;
    if (redis === undefined) return notApplicable("The store is not Redis.");
    const [path = claimsPath] = placesOf(sight);
    try {
      const heard = await hearsItself(createRedisStore(redis.port), path, clock);
      if (heard === "heard") return ok("A message published to itself came back.");
      if (heard === "silent")
        return finding(`A message published under ${placeText(path)} did not come back in 4 s.`);
      return unknown("This client or user cannot publish or subscribe.");
    } catch (error) {
      if (!(error instanceof CacheUnavailableError)) throw error;
      return unknown(error.message);
    }
  },
};
