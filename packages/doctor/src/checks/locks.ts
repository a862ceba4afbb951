/** Checks for a lock that is never released, or that a foreign value occupies. */
import { nameOf } from "@lingpai/core/driver";
import { lockKey } from "@lingpai/redis";
import type { Check } from "../check.ts";
import { finding, joined, ok, unknown } from "../check.ts";
import { readKey } from "./read-key.ts";
import { minutes, nameOfCredential } from "./over-credentials.ts";

/** A lease lasts 10 s, and is extended after every third of it. */
const leaseMaxMs = 600_000;

export const stuckLock: Check = {
  id: "stuck-lock",
  severity: "critical",
  text: {
    en: {
      title: "The refresh lock is stuck or foreign",
      meaning: "Nobody can refresh: when the token ends, calls fail.",
      remedy:
        "See who writes this key. If no node is refreshing right now, delete the key; the fence beside it stays.",
    },
    "zh-CN": {
      title: "刷新锁卡住，或被外部占用",
      meaning: "没有节点能刷新：token 到期后调用就会失败。",
      remedy: "查出谁在写这个键。确认此刻没有节点在刷新之后，删除该键；旁边的栅栏值请保留。",
    },
  },
  async look({ clock, credentials, redis }) {
    if (redis === undefined)
      return unknown(
        "This store shows a lock only to who takes it, which would hold up the fleet.",
      );
    if ("unknown" in credentials) return unknown(credentials.unknown);
    const bad: string[] = [];
    let isRefused = false;
    for (const one of credentials.known.credentials) {
      const name = lockKey(nameOf(one.path, one.id));
      const held = await readKey(redis.port, name, clock);
      if (held === undefined) {
        isRefused = true;
        continue;
      }
      const where = `The lock of ${nameOfCredential(one)}, ${name},`;
      if (!held.isText || (held.text !== undefined && !/^\d+:/.test(held.text)))
        bad.push(`${where} holds something that Lingpai did not write.`);
      else if (held.text !== undefined && held.ttlMs === -1) bad.push(`${where} never ends.`);
      else if (held.ttlMs > leaseMaxMs)
        bad.push(`${where} is held for another ${minutes(held.ttlMs)}.`);
    }
    if (bad.length > 0) return finding(joined(bad));
    return isRefused ? unknown("GET is refused on a lock's key.") : ok("No lock is stuck.");
  },
};
