/** The addresses of the token server's replicas. The one that answered last is asked first. */
import { waitFor } from "@lingpai/core";
import { callServer } from "./server-call.ts";
import type { CallMeans, ServerAnswer, ServerRequest } from "./server-call.ts";

export interface AskedServer extends Omit<ServerRequest, "url" | "key" | "timeoutMs"> {
  /** The path below the server's address. */
  readonly path: string;
  readonly timeoutMs: number;
}

export interface AnyServer extends AskedServer {
  /** For all replicas together, in ms; `timeoutMs` is for each. */
  readonly withinMs: number;
}

export interface ServersOptions extends CallMeans {
  readonly urls: readonly string[];
  readonly key: () => string | Promise<string>;
}

/** After how long without an answer another replica is asked too. */
const hedgeMs = 2_000;

export class Servers {
  readonly #options: ServersOptions;
  #at = 0;

  constructor(options: ServersOptions) {
    this.#options = options;
  }

  /** Asks one replica. After a failure the next call asks the next replica. */
  async one({ path, ...asked }: AskedServer): Promise<ServerAnswer> {
    const { clock, fetch, key, urls } = this.#options;
    const at = this.#at;
    const url = `${urls[at % urls.length]}${path}`;
    const answer = await callServer({ ...asked, url, key }, { clock, fetch });
    if (answer.kind === "failed" && this.#at === at) this.#at = (at + 1) % urls.length;
    return answer;
  }

  /**
   * Asks one replica after the other until one answers, for `withinMs` in all. Each has its part of
   * the time, so that one that hangs leaves some for the next. A refusal counts only when nobody
   * could do better.
   */
  async any(asked: AnyServer): Promise<ServerAnswer> {
    const { timeoutMs, withinMs, ...rest } = asked;
    const { clock, urls } = this.#options;
    const untilMs = clock.monotonicMs() + withinMs;
    let failure: ServerAnswer | undefined;
    for (let left = urls.length; left > 0 && !asked.signal.aborted; left -= 1) {
      const partMs = (untilMs - clock.monotonicMs()) / left;
      if (partMs < 1) break;
      const answer = await this.one({ ...rest, timeoutMs: Math.min(timeoutMs, partMs) });
      if (answer.kind !== "failed") return answer;
      if (failure === undefined || !answer.isFinal) failure = answer;
      if (answer.isFinal && answer.isOfReplica !== true) return answer;
    }
    return (
      failure ?? { kind: "failed", isFinal: false, detail: "no time was left", retryAfterMs: 0 }
    );
  }

  /**
   * Asks one replica, and when it has not answered after a while the others too: the first answer
   * that helps is taken. A replica that stands still costs two seconds, not the whole wait. Only for
   * requests that may arrive twice.
   */
  async hedged({ withinMs, ...asked }: AnyServer): Promise<ServerAnswer> {
    const { clock, urls } = this.#options;
    if (urls.length === 1) return this.one(asked);
    const fromMs = clock.monotonicMs();
    const over = new AbortController();
    const signal = AbortSignal.any([asked.signal, over.signal]);
    const at = this.#at;
    const first = this.one({ ...asked, signal });
    const deadline = { clock, ms: hedgeMs, onLate: () => undefined, timer: { background: true } };
    const prompt = await waitFor<ServerAnswer | undefined>(first, { deadline });
    if (prompt !== undefined && !mayHelp(prompt)) return prompt;
    if (this.#at === at) this.#at = (at + 1) % urls.length;
    const leftMs = Math.max(1, withinMs - (clock.monotonicMs() - fromMs));
    const others = this.any({ ...asked, signal, withinMs: leftMs });
    try {
      return await Promise.any([first, others].map(helpful));
    } catch {
      return await others;
    } finally {
      over.abort();
    }
  }
}

async function helpful(answer: Promise<ServerAnswer>): Promise<ServerAnswer> {
  const found = await answer;
  if (mayHelp(found)) throw new Error("Another replica may help.");
  return found;
}

function mayHelp(answer: ServerAnswer): boolean {
  return answer.kind === "failed" && (!answer.isFinal || answer.isOfReplica === true);
}
