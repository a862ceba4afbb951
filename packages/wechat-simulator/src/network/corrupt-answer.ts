/**
 * Corrupt answers, as real networks have produced them: a proxy's page, half an answer, none, far
 * too much, far too slow.
 */
import type { Clock } from "@lingpai/core";
import { delay } from "@lingpai/core";
import type { Bytes, Fault, CorruptBody } from "./fault.ts";

type Body = string | Bytes | ReadableStream<Bytes>;

const hugeBytes = 100 * 2 ** 20;
const chunkBytes = 2 ** 16;
const dripMs = 1_000;

/** The response after the fault. */
export async function corruptAnswer(
  response: Response,
  fault: Fault,
  clock: Clock,
  request: Request,
): Promise<Response> {
  const { status = response.status, headers: extra = {}, body: corrupt } = fault;
  if (corrupt === undefined && fault.status === undefined && fault.headers === undefined)
    return response;
  const headers = new Headers(response.headers);
  if (corrupt === "html") headers.set("content-type", "text/html; charset=utf-8");
  for (const [name, value] of Object.entries(extra)) headers.set(name, value);
  const text = await response.text();
  const body =
    corrupt === undefined
      ? text
      : typeof corrupt === "function"
        ? corrupt(text)
        : bodies[corrupt](text, clock, request);
  return new Response(bodyless.has(status) ? null : body, { status, headers });
}

const bodyless: ReadonlySet<number> = new Set([204, 205, 304]);

const bodies: Readonly<
  Record<CorruptBody, (text: string, clock: Clock, request: Request) => Body>
> = {
  html: () =>
    "<!doctype html><html><head><title>Sign in to this network</title></head><body>Please accept the terms of use.</body></html>",
  truncated: (text) => text.slice(0, Math.floor(text.length / 2)),
  empty: () => "",
  object: () => "{}",
  huge: (text) => padded(text),
  drip: dripping,
  // Valid JSON except for the character, which JSON.parse refuses.
  "control-characters": (text) => text.replace(/^\{/, '{"nickname":"a\u0007b\u0000c\u001fd",'),
};

/** The answer after 100 MB of white space, which is generated while it is read. */
function padded(text: string): ReadableStream<Bytes> {
  const chunk = new Uint8Array(chunkBytes).fill(32);
  let left = hugeBytes / chunkBytes;
  return new ReadableStream({
    pull(controller) {
      left -= 1;
      controller.enqueue(left >= 0 ? chunk.slice() : bytesOf(text));
      if (left < 0) controller.close();
    },
  });
}

/**
 * One byte per second, until the end or until the client gives up. Keeps a reference to the
 * request, because otherwise its signal is not notified of an abort.
 */
function dripping(text: string, clock: Clock, request: Request): ReadableStream<Bytes> {
  const bytes = bytesOf(text);
  let sent = 0;
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        await delay(clock, dripMs, request.signal);
        controller.enqueue(bytes.slice(sent, sent + 1));
        sent += 1;
        if (sent === bytes.length) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

function bytesOf(text: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(text));
}
