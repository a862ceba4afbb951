/** Sends one message to an address that was checked. It follows no redirect, and reads no body. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import type { Clock } from "@lingpai/core";
import type { Destination } from "./destination.ts";

export interface Message {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly retryAfterMs: number;
}

/** The time from the first byte sent to the end of the response's headers. */
const answerMs = 15_000;

/** Rejects if there was no response. A redirect is a response like any other. */
export function send(
  { address, url }: Destination,
  { body, headers }: Message,
  clock: Clock,
): Promise<Reply> {
  const family = isIP(address);
  // The connection always uses this address, because a second look-up could return another one.
  const pinned: LookupFunction = (_name, { all }, done) =>
    all === true ? done(null, [{ address, family }]) : done(null, address, family);
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        method: "POST",
        agent: false,
        lookup: pinned,
        headers: {
          ...headers,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "user-agent": "lingpai-webhooks",
        },
      },
      ({ headers: received, statusCode = 0 }) => {
        cancel();
        resolve({ status: statusCode, retryAfterMs: retryAfterOf(received["retry-after"]) });
        // The body may be endless, and nothing of it is needed.
        asked.destroy();
      },
    );
    const cancel = clock.setTimer(answerMs, () =>
      asked.destroy(new Error(`There was no answer within ${answerMs} ms.`)),
    );
    asked.once("error", (error) => {
      cancel();
      reject(error);
    });
    asked.end(body);
  });
}

/** In ms, at most a day. Invalid values become 0. */
function retryAfterOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Math.min(Number(text), 86_400) * 1_000 : 0;
}
