/** Encryption at rest as a wrapper round any cache. */
import type { Cache, Conflict, Entry, SetOptions, Written } from "../cache/cache.ts";
import { claimsPath } from "../cache/claims-path.ts";
import { isEnvelope, open, seal } from "./envelope.ts";
import type { Opened } from "./envelope.ts";
import { ConfigurationError, UnreadableEntryError } from "../errors.ts";
import { activeKey } from "./keyring.ts";
import { requireOneOf, requireOptions, requireShape, type KindsOf } from "../options.ts";
import type { Keyring } from "./keyring.ts";
import { nameOf } from "../cache/prefix.ts";
import { systemRandom } from "../random.ts";
import type { Random } from "../random.ts";

export interface SealedOptions {
  /**
   * How to treat entries that are not sealed. For the time of a migration only.
   *
   * - `refuse`: reads sealed entries only, and writes sealed.
   * - `read`: reads both kinds, and writes sealed.
   * - `write`: reads both kinds, and writes unsealed.
   *
   * To switch sealing on while nodes run, give every node `write`, then every node `read`, then
   * every node `refuse`. To switch it off, go the opposite way. With `write` and `read`, anybody
   * who can write to the store can also plant a value.
   * @defaultValue "refuse"
   */
  readonly plaintext?: "refuse" | "read" | "write";
  /**
   * Draws the id of each write. The envelope is bound to that id.
   * @defaultValue the machine's random source
   */
  readonly random?: Random;
}

/**
 * Returns the same cache with its values sealed at rest by AES-256-GCM. Each envelope is bound to
 * the entry's full name, to the version of its write and to the id of the sealing key, so a copy
 * under another key, prefix or write does not open. Names, versions and times to live stay
 * readable.
 *
 * `get` throws `UNREADABLE_ENTRY` for an entry that it cannot open. The reason is `key-id` (the
 * keyring lacks the key), `tag` (altered, or copied from elsewhere), `schema` (sealed by a newer
 * release) or `format` (not an envelope). `set` and `delete` treat such an entry like any other:
 * `ifVersion: "absent"` conflicts with it, and only an unconditional write, or a write on its exact
 * version, replaces it.
 *
 * The claims at `lingpai`, `claims`, which all environments of a store share, are not sealed. They
 * hold no secret, and an environment with another sealing key must see that a credential is taken.
 *
 * Sealing cannot detect that somebody put back a whole earlier entry. The generations of the
 * credential detect it.
 *
 * @throws {ConfigurationError} `CONFIGURATION` when the keyring was not made by `keyring`.
 */
export function sealed(cache: Cache, ring: Keyring, options: SealedOptions = {}): Cache {
  requireShape(
    "The cache to seal",
    cache,
    ["get", "set", "withPrefix"],
    "Get one from an adapter, such as ioredisCache(client).",
  );
  requireOptions("sealed()", options, kinds);
  requireOneOf("plaintext", options.plaintext, ["refuse", "read", "write"]);
  const { plaintext = "refuse", random = systemRandom } = options;
  activeKey(ring);
  return new Sealed(cache, { ring, random, plaintext });
}

const kinds = { plaintext: "text", random: "random" } satisfies KindsOf<SealedOptions>;

interface Sealing {
  readonly ring: Keyring;
  readonly random: Random;
  readonly plaintext: NonNullable<SealedOptions["plaintext"]>;
}

class Sealed implements Cache {
  readonly path: readonly string[];
  readonly pushesChanges: boolean;
  readonly deadlineMs?: number;
  readonly watch?: NonNullable<Cache["watch"]>;
  readonly #cache: Cache;
  readonly #sealing: Sealing;

  constructor(cache: Cache, sealing: Sealing) {
    this.#cache = cache;
    this.#sealing = sealing;
    this.path = cache.path;
    this.pushesChanges = cache.pushesChanges;
    if (cache.deadlineMs !== undefined) this.deadlineMs = cache.deadlineMs;
    if (cache.watch) this.watch = cache.watch.bind(cache);
  }

  async get(key: string): Promise<Entry | undefined> {
    const entry = await this.#cache.get(key);
    if (entry === undefined) return undefined;
    if (this.#sealing.plaintext !== "refuse" && !isEnvelope(entry.value)) return entry;
    const opened = open(
      this.#sealing.ring,
      { name: nameOf(this.path, key), version: entry.version },
      entry.value,
    );
    if ("unreadable" in opened) throw unreadable(key, opened);
    return { ...entry, value: opened.value };
  }

  async set(key: string, value: string, options: SetOptions = {}): Promise<Written | Conflict> {
    if (typeof value !== "string" || !value.isWellFormed()) {
      throw new ConfigurationError(
        "A value must be a string without lone surrogates. Encode binary data as base64.",
      );
    }
    if (this.#sealing.plaintext === "write") return this.#cache.set(key, value, options);
    const operationId = options.operationId ?? this.#sealing.random.id();
    const envelope = seal(
      this.#sealing.ring,
      { name: nameOf(this.path, key), version: operationId },
      value,
    );
    return this.#cache.set(key, envelope, { ...options, operationId });
  }

  delete: Cache["delete"] = (key, options) => this.#cache.delete(key, options);
  clear: Cache["clear"] = () => this.#cache.clear();
  keys: Cache["keys"] = () => this.#cache.keys();
  close: Cache["close"] = () => this.#cache.close();

  withPrefix(segment: string): Cache {
    return new Sealed(this.#cache.withPrefix(segment), this.#sealing);
  }

  at(path: readonly string[]): Cache {
    const view = this.#cache.at(path);
    return path.join("\0") === claimsPath.join("\0") ? view : new Sealed(view, this.#sealing);
  }
}

function unreadable(
  key: string,
  { unreadable: reason, keyId }: Exclude<Opened, { value: string }>,
): UnreadableEntryError {
  const why = {
    "key-id": `is sealed with the key "${keyId}", which this keyring lacks. Add that key to readable`,
    tag: `does not open with the key "${keyId}": it was altered or copied from another name, or another key has this id. Compare the keyrings of all nodes`,
    schema: "was sealed by a newer release. Upgrade this node",
    format:
      'is not sealed. If other nodes do not seal, or did not until now, migrate with plaintext: "write" and then "read"; otherwise find out who wrote it',
  }[reason];
  return new UnreadableEntryError(key, reason, `The entry "${key}" ${why}.`);
}
