/**
 * Opens pushes: checks the signature and the age, then decrypts. Also encrypts replies. Pure except
 * for the salt.
 */
import { createCipheriv, createDecipheriv, createHash, timingSafeEqual } from "node:crypto";
import { ConfigurationError } from "@lingpai/core";
import type { Random } from "@lingpai/core";
import { readDocument } from "./push-document.ts";

/** The keys that are set in the platform's console. */
export interface MessageKeys {
  /** Signs messages. */
  readonly messageToken: string;
  /** EncodingAESKey: 43 characters of base64. */
  readonly encodingAesKey: string;
}

/** The query and the body of a push, as they arrived. */
export interface PushRequest {
  /** An object, as frameworks provide it, or `URLSearchParams`. */
  readonly query: URLSearchParams | Readonly<Record<string, unknown>>;
  /** The raw body, unparsed. */
  readonly body: string | Uint8Array;
}

/**
 * - `form`: the request is not an encrypted push, or cannot be decrypted.
 * - `signature`: it is not signed with this token, or was altered.
 * - `age`: it was sent too long ago or lies in the future: a replay, or a wrong clock.
 * - `receiver`: it is encrypted for another receiver.
 * - `content`: it is authentic, but neither XML nor JSON, or a ticket push without a ticket.
 */
export type PushRefusal = "form" | "signature" | "age" | "receiver" | "content";

/**
 * The receivers for which messages may be encrypted (ReceiveId): a list, or a function that accepts
 * one. Individual developers have an empty one: `""`.
 */
export type Receivers = readonly string[] | ((receiver: string) => boolean);

export type Opened =
  | { readonly text: string; readonly receiver: string }
  | { readonly refused: PushRefusal };

/** The fields of an encrypted reply. */
export interface SealedAnswer {
  readonly Encrypt: string;
  readonly MsgSignature: string;
  readonly TimeStamp: number;
  readonly Nonce: string;
}

export interface Envelope {
  /** Opens a message whose ciphertext is in the body's `Encrypt`. The body is XML or JSON. */
  open(request: PushRequest, nowMs: number): Opened;
  /**
   * Opens the text in the query's `echostr`, with which WeCom checks a receiver's URL. It may be
   * encrypted for the service provider instead of the suite.
   */
  openEcho(query: PushRequest["query"], nowMs: number): Opened;
  /** Encrypts a reply for the platform. */
  seal(text: string, receiver: string, nowMs: number, random: Random): SealedAnswer;
}

export interface EnvelopeOptions extends MessageKeys {
  readonly receivers: Receivers;
  /** The largest accepted age of a message, and the largest lead into the future, in ms. */
  readonly ageMaxMs: number;
}

/** @throws {ConfigurationError} `message-keys`: a key has an invalid form. */
export function pushEnvelope({
  messageToken,
  encodingAesKey,
  receivers,
  ageMaxMs,
}: EnvelopeOptions): Envelope {
  requireMessageToken(messageToken);
  if (typeof encodingAesKey !== "string" || !/^[A-Za-z0-9+/]{43}$/.test(encodingAesKey)) {
    throw new ConfigurationError(
      "The EncodingAESKey is not 43 characters of A-Za-z0-9+/. Copy it from the platform's console, without a newline.",
      { rule: "message-keys" },
    );
  }
  const key = Buffer.from(`${encodingAesKey}=`, "base64");
  const isReceiver =
    typeof receivers === "function"
      ? receivers
      : (receiver: string): boolean => receivers.includes(receiver);

  const openSealed = (
    query: PushRequest["query"],
    sealed: string | undefined,
    nowMs: number,
  ): Opened => {
    const signed = parameters(query, "msg_signature");
    if (sealed === undefined || signed === undefined) return { refused: "form" };
    if (!isSignature(signed.signature, [messageToken, signed.timestamp, signed.nonce, sealed]))
      return { refused: "signature" };
    if (!isTimely(signed.timestamp, nowMs, ageMaxMs)) return { refused: "age" };
    return decrypt(key, sealed) ?? { refused: "form" };
  };

  return {
    open({ query, body }, nowMs) {
      const opened = openSealed(query, readDocument(bodyText(body))?.fields.get("Encrypt"), nowMs);
      return "refused" in opened || isReceiver(opened.receiver) ? opened : { refused: "receiver" };
    },
    openEcho: (query, nowMs) => openSealed(query, parameter(query, "echostr"), nowMs),
    seal(text, receiver, nowMs, random) {
      const timestamp = Math.floor(nowMs / 1000);
      const nonce = random.id();
      const sealed = encrypt(key, text, receiver, random);
      return {
        Encrypt: sealed,
        MsgSignature: signatureOf([messageToken, String(timestamp), nonce, sealed]).toString("hex"),
        TimeStamp: timestamp,
        Nonce: nonce,
      };
    },
  };
}

/** @throws {ConfigurationError} `message-keys` */
export function requireMessageToken(messageToken: string): void {
  if (typeof messageToken === "string" && /^[\x21-\x7e]{1,128}$/.test(messageToken)) return;
  throw new ConfigurationError(
    "The message token is empty or has characters that none has. Copy it from the platform's console.",
    {
      rule: "message-keys",
    },
  );
}

/**
 * The refusal of a request of which only the query is signed, as in plain mode. Undefined: the
 * request is accepted.
 */
export function refusalOfPlain(
  query: PushRequest["query"],
  {
    messageToken,
    ageMaxMs,
    nowMs,
  }: { readonly messageToken: string; readonly ageMaxMs: number; readonly nowMs: number },
): PushRefusal | undefined {
  const signed = parameters(query, "signature");
  if (signed === undefined) return "form";
  if (!isSignature(signed.signature, [messageToken, signed.timestamp, signed.nonce]))
    return "signature";
  return isTimely(signed.timestamp, nowMs, ageMaxMs) ? undefined : "age";
}

function parameters(
  query: PushRequest["query"],
  name: string,
): { timestamp: string; nonce: string; signature: string } | undefined {
  const [timestamp, nonce, signature] = ["timestamp", "nonce", name].map((each) =>
    parameter(query, each),
  );
  return timestamp === undefined || nonce === undefined || signature === undefined
    ? undefined
    : { timestamp, nonce, signature };
}

/** The only value of this name. Undefined: there is none, or more than one. */
export function parameter(query: PushRequest["query"], name: string): string | undefined {
  const value: unknown =
    query instanceof URLSearchParams
      ? oneOf(query.getAll(name))
      : Object.hasOwn(query, name)
        ? query[name]
        : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function oneOf(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}

function isTimely(timestamp: string, nowMs: number, ageMaxMs: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(nowMs - Number(timestamp) * 1000) <= ageMaxMs;
}

/** SHA-1 of the parts, sorted by their characters. */
function signatureOf(parts: readonly string[]): Buffer {
  return createHash("sha1").update(parts.toSorted().join("")).digest();
}

/** Compared in constant time. */
function isSignature(given: string, parts: readonly string[]): boolean {
  const expected = signatureOf(parts);
  const bytes = Buffer.from(/^[0-9a-f]{40}$/.test(given) ? given : "", "hex");
  return bytes.byteLength === expected.byteLength && timingSafeEqual(bytes, expected);
}

const blockBytes = 32;
const saltBytes = 16;
const lengthBytes = 4;

/**
 * AES-256-CBC with PKCS#7 padding to 32 bytes. Inside: 16 random bytes, the message's length in
 * four bytes, the message, the receiver.
 */
function decrypt(key: Buffer, sealed: string): { text: string; receiver: string } | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(sealed)) return undefined;
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.byteLength === 0 || bytes.byteLength % 16 !== 0) return undefined;
  const cipher = createDecipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  const plain = unpadded(Buffer.concat([cipher.update(bytes), cipher.final()]));
  if (plain === undefined || plain.byteLength < saltBytes + lengthBytes) return undefined;
  const end = saltBytes + lengthBytes + plain.readUInt32BE(saltBytes);
  if (end > plain.byteLength) return undefined;
  return {
    text: bodyText(plain.subarray(saltBytes + lengthBytes, end)),
    receiver: bodyText(plain.subarray(end)),
  };
}

function encrypt(key: Buffer, text: string, receiver: string, random: Random): string {
  const salt = createHash("sha256").update(random.id()).digest().subarray(0, saltBytes);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(Buffer.byteLength(text));
  const plain = Buffer.concat([salt, length, Buffer.from(text), Buffer.from(receiver)]);
  const padding = blockBytes - (plain.byteLength % blockBytes);
  const cipher = createCipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([
    cipher.update(plain),
    cipher.update(Buffer.alloc(padding, padding)),
    cipher.final(),
  ]).toString("base64");
}

function unpadded(plain: Buffer): Buffer | undefined {
  const padding = plain.at(-1) ?? 0;
  if (padding < 1 || padding > blockBytes || padding > plain.byteLength) return undefined;
  const end = plain.byteLength - padding;
  return plain.subarray(end).every((byte) => byte === padding) ? plain.subarray(0, end) : undefined;
}

export function bodyText(body: string | Uint8Array): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body);
}
