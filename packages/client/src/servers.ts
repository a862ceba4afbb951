/** The addresses of the token server's replicas. The one that answered last is asked first. */
import { waitFor } from "@lingpai/core";
import { callServer } from "./server-call.ts";
import type { CallMeans, ServerAnswer, ServerRequest } from "./server-call.ts";

export interface AskedServer extends Omit<ServerRequest, "url" | "key" | "timeoutMs"> {
  /** The path below the server's address. */
  readonly path: string;
  readonly timeoutMs: number;
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
    const send = async (): Promise<ServerAnswer> => {
      try {
        return await callServer({ ...asked, url, key: await key() }, { clock, fetch });
      } catch {
        return { kind: "failed", isFinal: false, detail: "there is no key", retryAfterMs: 0 };
      }
    };
    const url = `${urls[at % urls.length]}${path}`;
    const answer = await send();
    if (answer.kind === "failed" && this.#at === at) this.#at = (at + 1) % urls.length;
    return answer;
  }

  /** Asks one replica after the other until one answers. */
  async any(asked: AskedServer): Promise<ServerAnswer> {
    let answer = await this.one(asked);
    for (let tries = 1; tries < this.#options.urls.length && mayHelp(answer); tries += 1) {
      if (asked.signal.aborted) break;
      answer = await this.one(asked);
    }
    return answer;
  }

  /**
   * Asks one replica, and when it has not answered after a while the others too: the first answer
   * that helps is taken. A replica that stands still costs two seconds, not the whole wait. Only for
   * requests that may arrive twice.
   */
  async hedged(asked: AskedServer): Promise<ServerAnswer> {
    const { clock, urls } = this.#options;
    if (urls.length === 1) return this.one(asked);
    const over = new AbortController();
    const signal = AbortSignal.any([asked.signal, over.signal]);
    const at = this.#at;
    const first = this.one({ ...asked, signal });
    const deadline = { clock, ms: hedgeMs, onLate: () => undefined, timer: { background: true } };
    const prompt = await waitFor<ServerAnswer | undefined>(first, { deadline });
    if (prompt !== undefined && !mayHelp(prompt)) return prompt;
    if (this.#at === at) this.#at = (at + 1) % urls.length;
    const others = this.any({ ...asked, signal });
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
  return answer.kind === "failed" && !answer.isFinal;
}
