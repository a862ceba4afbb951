/** Checks for another SDK that keeps a token of the same account in the same Redis. */
import type { Check, Outcome } from "../check.ts";
import { finding, joined, notApplicable, ok, unknown } from "../check.ts";
import type { SeenCredential } from "../sight/credentials.ts";
import { unlessRefused } from "../sight/redis-sight.ts";
import type { RedisServer } from "../sight/redis-sight.ts";
import type { RedisSight, Sight } from "../sight/sight.ts";
import { readKey } from "./read-key.ts";
import { isCoWechatValue, isPlainName, sdkKeyOf, sdkKeyPattern, shownKey } from "./sdk-keys.ts";

/** The limit for a pass over the keys: about two seconds of an idle Redis, in small steps. */
const stepsMax = 2_000;
const stepKeys = "1000";
const keysMax = 200;

export const foreignSdkKeys: Check = {
  id: "foreign-sdk-keys",
  severity: "critical",
  text: {
    en: {
      title: "Another SDK keeps a token of this AppID here",
      meaning: "It fetches by itself, and each of its fetches kills your token.",
      remedy:
        'Write Lingpai\'s token into its keys (mirror() of @lingpai/interop), or point it at the token server. Or use mode "stable" here.',
    },
    "zh-CN": {
      title: "另一个 SDK 在这里保存着该 AppID 的 token",
      meaning: "它会自行获取，每次获取都会使你的 token 失效。",
      remedy:
        "把 Lingpai 的 token 写入它的键（@lingpai/interop 的 mirror()），或让它改用中控服务器；或在这里使用 stable 模式。",
    },
  },
  async look(sight) {
    const { redis, credentials } = sight;
    if (redis === undefined) return notApplicable("Only Redis is shared with other SDKs.");
    if ("unknown" in credentials) return unknown(credentials.unknown);
    const endangered = credentials.known.credentials.filter(
      ({ facts }) => facts.supersedes !== false && facts.account !== undefined,
    );
    if (endangered.length === 0)
      return notApplicable("No token is stored that another SDK's fetch would replace.");
    const names = await tokenKeys(redis.servers);
    if (names === undefined) return unknown("SCAN is refused: grant +scan to look for them.");
    return judge(sight, redis, endangered, names);
  },
};

/** Undefined if a server refuses. */
async function tokenKeys(
  servers: readonly RedisServer[],
): Promise<{ readonly keys: readonly string[]; readonly isWhole: boolean } | undefined> {
  const keys = new Set<string>();
  for (const server of servers) {
    let cursor = "0";
    for (let step = 0; ; step++) {
      if (step === stepsMax || keys.size > keysMax) return { keys: [...keys], isWhole: false };
      const args = ["SCAN", cursor, "MATCH", sdkKeyPattern, "COUNT", stepKeys];
      const reply = await unlessRefused(server.command(...args));
      if (!Array.isArray(reply)) return undefined;
      const [next, page] = reply as [unknown, unknown[]];
      for (const key of page) keys.add(String(key));
      cursor = String(next);
      if (cursor === "0") break;
    }
  }
  return { keys: [...keys], isWhole: true };
}

async function judge(
  { clock }: Sight,
  redis: RedisSight,
  endangered: readonly SeenCredential[],
  { keys, isWhole }: { readonly keys: readonly string[]; readonly isWhole: boolean },
): Promise<Outcome> {
  const accounts = endangered.flatMap(({ facts }) => facts.account ?? []);
  const hidden = new Set(
    endangered.flatMap(({ facts, unreadable }) => (unreadable ? (facts.account ?? []) : [])),
  );
  const secrets = endangered.flatMap(({ state }) => state?.credential?.secret ?? []);
  const bad = new Map<string, string>();
  const nameless = new Set<string>();
  const open = new Set<string>();
  const possible: string[] = [];
  for (const key of keys) {
    const found = sdkKeyOf(key, accounts);
    if (found === undefined && isPlainName(key)) {
      const value = await readKey(redis.port, withoutPrefix(key, redis), clock);
      if (value?.text === undefined || secrets.some((secret) => value.text?.includes(secret)))
        continue;
      const who = isCoWechatValue(value.text) ? "co-wechat-api keeps" : "another service keeps";
      possible.push(`Possibly ${who} a token of this account in the key ${shownKey(key)}.`);
    }
    if (found === undefined || found.isStable) continue;
    if (found.account === undefined) {
      nameless.add(found.sdk);
      continue;
    }
    const value = await readKey(redis.port, withoutPrefix(key, redis), clock);
    if (value === undefined || hidden.has(found.account)) {
      open.add(`Whether ${found.shown} of ${found.sdk} mirrors the fleet's token cannot be read.`);
      continue;
    }
    // A mirror: the value is the fleet's own token.
    if (secrets.some((secret) => value.text?.includes(secret))) continue;
    const name = `${found.sdk} ${found.account}`;
    if (!bad.has(name)) bad.set(name, `${found.sdk} has the key ${found.shown}.`);
  }
  if (bad.size > 0) return finding(joined([...bad.values()]));
  // A key that names no account may belong to another one.
  if (possible.length > 0) return finding(joined(possible), "notice");
  if (open.size > 0) return unknown(joined([...open]));
  if (nameless.size > 0)
    return unknown(`There are keys of ${[...nameless].join(", ")} that do not tell their AppID.`);
  if (!isWhole) return unknown("There are too many keys to look at all of them.");
  return ok("No other SDK keeps a token of these AppIDs here.");
}

/** SCAN returns whole keys. The client would add its own prefix again. */
function withoutPrefix(key: string, { port }: RedisSight): string {
  const { keyPrefix = "" } = port;
  return key.startsWith(keyPrefix) ? key.slice(keyPrefix.length) : key;
}
