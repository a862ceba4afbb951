/** For tests: a `fetch` that answers from a list and remembers what was sent. */
import type { Fetch } from "./fetch.ts";

export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  readonly init: RequestInit;
}

export type Scripted =
  | Response
  | Error
  | object
  | ((sent: Sent, signal: AbortSignal | undefined) => Response | Promise<Response>);

export interface ScriptedFetch extends Fetch {
  readonly sent: Sent[];
}

/**
 * Gives one answer after the other; the last one again and again. A plain object becomes a JSON
 * answer with status 200.
 */
export function scriptedFetch(...answers: Scripted[]): ScriptedFetch {
  const sent: Sent[] = [];
  const fetch = async (
    input: string | URL | Request,
    init: RequestInit = {},
  ): Promise<Response> => {
    const request = new Request(input, {
      ...init,
      ...(init.body instanceof ReadableStream ? { duplex: "half" } : {}),
    });
    sent.push({
      method: request.method,
      url: new URL(request.url),
      headers: request.headers,
      body: await request.text(),
      init,
    });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    const last = sent.at(-1);
    if (answer === undefined || last === undefined) throw new Error("nothing is scripted");
    if (answer instanceof Error) throw answer;
    if (answer instanceof Response) return answer.clone();
    if (typeof answer === "function") return answer(last, init.signal ?? undefined);
    return Response.json(answer);
  };
  return Object.assign(fetch, { sent });
}

/** Settles only with the signal: a platform that never answers. */
export function silence(_sent: Sent, signal: AbortSignal | undefined): Promise<Response> {
  return new Promise((_resolve, reject) =>
    signal?.addEventListener("abort", () => reject(signal.reason)),
  );
}

/** What undici throws for a system error. */
export function networkError(code: string, message: string = code): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
}
