/** Seals one value with AES-256-GCM, and binds it to its place and to its write. */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { activeKey, derivedKey } from "./keyring.ts";
import type { Keyring } from "./keyring.ts";
import { randomNonce } from "../random.ts";

/** The place of a sealed value. A copy of the value in another place does not open. */
export interface EnvelopePlace {
  /** The physical name: every prefix segment and the key. */
  readonly name: string;
  /** The version of the write. */
  readonly version: string;
}

export type Opened =
  | { readonly value: string }
  | { readonly unreadable: "schema" | "key-id" | "tag" | "format"; readonly keyId?: string };

/** `lps1.KEYID.BASE64URL(iv | ciphertext | tag)`. A later format has a higher number. */
const schema = "lps1";
const envelopePattern = /^lps1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]+)$/;
const anySchema = /^lps[1-9][0-9]*\./;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Seals the value. The 96-bit IV may be random, because one key seals far fewer than 2^32 values.
 */
export function seal(ring: Keyring, place: EnvelopePlace, value: string): string {
  const keyId = ring.activeId;
  const iv = randomNonce(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", activeKey(ring), iv);
  cipher.setAAD(associatedData(keyId, place));
  const sealed = Buffer.concat([
    iv,
    cipher.update(value, "utf8"),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return `${schema}.${keyId}.${sealed.toString("base64url")}`;
}

/** Returns the value, or why it does not open. The reason reveals nothing of the content. */
export function open(ring: Keyring, place: EnvelopePlace, envelope: string): Opened {
  const [, keyId, text] = envelopePattern.exec(envelope) ?? [];
  if (keyId === undefined || text === undefined) {
    return {
      unreadable:
        anySchema.test(envelope) && !envelope.startsWith(`${schema}.`) ? "schema" : "format",
    };
  }
  const sealed = Buffer.from(text, "base64url");
  if (sealed.byteLength < ivBytes + tagBytes || sealed.toString("base64url") !== text)
    return { unreadable: "format" };
  const key = derivedKey(ring, keyId);
  if (key === undefined) return { unreadable: "key-id", keyId };
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, ivBytes));
  decipher.setAAD(associatedData(keyId, place));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    const content = Buffer.concat([
      decipher.update(sealed.subarray(ivBytes, -tagBytes)),
      decipher.final(),
    ]);
    return { value: content.toString("utf8") };
  } catch {
    return { unreadable: "tag", keyId };
  }
}

/** Returns true when a text has the form of an envelope, of this schema or another. */
export function isEnvelope(text: string): boolean {
  return anySchema.test(text);
}

/** Different parts never give the same data, because no part can hold the separator `|`. */
function associatedData(keyId: string, { name, version }: EnvelopePlace): Buffer {
  return Buffer.from(`${schema}|${keyId}|${version}|${name}`);
}
