/** The sessions for routes: finds the stored session by a request's cookie. */
import type { Cache, Clock } from "@lingpai/core";
import type { KeyRecord } from "../keys/key-document.ts";
import type { ServerKeys } from "../keys/server-keys.ts";
import { clearCookie, setCookie, tokenIn } from "./session-cookie.ts";
import { sessionMs, SessionStore } from "./session-store.ts";
import type { Session } from "./session-store.ts";

export interface SessionsOptions {
  readonly cache: Cache;
  readonly keys: ServerKeys;
  readonly clock: Clock;
  /**
   * True if a proxy in front of this server terminates TLS. A request that arrives by `https:` is
   * secure in any case.
   */
  readonly isBehindTls: boolean;
}

export class Sessions {
  readonly #store: SessionStore;
  readonly #isBehindTls: boolean;

  constructor({ cache, clock, isBehindTls, keys }: SessionsOptions) {
    this.#store = new SessionStore(cache, keys, clock);
    this.#isBehindTls = isBehindTls;
  }

  /** Begins a session. Resolves to the value of `Set-Cookie`. */
  async open(request: Request, key: KeyRecord): Promise<string> {
    return setCookie(await this.#store.open(key), sessionMs, this.#isSecure(request));
  }

  async find(request: Request): Promise<Session | undefined> {
    const token = tokenIn(request, this.#isSecure(request));
    return token === undefined ? undefined : this.#store.find(token);
  }

  async end(request: Request, session: Session): Promise<string> {
    await this.#store.end(session);
    return clearCookie(this.#isSecure(request));
  }

  hold(session: Session, onEnd: () => void): () => void {
    return this.#store.hold(session, onEnd);
  }

  #isSecure({ url }: Request): boolean {
    return this.#isBehindTls || url.startsWith("https:");
  }
}
