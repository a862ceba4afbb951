/**
 * The envelope of WeChat's API security: a JSON object encrypted with AES-256-GCM. Its associated
 * data binds it to its call.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { randomNonce } from "@lingpai/core";
import { parseJson } from "./lenient-json.ts";

export interface EnvelopeKey {
  readonly id: string;
  readonly key: Buffer;
}

const ivBytes = 12;

/** The request body: `{"iv":…,"data":…,"authtag":…}`. */
export function seal(
  { key }: EnvelopeKey,
  text: string,
  bound: string,
  iv: Uint8Array = randomNonce(ivBytes),
): string {
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(bound));
  const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return JSON.stringify({
    iv: Buffer.from(iv).toString("base64"),
    data: data.toString("base64"),
    authtag: cipher.getAuthTag().toString("base64"),
  });
}

/**
 * The object inside. Undefined: the body is no envelope, or was sealed with another key or for
 * another call.
 */
export function open(
  { key }: EnvelopeKey,
  body: string,
  bound: string,
): Readonly<Record<string, unknown>> | undefined {
  try {
    const envelope: unknown = JSON.parse(body);
    if (!isObject(envelope)) return undefined;
    const [iv, data, tag] = [envelope["iv"], envelope["data"], envelope["authtag"]].map((part) =>
      Buffer.from(String(part), "base64"),
    );
    if (iv?.length !== ivBytes || data === undefined || tag?.length !== 16) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", key, iv)
      .setAAD(Buffer.from(bound))
      .setAuthTag(tag);
    const found = parseJson(
      Buffer.concat([decipher.update(data), decipher.final()]).toString("utf8"),
    );
    return isObject(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
