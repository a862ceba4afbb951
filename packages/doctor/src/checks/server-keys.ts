/** Checks for unused keys of the token server. */
import type { Cache } from "@lingpai/core";
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
  /** When the server began to record uses. */
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
  async look({ cache, serverPaths }) {
    const places = await Promise.all(serverPaths.map((path) => keysAt(cache.at(path))));
    const answers = places.filter((answer) => answer !== undefined);
    if (answers.length === 0) return notApplicable("No token server keeps keys here.");
    const unused = answers.flatMap((answer) => ("unused" in answer ? answer.unused : []));
    if (unused.length > 0)
      return finding(`Not used for 90 days: ${unused.slice(0, 10).join(", ")}.`);
    const open = answers.find((answer) => "unknown" in answer);
    return open === undefined ? ok("No server key was unused for 90 days.") : unknown(open.unknown);
  },
};

type Answer = { readonly unused: readonly string[] } | { readonly unknown: string };

/** Undefined if no server keeps keys in this store. */
async function keysAt(place: Cache): Promise<Answer | undefined> {
  const own = place.withPrefix("server-keys");
  const [stored, noted] = [await own.get("keys"), await own.get("uses")];
  if (stored === undefined) return undefined;
  const keys = parse<{ readonly keys: readonly Key[] }>(stored.value)?.keys;
  if (!Array.isArray(keys)) return { unknown: "The server's keys are not of this release." };
  const { storeNowMs } = stored;
  const uses = noted && parse<Uses>(noted.value);
  const unused = (keys as readonly Key[]).filter(
    ({ createdAtMs, id, revokedAtMs }) =>
      revokedAtMs === undefined &&
      storeNowMs - Math.max(createdAtMs, uses?.uses[id] ?? 0) > unusedMs,
  );
  if (unused.length > 0 && (uses === undefined || storeNowMs - uses.sinceMs <= unusedMs))
    return { unknown: "The server has noted uses of its keys for less than 90 days." };
  return { unused: unused.map(({ id, name }) => `"${name}" (${id})`) };
}

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
