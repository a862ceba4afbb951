/**
 * The server's keys. They are hashed, shared by all replicas through the store, and revoked within
 * a second.
 */
import {
  ConfigurationError,
  requireCache,
  requireKnown,
  requireOptions,
  systemClock,
  UnreadableEntryError,
} from "@lingpai/core";
import type { Cache, Clock } from "@lingpai/core";
import { drawKey, hashOf, isHashOf, keyIdOf } from "./key-text.ts";
import { keyDocument, keyRecord } from "./key-document.ts";
import { KeyUses } from "./key-uses.ts";
import type { KeyDocument, KeyRecord, Right, SdkName } from "./key-document.ts";

export interface ServerKeysOptions {
  /** The store of the credentials, in which the keys are kept under the prefix `server-keys`. */
  readonly cache: Cache;
  readonly clock?: Clock;
}

export interface NewKey {
  /** The name of its owner, for people: 1 to 100 characters. */
  readonly name: string;
  readonly rights: readonly Right[];
  /** The references of the credentials that it may use. `*` stands for all. */
  readonly refs: readonly string[];
  /** How many requests a second one replica accepts from it. @defaultValue 200 */
  readonly perSecond?: number;
  /** The SDK that uses it, for the façade's `expires_in`. */
  readonly sdk?: SdkName;
}

/** The parts of a key that may be shown. */
export type KeyInfo = Omit<KeyRecord, "hash">;

export interface ServerKeys {
  /**
   * Makes a key. Its text is returned once, and stored nowhere. Several keys of one name can be
   * active at once, so that one can be replaced without a gap.
   *
   * @throws {ConfigurationError} A field is invalid, or there are already 1000 keys.
   */
  create(key: NewKey): Promise<{ readonly id: string; readonly key: string }>;
  /** Revokes a key on every replica within a second. False if no key has this id. */
  revoke(id: string): Promise<boolean>;
  list(): Promise<readonly KeyInfo[]>;
  /**
   * Returns the record of a valid key. While the store does not answer, the last records read
   * apply. Only a revocation ends a key: a key that the store has lost stays valid here, and a
   * revocation that it has lost is written again.
   *
   * @throws The cache's error if the keys have never been read.
   */
  verify(text: string): Promise<KeyRecord | undefined>;
  /** Returns the record of the valid key with this id, as {@link verify} does. */
  find(id: string): Promise<KeyRecord | undefined>;
  /**
   * Calls `onEnd` once when the key is no longer valid, until the returned function is called. It
   * checks `still` every 400 ms.
   */
  hold(key: KeyRecord, onEnd: () => void): () => void;
  /** Tries to read the keys. True if they have been read at least once. */
  ready(): Promise<boolean>;
}

const keysMax = 1_000;
/** With the store's deadline of 500 ms a revocation takes effect within a second. */
const freshMs = 400;
const documentKey = "keys";
const perSecondDefault = 200;
/** Compared if no key has this id, so that the response takes the same time. */
const noHash = hashOf("");

interface Hold {
  readonly key: KeyRecord;
  readonly onEnd: () => void;
}

/** @throws {ConfigurationError} There is no cache. */
export function serverKeys(options: ServerKeysOptions): ServerKeys {
  requireOptions("serverKeys()", options, { cache: "cache", clock: "clock" });
  requireCache(options.cache);
  return new StoredKeys(options);
}

class StoredKeys implements ServerKeys {
  readonly #cache: Cache;
  readonly #clock: Clock;
  #records: ReadonlyMap<string, KeyRecord> | undefined;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #isFailing = false;
  readonly #holds = new Set<Hold>();
  readonly #uses: KeyUses;
  #cancelTimer: (() => void) | undefined;

  constructor({ cache, clock = systemClock }: ServerKeysOptions) {
    this.#cache = cache.withPrefix("server-keys");
    this.#clock = clock;
    this.#uses = new KeyUses(this.#cache, clock);
  }

  async create(given: NewKey): Promise<{ readonly id: string; readonly key: string }> {
    requireKnown("A server key", given, ["name", "perSecond", "refs", "rights", "sdk"]);
    const { id, text } = drawKey();
    await this.#change((keys, nowMs) => {
      if (keys.length >= keysMax)
        throw new ConfigurationError(`There are ${keysMax} keys. Revoke some first.`);
      const perSecond = given.perSecond ?? perSecondDefault;
      const made = { ...given, perSecond, id, hash: hashOf(text), createdAtMs: nowMs };
      const parsed = keyRecord.safeParse(made);
      if (parsed.success) return [...keys, parsed.data];
      const fields = parsed.error.issues.map(({ path }) => path.join("."));
      throw new ConfigurationError(`A server key has wrong fields: ${fields.join(", ")}.`);
    });
    return { id, key: text };
  }

  async revoke(id: string): Promise<boolean> {
    let isFound = false;
    await this.#change((keys, nowMs) => {
      isFound = keys.some((key) => key.id === id);
      const kept = keys.filter(({ revokedAtMs }) => (revokedAtMs ?? nowMs) > nowMs - keptMs);
      return kept.map((key) => (key.id === id ? { revokedAtMs: nowMs, ...key } : key));
    });
    return isFound;
  }

  async list(): Promise<readonly KeyInfo[]> {
    const { keys } = await this.#document();
    return keys.map(({ hash: _hash, ...info }) => info);
  }

  async verify(text: string): Promise<KeyRecord | undefined> {
    await this.#refresh();
    const id = keyIdOf(text);
    const record = id === undefined ? undefined : this.#records?.get(id);
    const isSame = isHashOf(text, record?.hash ?? noHash);
    if (!isSame || record === undefined || record.revokedAtMs !== undefined) return undefined;
    this.#uses.note(record.id);
    return record;
  }

  async find(id: string): Promise<KeyRecord | undefined> {
    await this.#refresh();
    const record = this.#records?.get(id);
    return record?.revokedAtMs === undefined ? record : undefined;
  }

  hold(key: KeyRecord, onEnd: () => void): () => void {
    const held: Hold = { key, onEnd };
    this.#holds.add(held);
    this.#arm();
    return () => {
      this.#holds.delete(held);
      if (this.#holds.size > 0) return;
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
    };
  }

  async ready(): Promise<boolean> {
    await this.#refresh().catch(() => undefined);
    return this.#records !== undefined;
  }

  #arm(): void {
    this.#cancelTimer ??= this.#clock.setTimer(
      freshMs,
      () => {
        this.#cancelTimer = undefined;
        void this.#refresh()
          .catch(() => undefined)
          .then(() => {
            this.#endHolds();
            if (this.#holds.size > 0) this.#arm();
          });
      },
      { background: true },
    );
  }

  #endHolds(): void {
    for (const held of [...this.#holds]) {
      // A key whose rights were changed must be checked again, too.
      if (this.#records?.get(held.key.id) === held.key) continue;
      this.#holds.delete(held);
      held.onEnd();
    }
  }

  /** One read at a time. If it fails, the records of the last read stay. */
  async #refresh(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#checkedAtMs < freshMs) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    // While the store is unreachable no request waits for it: the last records apply.
    if (!this.#isFailing) await this.#reading;
    else this.#reading.catch(() => undefined);
  }

  async #read(): Promise<void> {
    try {
      const { keys } = await this.#document();
      const { lost, records } = remembering(this.#records, keys);
      this.#records = records;
      this.#isFailing = false;
      for (const id of lost) this.revoke(id).catch(() => undefined);
    } catch (error) {
      if (this.#records === undefined) throw error;
      this.#isFailing = true;
    }
    // Counted from the end of the read, so that an unresponsive store does not delay each request.
    this.#checkedAtMs = this.#clock.monotonicMs();
  }

  async #document(): Promise<KeyDocument & { readonly version: string | undefined }> {
    const entry = await this.#cache.get(documentKey);
    if (entry === undefined) return { v: 1, keys: [], version: undefined };
    const parsed = keyDocument.safeParse(parse(entry.value));
    if (!parsed.success)
      throw new UnreadableEntryError(
        documentKey,
        "schema",
        "The stored server keys are not of this release. Start the release that wrote them.",
      );
    return { ...parsed.data, version: entry.version };
  }

  async #change(
    edit: (keys: readonly KeyRecord[], nowMs: number) => readonly KeyRecord[],
  ): Promise<void> {
    const { storeNowMs } = await this.#cache.set("time", "", { ttlMs: 60_000 });
    for (;;) {
      const { keys, version } = await this.#document();
      const value = JSON.stringify({ v: 1, keys: edit(keys, storeNowMs) });
      const wrote = await this.#cache.set(documentKey, value, { ifVersion: version ?? "absent" });
      if (wrote.written) break;
    }
    this.#checkedAtMs = Number.NEGATIVE_INFINITY;
  }
}

/** A revoked key is still listed for 30 days. */
const keptMs = 30 * 86_400_000;

/**
 * Returns the records that apply after a read. A store that lost its last writes, or everything,
 * must neither invalidate all keys nor make a revoked key valid again.
 */
function remembering(
  before: ReadonlyMap<string, KeyRecord> | undefined,
  keys: readonly KeyRecord[],
): { readonly records: ReadonlyMap<string, KeyRecord>; readonly lost: readonly string[] } {
  const records = new Map(keys.map((key) => [key.id, unchanged(before?.get(key.id), key)]));
  const lost: string[] = [];
  for (const [id, known] of before ?? []) {
    const now = records.get(id);
    const isLost = now !== undefined && now.revokedAtMs === undefined;
    if (known.revokedAtMs !== undefined && isLost) lost.push(id);
    if (now === undefined || known.revokedAtMs !== undefined) records.set(id, known);
  }
  return { records, lost };
}

/** Returns the previous record if it is unchanged, because callers keep references to it. */
function unchanged(before: KeyRecord | undefined, now: KeyRecord): KeyRecord {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(now) ? before : now;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
