/**
 * For tests: messages as the platform encrypts them, and messages that only an owner of the keys
 * could forge.
 */
import { createCipheriv, createHash } from "node:crypto";
import {
  componentAppId,
  encodingAesKey,
  messageToken,
} from "../open-platform/platform-world.fixture.ts";

/** The query of a push with this ciphertext. */
export const signed = (
  sealed: string,
  timestamp: string,
  token: string = messageToken,
): Record<string, string> => {
  const signature = createHash("sha1")
    .update([token, timestamp, "nonce", sealed].toSorted().join(""))
    .digest("hex");
  return { timestamp, nonce: "nonce", msg_signature: signature };
};

export interface Sealing {
  readonly receiver?: string;
  readonly length?: number;
  readonly padding?: number;
  readonly lastByte?: number;
  readonly key?: string;
}

/** Encrypts as the platform does, or with one fault. */
export function seal(
  text: string,
  { receiver = componentAppId, length, padding, lastByte, key = encodingAesKey }: Sealing = {},
): string {
  const aes = Buffer.from(`${key}=`, "base64");
  const size = Buffer.alloc(4);
  size.writeUInt32BE(length ?? Buffer.byteLength(text));
  const plain = Buffer.concat([
    Buffer.alloc(16, 7),
    size,
    Buffer.from(text),
    Buffer.from(receiver),
  ]);
  const rest = padding ?? 32 - (plain.byteLength % 32);
  const padded = Buffer.concat([plain, Buffer.alloc(rest, rest)]);
  if (lastByte !== undefined) padded[padded.byteLength - 1] = lastByte;
  const cipher = createCipheriv("aes-256-cbc", aes, aes.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(padded), cipher.final()]).toString("base64");
}
