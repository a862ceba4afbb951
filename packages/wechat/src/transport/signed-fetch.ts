/**
 * WeChat's API security (API 安全): encrypts and signs calls in addition to TLS, and verifies and
 * decrypts their answers. It uses AES256_GCM and RSAwithSHA256, as described by
 * developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html (read in
 * November 2026). SM4_GCM and SM2withSM3 are not supported: Node has no SM4-GCM, and no SM2
 * signature with the id that WeChat requires.
 */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  X509Certificate,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import {
  ConfigurationError,
  randomNonce,
  requireObject,
  requireOptions,
  systemClock,
} from "@lingpai/core";
import type { Clock, KindsOf } from "@lingpai/core";
import { isObject, open, seal } from "./signed-envelope.ts";
import type { EnvelopeKey } from "./signed-envelope.ts";
import { InvalidAnswerError } from "../errors/platform-errors.ts";
import { parseJson } from "./lenient-json.ts";
import type { Fetch } from "./fetch.ts";

export interface SignedFetchOptions {
  readonly appId: string;
  /** API 对称密钥 (AES256_GCM): its number in the console, and the key in base64 (32 bytes). */
  readonly encryptionKey: { readonly id: string; readonly key: string };
  /**
   * The private key, in PEM, whose public key is set in the console (API 非对称密钥,
   * RSAwithSHA256).
   */
  readonly privateKey: string;
  /**
   * The platform's certificates (开放平台证书), in PEM, by their number in the console. That number
   * is not the serial number inside the certificate. During a change, give the next one too.
   */
  readonly certificates: Readonly<Record<string, string>>;
  /**
   * The paths to sign, without the host: those for which the account has API security switched on.
   * Calls to other paths are sent unchanged.
   */
  readonly paths: readonly string[];
  /** @defaultValue the global `fetch` */
  readonly fetch?: Fetch;
  readonly clock?: Clock;
}

interface Keys {
  readonly appId: string;
  readonly envelope: EnvelopeKey;
  readonly privateKey: KeyObject;
  readonly certificates: ReadonlyMap<string, KeyObject>;
  readonly clock: Clock;
}

/** The largest accepted difference between the answer's time and ours. */
const skewMaxMs = 300_000;
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } as const;

/**
 * A `fetch` that encrypts and signs the calls to `paths`. Give it as the option `fetch`: `wechat({
 * …, fetch: signedFetch({ … }) })`. The token stays in the URL. The rest of the query is encrypted
 * with the body, as WeChat requires.
 *
 * An unsigned answer is accepted only if it refuses the call, because WeChat sends refusals in
 * clear. An answer that is wrongly signed, too old or for another account is invalid.
 *
 * @throws {ConfigurationError} `signed-fetch`: a key cannot be read, or (at a call) the body is not
 *   a JSON object. Nothing else can be encrypted.
 */
export function signedFetch(options: SignedFetchOptions): Fetch {
  requireOptions("signedFetch()", options, {
    appId: "text",
    certificates: "object",
    clock: "clock",
    encryptionKey: "object",
    fetch: "function",
    paths: "texts",
    privateKey: "text",
  } satisfies KindsOf<SignedFetchOptions>);
  requireObject("encryptionKey", options.encryptionKey);
  requireObject("certificates", options.certificates);
  if (typeof options.encryptionKey.key !== "string")
    refuse("The encryptionKey is an object without key. Give it in base64, as it was downloaded.");
  const {
    appId,
    paths,
    clock = systemClock,
    fetch = (input, init) => globalThis.fetch(input, init),
  } = options;
  const key = Buffer.from(options.encryptionKey.key, "base64");
  if (key.length !== 32)
    refuse("The encryptionKey has not 32 bytes. Give it in base64, as it was downloaded.");
  if (typeof appId !== "string" || typeof options.encryptionKey.id !== "string")
    refuse("Give the appId and the encryptionKey's id as texts.");
  // A string is a list of letters, and an empty list signs nothing. Both would send in clear what
  // should be encrypted.
  if (
    !Array.isArray(paths) ||
    paths.length === 0 ||
    !paths.every((path) => typeof path === "string" && path.startsWith("/"))
  ) {
    refuse(
      'The paths are those that the account has signed: a list such as ["/wxa/getuserriskrank"], each beginning with "/".',
    );
  }
  const certificates = new Map(
    Object.entries(options.certificates).map(([id, pem]) => [
      id,
      readKey(`certificates["${id}"]`, () => publicKeyOf(pem)),
    ]),
  );
  const keys: Keys = {
    appId,
    envelope: { id: options.encryptionKey.id, key },
    privateKey: readKey("privateKey", () => createPrivateKey(options.privateKey)),
    certificates,
    clock,
  };
  const signed = new Set(paths);
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!signed.has(url.pathname)) return fetch(input, init);
    const request = new Request(input, init);
    const signal = init.signal ?? (input instanceof Request ? input.signal : undefined);
    const fields = fieldsOf(url, request.method === "GET" ? "" : await request.text());
    const sent = signedRequest(keys, url, fields);
    const answer = await fetch(sent.url, {
      ...{
        method: "POST",
        redirect: init.redirect ?? "error",
        headers: sent.headers,
        body: sent.body,
      },
      ...(signal !== undefined && signal !== null && { signal }),
    });
    return verified(keys, url, answer);
  };
}

/** The address as both sides sign it: with the scheme, without the query. */
const targetOf = (url: URL): string => `${url.origin}${url.pathname}`;

function signedRequest(
  keys: Keys,
  url: URL,
  fields: Readonly<Record<string, unknown>>,
): { url: string; headers: Headers; body: string } {
  const { appId, clock, envelope, privateKey } = keys;
  const timestamp = Math.floor(clock.wallMs() / 1_000);
  const target = targetOf(url);
  const safety = {
    _n: Buffer.from(randomNonce(16)).toString("base64url"),
    _appid: appId,
    _timestamp: timestamp,
  };
  const body = seal(
    envelope,
    JSON.stringify({ ...safety, ...fields }),
    `${target}|${appId}|${timestamp}|${envelope.id}`,
  );
  const signature = sign("sha256", Buffer.from(`${target}\n${appId}\n${timestamp}\n${body}`), {
    key: privateKey,
    ...pss,
  });
  const token = url.searchParams.get("access_token");
  return {
    url: token === null ? target : `${target}?${new URLSearchParams({ access_token: token })}`,
    body,
    headers: new Headers({
      "content-type": "application/json;charset=utf-8",
      accept: "application/json",
      "Wechatmp-Appid": appId,
      "Wechatmp-TimeStamp": String(timestamp),
      "Wechatmp-Signature": signature.toString("base64"),
    }),
  };
}

async function verified(keys: Keys, url: URL, answer: Response): Promise<Response> {
  const text = await answer.text();
  const name = `that to ${url.pathname}`;
  const date = answer.headers.get("date");
  const headers = { "content-type": "application/json", ...(date !== null && { date }) };
  const again = (body: string): Response => new Response(body, { status: answer.status, headers });
  const signature = answer.headers.get("Wechatmp-Signature");
  if (signature === null) {
    if (!answer.ok || refuses(text)) return again(text);
    throw new InvalidAnswerError(`${name} is not signed`);
  }
  const { appId, clock, envelope } = keys;
  const timestamp = answer.headers.get("Wechatmp-TimeStamp") ?? "";
  if (answer.headers.get("Wechatmp-Appid") !== appId)
    throw new InvalidAnswerError(`${name} is for another account`);
  if (!(Math.abs(clock.wallMs() - Number(timestamp) * 1_000) <= skewMaxMs))
    throw new InvalidAnswerError(`${name} is from another time: ${timestamp}`);
  const target = targetOf(url);
  const [certificate, bytes] = signatureOf(keys, answer.headers, name);
  const payload = Buffer.from(`${target}\n${appId}\n${timestamp}\n${text}`);
  if (
    !verify(
      "sha256",
      payload,
      { key: certificate, padding: pss.padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
      bytes,
    )
  ) {
    throw new InvalidAnswerError(`${name} is signed by somebody else`);
  }
  const fields = open(envelope, text, `${target}|${appId}|${timestamp}|${envelope.id}`);
  if (
    fields === undefined ||
    fields["_appid"] !== appId ||
    String(fields["_timestamp"]) !== timestamp
  ) {
    throw new InvalidAnswerError(`${name} cannot be decrypted with the key ${envelope.id}`);
  }
  const { _n, _appid, _timestamp, ...rest } = fields;
  return again(JSON.stringify(rest));
}

/**
 * Uses the certificate that we have. While WeChat changes its certificate, it signs an answer with
 * both.
 */
function signatureOf(
  { certificates }: Keys,
  headers: Headers,
  name: string,
): readonly [KeyObject, Buffer] {
  const offered = ["", "-Deprecated"].map(
    (suffix) =>
      [
        headers.get(`Wechatmp-Serial${suffix}`) ?? "",
        headers.get(`Wechatmp-Signature${suffix}`) ?? "",
      ] as const,
  );
  for (const [id, signature] of offered) {
    const certificate = certificates.get(id);
    if (certificate !== undefined && signature !== "")
      return [certificate, Buffer.from(signature, "base64")];
  }
  const ids = offered.map(([id]) => id).filter((id) => id !== "");
  throw new InvalidAnswerError(
    `${name} is signed with a certificate that is not given (${ids.join(", ")}). Download it in the console and add it to certificates`,
  );
}

/** The content of the call: its query and its body, without the token. */
function fieldsOf(url: URL, body: string): Readonly<Record<string, unknown>> {
  const query = Object.fromEntries(
    [...url.searchParams].filter(([name]) => name !== "access_token"),
  );
  if (body === "") return query;
  const parsed = parsedOr(body);
  if (!isObject(parsed))
    return refuse(
      `${url.pathname} is signed, so its body has to be a JSON object: uploads cannot be encrypted.`,
    );
  return { ...query, ...parsed };
}

function refuses(text: string): boolean {
  const parsed = parsedOr(text);
  return isObject(parsed) && typeof parsed["errcode"] === "number" && parsed["errcode"] !== 0;
}

function parsedOr(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function publicKeyOf(pem: string): KeyObject {
  return pem.includes("BEGIN CERTIFICATE")
    ? new X509Certificate(pem).publicKey
    : createPublicKey(pem);
}

/** Drops the original error, because it may quote the key. */
function readKey(name: string, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    return refuse(`${name} cannot be read. Give the PEM text, with its BEGIN and END lines.`);
  }
}

function refuse(message: string): never {
  throw new ConfigurationError(message, { rule: "signed-fetch" });
}
