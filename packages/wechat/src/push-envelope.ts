/** Opens what the platform pushes: checks the signature and the age, then decrypts. Pure: keys, message and time in, text or a refusal out. */
import { createDecipheriv, createHash, timingSafeEqual } from "node:crypto";
import { ConfigurationError } from "@lingpai/core";
import { readFlatXml } from "./flat-xml.ts";

/** What both sides agreed on in the platform's console. */
export interface MessageKeys {
  /** Signs messages. */
  readonly messageToken: string;
  /** EncodingAESKey: 43 characters of base64. */
  readonly encodingAesKey: string;
}

/** The query and the body of a push, as they came. */
export interface PushRequest {
  /** An object as frameworks give it, or `URLSearchParams`. */
  readonly query: URLSearchParams | Readonly<Record<string, unknown>>;
  /** The raw body, unparsed. */
  readonly body: string | Uint8Array;
}

/**
 * - `form`: not a sealed push, or one that does not open.
 * - `signature`: not signed with this token, or altered since.
 * - `age`: sent too long ago, or in the future: a replay, or a clock that is wrong.
 * - `receiver`: sealed for somebody else.
 */
export type PushRefusal = "form" | "signature" | "age" | "receiver";

export type Opened = { readonly text: string; readonly signature: string } | { readonly refused: PushRefusal };

interface Message {
  readonly text: string;
  readonly receiver: string;
  readonly signature: string;
}

export interface Envelope {
  /** Opens a message whose ciphertext stands in the body's `Encrypt`. */
  open(request: PushRequest, nowMs: number): Opened;
  /** Opens the text with which WeCom checks a receiver's URL, in the query's `echostr`. It may be sealed for the service provider instead of the suite. */
  openEcho(query: PushRequest["query"], nowMs: number): Opened;
}

export interface EnvelopeOptions extends MessageKeys {
  /** Whom messages must be for: the component's AppID, the suite id. */
  readonly receiver: string;
  /** How old a message may be, and how far in the future, in ms. */
  readonly ageMaxMs: number;
}

/** @throws {ConfigurationError} `message-keys`: a key has a form that no key has. */
export function pushEnvelope({ messageToken, encodingAesKey, receiver, ageMaxMs }: EnvelopeOptions): Envelope {
  if (typeof messageToken !== "string" || !/^[\x21-\x7e]{1,128}$/.test(messageToken)) {
    throw new ConfigurationError("The message token is empty or has characters that none has. Copy it from the platform's console.", {
      rule: "message-keys",
    });
  }
  if (typeof encodingAesKey !== "string" || !/^[A-Za-z0-9+/]{43}$/.test(encodingAesKey)) {
    throw new ConfigurationError(
      "The EncodingAESKey is not 43 characters of A-Za-z0-9+/. Copy it from the platform's console, without a line end.",
      {
        rule: "message-keys",
      },
    );
  }
  const key = Buffer.from(`${encodingAesKey}=`, "base64");

  const openSealed = (
    query: PushRequest["query"],
    sealed: string | undefined,
    nowMs: number,
  ): Message | { readonly refused: PushRefusal } => {
    const [timestamp, nonce, signature] = ["timestamp", "nonce", "msg_signature"].map((name) => parameter(query, name));
    if (sealed === undefined || timestamp === undefined || nonce === undefined || signature === undefined) return { refused: "form" };
    if (!isSignature(signature, [messageToken, timestamp, nonce, sealed])) return { refused: "signature" };
    if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs - Number(timestamp) * 1000) > ageMaxMs) return { refused: "age" };
    const message = decrypt(key, sealed);
    if (message === undefined) return { refused: "form" };
    return { ...message, signature };
  };

  return {
    open({ query, body }, nowMs) {
      const opened = openSealed(query, readFlatXml(typeof body === "string" ? body : utf8(body))?.get("Encrypt"), nowMs);
      return "refused" in opened || opened.receiver === receiver ? opened : { refused: "receiver" };
    },
    openEcho: (query, nowMs) => openSealed(query, parameter(query, "echostr"), nowMs),
  };
}

/** The only value of this name; undefined when there is none, or more than one. */
export function parameter(query: PushRequest["query"], name: string): string | undefined {
  const value: unknown =
    query instanceof URLSearchParams ? oneOf(query.getAll(name)) : Object.hasOwn(query, name) ? query[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function oneOf(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}

/** Compared in constant time: SHA-1 of the parts in the order of their characters. */
function isSignature(given: string, parts: readonly string[]): boolean {
  const expected = createHash("sha1").update(parts.toSorted().join("")).digest();
  const bytes = Buffer.from(/^[0-9a-f]{40}$/.test(given) ? given : "", "hex");
  return bytes.byteLength === expected.byteLength && timingSafeEqual(bytes, expected);
}

const blockBytes = 32;
const saltBytes = 16;
const lengthBytes = 4;

/** AES-256-CBC, PKCS#7 to 32 bytes; within: 16 random bytes, the length of the message in four, the message, its receiver. */
function decrypt(key: Buffer, sealed: string): { text: string; receiver: string } | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(sealed)) return undefined;
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.byteLength === 0 || bytes.byteLength % 16 !== 0) return undefined;
  const cipher = createDecipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  const plain = unpadded(Buffer.concat([cipher.update(bytes), cipher.final()]));
  if (plain === undefined || plain.byteLength < saltBytes + lengthBytes) return undefined;
  const end = saltBytes + lengthBytes + plain.readUInt32BE(saltBytes);
  if (end > plain.byteLength) return undefined;
  return { text: utf8(plain.subarray(saltBytes + lengthBytes, end)), receiver: utf8(plain.subarray(end)) };
}

function unpadded(plain: Buffer): Buffer | undefined {
  const padding = plain.at(-1) ?? 0;
  if (padding < 1 || padding > blockBytes || padding > plain.byteLength) return undefined;
  const end = plain.byteLength - padding;
  return plain.subarray(end).every((byte) => byte === padding) ? plain.subarray(0, end) : undefined;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
