/**
 * Sends a business call until its answer is final: replaces a dead token once or twice, and waits
 * while the platform is busy.
 */
import { ClosedError, delay, waitFor } from "@lingpai/core";
import type { CallOptions, Credential, Random, RejectOptions, Secret } from "@lingpai/core";
import type { Refusal } from "../errors/refusal.ts";
import { classify } from "../errors/classify.ts";
import { hideTokenInUrl, hideTokenInError } from "./hide-token.ts";
import { callDeadline } from "./call-deadline.ts";
import type { Action, ErrorRow } from "../errors/error-row.ts";
import type { ReplayableCall } from "./replayable-call.ts";
import type { Platform } from "../transport/platform.ts";
import { RefusingPaths } from "./refusing-paths.ts";
import { peekRefusal } from "./peek-refusal.ts";

/** The final answer with its body unread, and its refusal if it has one. */
export interface Reply {
  readonly response: Response;
  readonly refused?: Refused;
}

export interface Refused {
  readonly refusal: Refusal;
  readonly row: ErrorRow;
  /** The reason why a dead token could not be replaced. */
  readonly cause?: unknown;
}

export interface Sender {
  /**
   * Sends the call with a token. At most two sends carry a refused token. At most `busyRetriesMax`
   * more follow an answer of "busy", if the call may be processed twice, because the platform may
   * have processed a call that it answers with "busy".
   *
   * @throws {CallTimeoutError} A send had no answer in time.
   */
  send(call: ReplayableCall): Promise<Reply>;
  /** Sends the call once and unchanged, for endpoints that take no token. */
  sendPlain(call: ReplayableCall): Promise<Reply>;
  close(): void;
}

export interface SenderOptions {
  /** Undefined: no call carries a token. */
  readonly credential: Credential | undefined;
  readonly platform: Platform;
  readonly random: Random;
  readonly busyRetriesMax: number;
  /** How long the platform has for an answer, in ms. */
  readonly timeoutMs: number;
  readonly uploadTimeoutMs: number;
  /** The actions which mean that the token that was sent is dead. */
  readonly deadTokenActions: readonly Action[];
  /** The query parameter that carries the token in a call to this URL. */
  readonly parameterFor: (url: URL) => string;
}

/**
 * The second replay needs a reason: the fleet itself had replaced the token that the first replay
 * carried.
 */
const replaysMax = 2;

export function createSender(options: SenderOptions): Sender {
  const { credential, platform, random, busyRetriesMax, deadTokenActions, parameterFor } = options;
  const closing = new AbortController();
  const refusing = new RefusingPaths(platform.clock);

  /** Half a second, one, then two seconds; a random part between half of that and all of it. */
  const pause = (attempt: number, signal: AbortSignal | undefined): Promise<void> => {
    const waitMs = 500 * 2 ** attempt * (0.5 + random.next() / 2);
    return delay(
      platform.clock,
      waitMs,
      signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]),
    );
  };

  return {
    async send(call) {
      const wait: CallOptions = call.signal === undefined ? {} : { signal: call.signal };
      if (credential === undefined) return sendOnce(options, call);
      let token = await credential.get(wait);
      const path = call.url.pathname;
      let replays = 0;
      for (let busy = 0; ;) {
        const reply = await sendOnce(options, call, token, parameterFor(call.url));
        const { refused } = reply;
        if (refused?.row.action === "retry" && call.idempotent && busy < busyRetriesMax) {
          discard(reply.response);
          await pause(busy, call.signal);
          busy += 1;
        } else if (
          refused !== undefined &&
          deadTokenActions.includes(refused.row.action) &&
          replays < replaysMax
        ) {
          if (refusing.isSettled(path, token.fingerprint)) return reply;
          const doubtful = refusing.has(path) || replays > 0;
          const report = { ...wait, platformCode: String(refused.refusal.errcode), doubtful };
          const { secret, wasReplaced, cause } = await replacement(credential, token, report);
          if (secret === undefined || (replays > 0 && !wasReplaced)) {
            // The path refuses a token that is alive or fresh.
            if (cause === undefined)
              refusing.add(path, secret === undefined ? token.fingerprint : undefined);
            return cause === undefined ? reply : { ...reply, refused: { ...refused, cause } };
          }
          discard(reply.response);
          token = secret;
          replays += 1;
        } else {
          if (refused === undefined) refusing.delete(path);
          return reply;
        }
      }
    },
    sendPlain: (call) => sendOnce(options, call),
    close: () => closing.abort(new ClosedError("The WeChat client")),
  };
}

async function sendOnce(
  options: SenderOptions,
  call: ReplayableCall,
  token?: Secret,
  parameter = "",
): Promise<Reply> {
  const { platform } = options;
  const secret = token?.reveal() ?? "";
  const timeoutMs = call.timeoutMs ?? (call.isUpload ? options.uploadTimeoutMs : options.timeoutMs);
  const { signal, lift } = callDeadline(
    platform.clock,
    `${call.method} ${call.url.pathname}`,
    timeoutMs,
    call.signal,
  );
  try {
    const url = secret === "" ? call.url.href : withToken(call.url, parameter, secret);
    const response = await waitFor(platform.fetch(url, { ...call.init(), signal }), {
      signals: [signal],
    });
    const refusal = await waitFor(peekRefusal(response, [secret]), { signals: [signal] });
    hideTokenInUrl(response, call.url);
    if (refusal === undefined) return { response };
    return {
      response,
      refused: { refusal, row: classify("business", refusal.errcode, platform.table) },
    };
  } catch (error) {
    throw secret === "" ? error : hideTokenInError(error, secret);
  } finally {
    // The caller reads the rest of the body without this limit.
    lift();
  }
}

/** Appends to the query as text, so that the caller's own encoding stays. */
function withToken(url: URL, parameter: string, secret: string): string {
  const sent = new URL(url);
  sent.search += `${sent.search === "" ? "" : "&"}${parameter}=${encodeURIComponent(secret)}`;
  return sent.href;
}

/**
 * The token to send instead of a refused one. Without a better token: nothing, and the reason if
 * there is one.
 */
async function replacement(
  credential: Credential,
  token: Secret,
  report: RejectOptions,
): Promise<{
  readonly secret?: Secret;
  readonly wasReplaced?: boolean | undefined;
  readonly cause?: unknown;
}> {
  try {
    const verdict = await credential.reject(token, report);
    return verdict.replaced ? verdict : {};
  } catch (cause) {
    if (report.signal?.aborted) throw cause;
    return { cause };
  }
}

/** Frees the connection of an answer that nobody will read. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}
