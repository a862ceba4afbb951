/** The addresses of the token server's replicas. The one that answered last is asked first. */
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
}

function mayHelp(answer: ServerAnswer): boolean {
  return answer.kind === "failed" && !answer.isFinal;
}
