/** Checks for a lock that is never released, or that a foreign value occupies. */
import { CacheUnavailableError, systemRandom } from "@lingpai/core";
import type { Lock } from "@lingpai/core";
import { nameOf } from "@lingpai/core/driver";
import { lockKey } from "@lingpai/redis";
import type { Check, Outcome } from "../check.ts";
import { finding, joined, ok, unknown } from "../check.ts";
import { isGone } from "../sight/redis-sight.ts";
import type { SeenCredential } from "../sight/credentials.ts";
import { readKey } from "./read-key.ts";
import { minutes, nameOfCredential } from "./over-credentials.ts";

/** Longer than a release takes. A node that asks meanwhile asks again after it. */
const triedForMs = 1_000;

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
  async look({ clock, credentials, lock, redis }) {
    if ("unknown" in credentials) return unknown(credentials.unknown);
    if (redis === undefined)
      return lock === undefined
        ? unknown("No lock was given, and only a Redis shows one without it.")
        : tryEach(lock, credentials.known.credentials);
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

/**
 * Other stores show a lock only to who asks for it. One that is free is taken and given back at
 * once, which at most delays a refresh by as long.
 */
async function tryEach(lock: Lock, credentials: readonly SeenCredential[]): Promise<Outcome> {
  const bad: string[] = [];
  const open: string[] = [];
  for (const one of credentials) {
    const where = `The lock of ${nameOfCredential(one)}`;
    const owner = systemRandom.id();
    const view = lock.at(one.path);
    try {
      const answer = await view.tryAcquire(one.id, owner, triedForMs);
      if (answer.acquired) await view.release(one.id, owner);
      else if (answer.remainingMs === Number.POSITIVE_INFINITY) bad.push(`${where} never ends.`);
      else if (answer.remainingMs > leaseMaxMs)
        bad.push(`${where} is held for another ${minutes(answer.remainingMs)}.`);
    } catch (error) {
      if (!(error instanceof CacheUnavailableError) || isGone(error)) throw error;
      open.push(`${where} cannot be asked for: ${error.message}`);
    }
  }
  if (bad.length > 0) return finding(joined(bad));
  return open.length > 0 ? unknown(joined(open)) : ok("No lock is stuck.");
}
