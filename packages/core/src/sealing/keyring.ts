/** The keys that seal entries, and their rotation. */
import { hkdfSync } from "node:crypto";
import { ConfigurationError } from "../errors.ts";
import { requireKnown, requireOptions } from "../options.ts";

export interface SealingKey {
  /**
   * Names the key in each envelope: 1 to 32 characters of `A-Za-z0-9_-`. It is not secret. Never
   * use the same id for another key.
   */
  readonly id: string;
  /**
   * 32 random bytes, or a text of them: 64 hexadecimal digits, or 43 characters of base64 or
   * base64url, with or without padding.
   */
  readonly key: Uint8Array | string;
}

export interface KeyringOptions {
  /** The key that seals new entries. It also opens entries. */
  readonly active: SealingKey;
  /**
   * Keys that only open entries. Put a new key here on every node before you make it active. Leave
   * an old key here until no entry is sealed with it.
   */
  readonly readable?: readonly SealingKey[];
}

/** Keys by id, made by {@link keyring}. Logging, inspecting or serialising it shows no key. */
export interface Keyring {
  /** The id of the key that seals. */
  readonly activeId: string;
  /** The ids of all keys that open entries, the active one first. */
  readonly readableIds: readonly string[];
}

const keyBytes = 32;
const idPattern = /^[A-Za-z0-9_-]{1,32}$/;

/** Part of the key derivation, so that the same key used elsewhere gives another derived key. */
const purpose = "lingpai/enc";

class DerivedKeys implements Keyring {
  readonly activeId: string;
  readonly readableIds: readonly string[];
  readonly #keys: ReadonlyMap<string, Uint8Array>;

  constructor(activeId: string, keys: ReadonlyMap<string, Uint8Array>) {
    this.activeId = activeId;
    this.readableIds = Object.freeze([...keys.keys()]);
    this.#keys = keys;
  }

  static keysOf(ring: Keyring): ReadonlyMap<string, Uint8Array> {
    if (ring instanceof DerivedKeys) return ring.#keys;
    const isObject = typeof ring === "object" && ring !== null;
    const what = isObject ? "an object that keyring() did not make" : "no object";
    throw new ConfigurationError(
      `The keyring to seal with is ${what}. Make it with keyring({ active }).`,
    );
  }
}

/**
 * Makes the keys for {@link sealed}. HKDF-SHA-256 derives the sealing key from each given key, for
 * this purpose alone.
 *
 * Rotate in two phases, because nodes restart one after another. First add the new key to
 * `readable` on every node. Then make it `active` and move the old one to `readable`. A node that
 * lacks a key throws `UNREADABLE_ENTRY`; it never treats such an entry as a miss.
 *
 * @throws {ConfigurationError} `CONFIGURATION` when a key is not 32 bytes, and when an id is
 *   malformed or used twice.
 */
export function keyring(options: KeyringOptions): Keyring {
  requireOptions("keyring()", options, { active: "object", readable: "list" });
  const { active, readable = [] } = options;
  requireKnown("active", active, ["id", "key"]);
  for (const each of readable) requireKnown("One of readable", each, ["id", "key"]);
  const keys = new Map<string, Uint8Array>();
  for (const each of [active, ...readable]) {
    const { id, key } = each;
    if (typeof id !== "string" || !idPattern.test(id)) {
      const what = each === active ? "active" : "one of readable";
      throw new ConfigurationError(
        `A sealing key's id must be 1 to 32 characters of A-Za-z0-9_-; the object ${what} has another. Give it a name such as 2026-05.`,
      );
    }
    if (keys.has(id))
      throw new ConfigurationError(
        `Two sealing keys have the id "${id}". Give each key an id of its own.`,
      );
    keys.set(id, new Uint8Array(hkdfSync("sha256", parseKey(id, key), "", purpose, keyBytes)));
  }
  return new DerivedKeys(active.id, keys);
}

/**
 * Returns the key that opens what was sealed under this id. Like {@link activeKey}, it is for this
 * package only, and the index does not export it.
 */
export function derivedKey(ring: Keyring, id: string): Uint8Array | undefined {
  return DerivedKeys.keysOf(ring).get(id);
}

/**
 * Returns the key that seals.
 *
 * @throws {ConfigurationError} `CONFIGURATION` when {@link keyring} did not make the ring.
 */
export function activeKey(ring: Keyring): Uint8Array {
  const key = DerivedKeys.keysOf(ring).get(ring.activeId);
  if (key === undefined)
    throw new ConfigurationError(`The keyring lacks its active key "${ring.activeId}".`);
  return key;
}

/** Its error texts say what is wrong with the form of the key, and never quote the key. */
function parseKey(id: string, key: Uint8Array | string): Uint8Array {
  const refuse = (cause: string): ConfigurationError =>
    new ConfigurationError(
      `The sealing key "${id}" ${cause}. Generate one with: openssl rand -base64 32`,
    );
  const bytes = typeof key === "string" ? decodeKey(key) : key;
  if (bytes === undefined)
    throw refuse(
      "is neither 64 hexadecimal digits nor base64 of 32 bytes; it may hold white space or lack its end",
    );
  if (!(bytes instanceof Uint8Array)) throw refuse("is neither bytes nor text");
  if (bytes.byteLength !== keyBytes)
    throw refuse(`has ${bytes.byteLength} bytes instead of ${keyBytes}`);
  if (bytes.every((byte) => byte === 0)) throw refuse("consists of zeros, so it was never set");
  return bytes;
}

/**
 * Returns undefined unless the text is exactly one encoding of its bytes. Nothing is trimmed,
 * skipped or guessed.
 */
function decodeKey(text: string): Uint8Array | undefined {
  if (/^[0-9A-Fa-f]{64}$/.test(text)) return Buffer.from(text, "hex");
  const bytes = Buffer.from(text, "base64");
  const spellings = [
    bytes.toString("base64"),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
  ];
  return spellings.includes(text) ? bytes : undefined;
}
