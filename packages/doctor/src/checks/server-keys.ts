/** Keys of the token server that nobody uses. */
import type { Check } from "../check.ts";
import { finding, notApplicable, ok, unknown } from "../check.ts";

const unusedMs = 90 * 86_400_000;

interface Key {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly revokedAtMs?: number;
}

interface Uses {
  /** When the server began to note uses. */
  readonly sinceMs: number;
  /** When each key was last used, by its id. */
  readonly uses: Readonly<Record<string, number>>;
}

export const serverKeysUnused: Check = {
  id: "server-keys-unused",
  severity: "notice",
  text: {
    en: {
      title: "Server keys were not used for 90 days",
      meaning: "A key that nobody needs can leak all the same.",
      remedy: "Ask its owner by name, then revoke it: serverKeys().revoke(id).",
    },
    "zh-CN": {
      title: "有服务器密钥 90 天未使用",
      meaning: "没人需要的密钥同样会泄露。",
      remedy: "按名称询问持有者，然后吊销：serverKeys().revoke(id)。",
    },
  },
  async look({ cache, serverPath }) {
    const own = cache.at(serverPath).withPrefix("server-keys");
    const [stored, noted] = [await own.get("keys"), await own.get("uses")];
    if (stored === undefined) return notApplicable("No token server keeps keys here.");
    const keys = parse<{ readonly keys: readonly Key[] }>(stored.value)?.keys;
    if (!Array.isArray(keys)) return unknown("The server's keys are not of this release.");
    const { storeNowMs } = stored;
    const old = (keys as readonly Key[]).filter(
      ({ createdAtMs, revokedAtMs }) =>
        revokedAtMs === undefined && storeNowMs - createdAtMs > unusedMs,
    );
    if (old.length === 0) return ok("No server key is older than 90 days.");
    const uses = noted && parse<Uses>(noted.value);
    const unused = old.filter(({ id }) => storeNowMs - (uses?.uses[id] ?? 0) > unusedMs);
    if (unused.length === 0) return ok("Every server key was used within 90 days.");
    if (uses === undefined || storeNowMs - uses.sinceMs <= unusedMs)
      return unknown("The server has noted uses of its keys for less than 90 days.");
    const names = unused.map(({ id, name }) => `"${name}" (${id})`);
    return finding(`Not used for 90 days: ${names.slice(0, 10).join(", ")}.`);
  },
};

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
