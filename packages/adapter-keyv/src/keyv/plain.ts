/**
 * A cache over a Keyv store without a known atomic operation. Reading, writing and deleting work;
 * conditional writes are refused.
 *
 * It calls the store, not the Keyv, because a Keyv reports a failed read as a miss. Entries lie
 * under `lingpai::<name>` in an envelope of Lingpai's own. The store receives the time to live too.
 * Keyv's namespace, serialisation and hooks are not used.
 */
import { LockUnsupportedError, UnreadableEntryError } from "@lingpai/core";
import type { Clock, Entry } from "@lingpai/core";
import type { CacheDriver, DriverWrite } from "@lingpai/core/driver";
import { alternatives } from "../store/store.ts";

/** The members of a Keyv storage adapter, 5 or 6, that are called here. */
export interface PlainStore {
  get(key: string): unknown;
  set(key: string, value: string, lifetimeMs?: number): unknown;
  delete(key: string): unknown;
  iterator?(namespace?: string): AsyncIterable<readonly unknown[]>;
  readonly namespace?: string | undefined;
  /** Set by Keyv 6: with `expires`, `set` takes an instant, not a duration. */
  readonly capabilities?: { readonly expires?: boolean } | undefined;
}

const keyPrefix = "lingpai::";
const schema = 1;

export function plainCache(store: PlainStore, kind: string, clock: Clock): CacheDriver {
  const read = async (name: string): Promise<Entry | undefined> => {
    const text = await store.get(keyPrefix + name);
    return text === undefined || text === null ? undefined : toEntry(name, text, clock.wallMs());
  };
  return {
    kind,
    get: read,
    async set(name, value, { version, ttlMs, ifVersion }: DriverWrite) {
      if (ifVersion !== undefined) throw unconditionalOnly(kind);
      const nowMs = clock.wallMs();
      const expiresAtMs = ttlMs === undefined ? undefined : nowMs + ttlMs;
      const text = JSON.stringify({ schema, version, expiresAtMs, value });
      await store.set(
        keyPrefix + name,
        text,
        store.capabilities?.expires === true ? expiresAtMs : ttlMs,
      );
      return { written: true, version, storeNowMs: nowMs };
    },
    async delete(name, ifVersion) {
      if (ifVersion !== undefined) throw unconditionalOnly(kind);
      return (await store.delete(keyPrefix + name)) === true;
    },
    async clear(scope) {
      const names: string[] = [];
      for await (const name of namesOf(store, kind, scope)) if (name !== scope) names.push(name);
      let count = 0;
      for (const name of names) if ((await store.delete(keyPrefix + name)) === true) count += 1;
      return count;
    },
    async *names(scope) {
      for await (const name of namesOf(store, kind, scope))
        yield name !== scope && (await read(name)) !== undefined ? name : scope;
    },
    close: async () => {},
  };
}

/**
 * Yields the name of every entry once. For every other key it yields the scope itself, as a
 * keep-alive, because core's deadline is per step.
 *
 * Stores differ in what their iterator does with a namespace. Some yield the keys that begin with
 * it, which Lingpai's do not. Others have prepended it to every key, and yield none without it. So
 * the iterator is called both ways, and the name is what follows Lingpai's own mark.
 */
async function* namesOf(
  store: PlainStore,
  kind: string,
  scope: string,
): AsyncGenerator<string, void, undefined> {
  if (store.iterator === undefined)
    throw new LockUnsupportedError(
      `${kind} cannot list its keys, so it has no keys() and no clear(). Use a store that can.`,
    );
  const seen = new Set<string>();
  for (const namespace of new Set([undefined, store.namespace])) {
    for await (const [key] of store.iterator(namespace)) {
      const at = typeof key === "string" ? key.lastIndexOf(keyPrefix) : -1;
      const name = at < 0 ? "" : String(key).slice(at + keyPrefix.length);
      const isNew = name.startsWith(scope) && !seen.has(name);
      if (isNew) seen.add(name);
      yield isNew ? name : scope;
    }
  }
}

function toEntry(name: string, text: unknown, nowMs: number): Entry | undefined {
  if (typeof text !== "string") throw unreadable(name, "type");
  const { schema: written, version, expiresAtMs, value } = parse(name, text);
  if (written !== schema) throw unreadable(name, "schema");
  if (typeof version !== "string" || typeof value !== "string") throw unreadable(name, "format");
  if (expiresAtMs === undefined) return { value, version, ttlMs: undefined, storeNowMs: nowMs };
  if (typeof expiresAtMs !== "number") throw unreadable(name, "format");
  return expiresAtMs <= nowMs
    ? undefined
    : { value, version, ttlMs: expiresAtMs - nowMs, storeNowMs: nowMs };
}

function parse(name: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return { ...parsed };
  } catch {
    // Reported below, without its text.
  }
  throw unreadable(name, "format");
}

function unreadable(name: string, reason: UnreadableEntryError["reason"]): UnreadableEntryError {
  return new UnreadableEntryError(
    name,
    reason,
    `What is stored under "${keyPrefix}${name}" was not written by this version of Lingpai. Find out who writes there.`,
  );
}

function unconditionalOnly(kind: string): LockUnsupportedError {
  return new LockUnsupportedError(
    `A conditional write needs an atomic primitive, and none is known of ${kind}; reading first and writing then would lose writes. ` +
      `Use ${alternatives.host}, or describe the store with { atomic }.`,
  );
}
