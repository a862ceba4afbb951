/** The messages that the platform pushes: small XML documents, encrypted and signed. */
import { createCipheriv, createHash } from "node:crypto";
import type { Random } from "@lingpai/core";
import type { Context } from "../ledger/context.ts";

/** The keys that are set in the platform's console. */
export interface MessageKeys {
  /** Signs messages. Any text. */
  readonly token: string;
  /** 43 characters of base64: a key of 32 bytes without the padding. */
  readonly encodingAesKey: string;
}

/** One message, ready to be POSTed. */
export interface Push {
  /** The receiver: a component AppID or a suite id. */
  readonly appId: string;
  readonly infoType: string;
  /** The text of the document. */
  readonly text: string;
  /** Added to the receiver's URL. */
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The element of the outer document that names the receiver: `AppId` on the open platform,
 * `ToUserName` at WeCom.
 */
export type ReceiverTag = "AppId" | "ToUserName";

const blockBytes = 32;

/** Encrypts `fields` into a message for this receiver, and logs that it was sent. */
export function seal(
  context: Context,
  keys: MessageKeys,
  appId: string,
  fields: Readonly<Record<string, string>>,
  tag: ReceiverTag,
): Push {
  return sealText(context, keys, xmlOf(fields), { appId, tag, infoType: fields["InfoType"] ?? "" });
}

/** How a document is sent. */
export interface Sealing {
  readonly appId: string;
  readonly infoType: string;
  readonly tag: ReceiverTag;
  /**
   * The ReceiveId, if it is not the id in clear: `""` for individual developers, or the provider's
   * corp id.
   */
  readonly receiver?: string;
  /**
   * The form of the outer document.
   * @defaultValue "xml"
   */
  readonly format?: "xml" | "json";
}

/** Encrypts any document. The same document encrypted again looks different in every part. */
export function sealText(
  context: Context,
  keys: MessageKeys,
  text: string,
  sealing: Sealing,
): Push {
  const { random } = context;
  const { appId, infoType, tag, receiver = appId, format = "xml" } = sealing;
  const timestamp = String(Math.floor(context.nowMs() / 1000));
  const nonce = String(Math.floor(random.next() * 2 ** 31));
  const encrypted = encrypt(text, keys.encodingAesKey, receiver, random);
  const msgSignature = signatureOf(keys.token, timestamp, nonce, encrypted);
  const query = {
    signature: signatureOf(keys.token, timestamp, nonce),
    timestamp,
    nonce,
    encrypt_type: "aes",
    msg_signature: msgSignature,
  };
  context.grant(
    { kind: "push", endpoint: infoType, appId, sender: { caller: "platform" } },
    "new",
    undefined,
  );
  const outer = { [tag]: appId, Encrypt: encrypted };
  return {
    appId,
    infoType,
    text,
    query,
    body: format === "json" ? JSON.stringify(outer) : xmlOf(outer),
  };
}

/** The kind of message, for the log. */
export function infoTypeIn(text: string): string {
  return /<InfoType>\s*(?:<!\[CDATA\[)?(\w+)/.exec(text)?.[1] ?? "";
}

/** SHA-1 of the parts, sorted by their characters, in hex. */
export function signatureOf(...parts: readonly string[]): string {
  return createHash("sha1").update(parts.toSorted().join("")).digest("hex");
}

/**
 * AES-256-CBC over 16 random bytes, the length in four bytes, the message and the receiver, with
 * PKCS#7 padding to 32 bytes.
 */
function encrypt(
  message: string,
  encodingAesKey: string,
  receiver: string,
  random: Random,
): string {
  const key = Buffer.from(`${encodingAesKey}=`, "base64");
  const salt = Buffer.from(Array.from({ length: 16 }, () => Math.floor(random.next() * 256)));
  const content = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.byteLength);
  const plain = Buffer.concat([salt, length, content, Buffer.from(receiver)]);
  const padding = blockBytes - (plain.byteLength % blockBytes);
  const cipher = createCipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([
    cipher.update(Buffer.concat([plain, Buffer.alloc(padding, padding)])),
    cipher.final(),
  ]).toString("base64");
}

/**
 * Numbers stay as they are, everything else becomes CDATA. No value contains `]]>`: all are ids,
 * codes and base64.
 */
function xmlOf(fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(
    ([name, value]) => `<${name}>${/^\d+$/.test(value) ? value : `<![CDATA[${value}]]>`}</${name}>`,
  );
  return `<xml>${lines.join("")}</xml>`;
}

/**
 * Posts a message to its receiver. Returns true if the receiver took it (`success`, at HTTP 200).
 */
export async function deliver(
  push: Push,
  url: string | URL,
  send: typeof fetch = fetch,
): Promise<boolean> {
  const target = new URL(url);
  for (const [name, value] of Object.entries(push.query)) target.searchParams.set(name, value);
  const response = await send(target, {
    method: "POST",
    headers: { "content-type": "text/xml" },
    body: push.body,
  });
  return response.status === 200 && (await response.text()).trim() === "success";
}
