/** A business call in a form that can be sent more than once. */
import { ConfigurationError } from "@lingpai/core";

/** A call before it has a token. */
export interface ReplayableCall {
  /** The caller's URL, without a token. */
  readonly url: URL;
  readonly method: string;
  readonly signal: AbortSignal | undefined;
  /** True if the platform may process the call twice. */
  readonly idempotent: boolean;
  /** True if the call carries a file, or a body so large that sending it takes long. */
  readonly isUpload: boolean;
  /** The caller's own limit, in ms. */
  readonly timeoutMs: number | undefined;
  /** A new init for each send, each with the whole body. */
  init(): RequestInit;
}

type Body = NonNullable<RequestInit["body"]>;

/** The options of a call: those of `fetch`, and these. */
export interface CallInit extends RequestInit {
  /**
   * True if the platform may process the call twice without harm. Then it is sent again when the
   * platform is busy.
   * @defaultValue true for GET and HEAD, false for other methods
   */
  readonly idempotent?: boolean;
  /**
   * How long the answer may take, in ms, from 1.
   * @defaultValue the client's `timeoutMs`, or `uploadTimeoutMs` for an upload
   */
  readonly timeoutMs?: number;
}

/** A text or bytes longer than this are an upload. */
const uploadBytes = 262_144;

/**
 * Copies the arguments of a `fetch`. Text, bytes, forms and blobs are copied or immutable. A stream
 * cannot be read again, so it is read into memory once, up to `replayBytesMax`.
 *
 * @throws {ConfigurationError} `replay-bytes`: the stream is longer. Nothing was sent.
 * @throws {TypeError} `fetch` itself would throw it for this input.
 */
export async function replayableCall(
  input: string | URL | Request,
  init: CallInit | undefined,
  replayBytesMax: number,
): Promise<ReplayableCall> {
  if (!(input instanceof Request)) return fromInit(new URL(input), init ?? {}, replayBytesMax);
  // Merges both and marks the input as used, as `fetch` does.
  const { body, headers, method, redirect, signal, url, keepalive, integrity } = new Request(
    input,
    init,
  );
  const merged: CallInit = { ...init, headers, method, redirect, signal, keepalive, integrity };
  return fromInit(new URL(url), { ...merged, body: body ?? null }, replayBytesMax);
}

async function fromInit(
  url: URL,
  given: CallInit,
  replayBytesMax: number,
): Promise<ReplayableCall> {
  const { body, duplex: _duplex, idempotent, timeoutMs, ...rest } = given;
  const headers = new Headers(given.headers);
  const copy = body === null || body === undefined ? undefined : await keep(body, replayBytesMax);
  // A redirect would carry the call, and perhaps the token, to another host.
  const redirect = given.redirect === "manual" ? "manual" : "error";
  const method = (given.method ?? "GET").toUpperCase();
  return {
    url,
    method,
    signal: given.signal ?? undefined,
    idempotent: idempotent ?? ["GET", "HEAD"].includes(method),
    isUpload: isUpload(copy),
    timeoutMs,
    init: () => ({
      ...rest,
      redirect,
      headers: new Headers(headers),
      ...(copy === undefined ? {} : { body: copy }),
    }),
  };
}

function isUpload(body: Body | undefined): boolean {
  if (body instanceof FormData || body instanceof Blob) return true;
  if (typeof body === "string") return body.length > uploadBytes;
  return (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) && body.byteLength > uploadBytes;
}

async function keep(body: Body, replayBytesMax: number): Promise<Body> {
  if (typeof body === "string" || body instanceof Blob) return body;
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  if (body instanceof FormData) return copyOf(body);
  if (body instanceof ArrayBuffer) return body.slice(0);
  if (ArrayBuffer.isView(body))
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  if (Symbol.asyncIterator in body) return readWhole(body, replayBytesMax);
  return body;
}

function copyOf(form: FormData): FormData {
  const copy = new FormData();
  for (const [name, value] of form) copy.append(name, value);
  return copy;
}

async function readWhole(
  stream: AsyncIterable<Uint8Array>,
  replayBytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > replayBytesMax) {
      throw new ConfigurationError(
        `The body is a stream of more than ${replayBytesMax} bytes, too long to keep for a second attempt, so it was not sent. Give a Blob, a File or a Buffer, or raise replayBytesMax.`,
        { rule: "replay-bytes" },
      );
    }
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}
