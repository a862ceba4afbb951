/** Sends a business call until its answer is final: replaces a dead token once, waits while the platform is busy. */
import { ClosedError, delay } from "@lingpai/core";
import type { CallOptions, Credential, Random, Secret } from "@lingpai/core";
import type { Refusal } from "./answer.ts";
import { classify } from "./classify.ts";
import { disguised, withoutToken } from "./disguise.ts";
import type { Action, ErrorRow } from "./errors-table.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Platform } from "./platform.ts";
import { sniffRefusal } from "./sniff.ts";

/** The final answer, its body unread, and what it refuses if it does. */
export interface Reply {
  readonly response: Response;
  readonly refused?: Refused;
}

export interface Refused {
  readonly refusal: Refusal;
  readonly row: ErrorRow;
  /** Why a dead token could not be replaced. */
  readonly cause?: unknown;
}

export interface Sender {
  /** Sends with a token. At most two sends carry a token that is refused, and at most `busyRetriesMax` more follow an answer of "busy". */
  send(call: Outgoing): Promise<Reply>;
  /** Sends once and as it is, for endpoints that take no token. */
  sendPlain(call: Outgoing): Promise<Reply>;
  close(): void;
}

export interface SenderOptions {
  readonly credential: Credential;
  readonly platform: Platform;
  readonly random: Random;
  readonly busyRetriesMax: number;
  /** What a code must ask for to mean that the token that was sent is dead. */
  readonly deadly: readonly Action[];
  /** The query parameter that carries the token in a call to this URL. */
  readonly parameterFor: (url: URL) => string;
}

export function createSender({ credential, platform, random, busyRetriesMax, deadly, parameterFor }: SenderOptions): Sender {
  const closing = new AbortController();

  /** Half a second, one, two; between half of that and all of it. */
  const pause = (attempt: number, signal: AbortSignal | undefined): Promise<void> => {
    const waitMs = 500 * 2 ** attempt * (0.5 + random.next() / 2);
    return delay(platform.clock, waitMs, signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]));
  };

  return {
    async send(call) {
      const options: CallOptions = call.signal === undefined ? {} : { signal: call.signal };
      let token = await credential.get(options);
      let replayed = false;
      for (let busy = 0; ;) {
        const reply = await sendOnce(platform, call, token, parameterFor(call.url));
        const { refused } = reply;
        if (refused?.row.action === "retry" && busy < busyRetriesMax) {
          discard(reply.response);
          await pause(busy, call.signal);
          busy += 1;
        } else if (refused !== undefined && deadly.includes(refused.row.action) && !replayed) {
          const { secret, cause } = await replacement(credential, token, refused.refusal.errcode, options);
          if (secret === undefined) return cause === undefined ? reply : { ...reply, refused: { ...refused, cause } };
          discard(reply.response);
          token = secret;
          replayed = true;
        } else return reply;
      }
    },
    sendPlain: (call) => sendOnce(platform, call),
    close: () => closing.abort(new ClosedError("The WeChat client")),
  };
}

async function sendOnce(platform: Platform, call: Outgoing, token?: Secret, parameter = ""): Promise<Reply> {
  const secret = token?.reveal() ?? "";
  let response: Response;
  try {
    response = await platform.fetch(secret === "" ? call.url.href : withToken(call.url, parameter, secret), call.init());
  } catch (error) {
    throw secret === "" ? error : withoutToken(error, secret);
  }
  const refusal = await sniffRefusal(response, [secret]);
  disguised(response, call.url);
  return refusal === undefined ? { response } : { response, refused: { refusal, row: classify("business", refusal.errcode) } };
}

/** Appends to the query as it stands: what the caller encoded stays encoded as it was. */
function withToken(url: URL, parameter: string, secret: string): string {
  const sent = new URL(url);
  sent.search += `${sent.search === "" ? "" : "&"}${parameter}=${encodeURIComponent(secret)}`;
  return sent.href;
}

/** What to send instead of a token that was refused; nothing, perhaps with the reason, when there is nothing better. */
async function replacement(
  credential: Credential,
  token: Secret,
  errcode: number,
  options: CallOptions,
): Promise<{ readonly secret?: Secret; readonly cause?: unknown }> {
  try {
    const verdict = await credential.reject(token, { ...options, platformCode: String(errcode) });
    return verdict.replaced ? { secret: verdict.secret } : {};
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    return { cause };
  }
}

/** Frees the connection of an answer that nobody will read. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}
