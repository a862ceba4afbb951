/**
 * Sends requests to the servers of one configuration centre, any of which may answer, and logs in.
 */
import type { Clock } from "@lingpai/core";
import { checkedUrls, deadlineAfter, exchange, UnreachableError } from "./http.ts";
import type { Answer, Fetch } from "./http.ts";

export interface SessionContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ServerRequest extends SessionContext {
  /** The path with its query. */
  readonly path: string;
  readonly init?: RequestInit;
  /** True for a long poll, which the server answers late on purpose. */
  readonly isLongPoll?: boolean;
}

export type ServerAnswer = Answer & { readonly url: URL };

export interface Servers {
  /** The server that answered last, or else the first one: `http://10.0.0.5:8848`. */
  readonly current: string;
  /**
   * Sends to the server that answered last. It tries the others in turn if that one cannot be
   * reached, does not answer within 2 s, or answers 502, 503 or 504.
   *
   * @throws {ConfigurationError} none of them could be reached.
   */
  send(request: ServerRequest): Promise<ServerAnswer>;
  /** Makes the next request go to another server. */
  skip(): void;
}

/** How long one of several servers may be silent before the next one is tried, in ms. */
const silenceMaxMs = 2_000;

/**
 * @param address one URL, or several, separated by commas. Later ones may omit the scheme.
 */
export function createServers(what: string, address: string, fetch: Fetch | undefined): Servers {
  const urls = checkedUrls(what, address);
  let index = 0;
  const attempt = async ({
    path,
    init = {},
    clock,
    signal,
    isLongPoll = false,
  }: ServerRequest): Promise<ServerAnswer> => {
    const url = new URL(`${urls[index]}${path}`);
    const isAlone = urls.length === 1 || isLongPoll;
    const deadline = isAlone ? undefined : deadlineAfter(clock, silenceMaxMs, signal);
    try {
      const call = { fetch, url, init, signal: deadline?.signal ?? signal, isWaiting: isLongPoll };
      return { ...(await exchange(call)), url };
    } catch (error) {
      if (signal.aborted || !deadline?.signal.aborted) throw error;
      throw new UnreachableError(
        `did not answer within ${silenceMaxMs} ms, which is fixed for one of several servers`,
      );
    } finally {
      deadline?.cancel();
    }
  };
  return {
    get current() {
      return urls[index] ?? "";
    },
    skip() {
      index = (index + 1) % urls.length;
    },
    async send(request) {
      for (let tries = 1; ; tries += 1) {
        const isLast = tries === urls.length;
        try {
          const answer = await attempt(request);
          if (isLast || ![502, 503, 504].includes(answer.status)) return answer;
        } catch (error) {
          if (!(error instanceof UnreachableError) || isLast) throw error;
        }
        this.skip();
      }
    },
  };
}

export interface SessionRequest extends SessionContext {
  send(token: string | undefined): Promise<ServerAnswer>;
  /**
   * True if an answer is final, whatever its status. Any other status above 399 may mean an
   * outdated token, which servers report by 400, 401, 403 or 500.
   * @defaultValue none
   */
  isAnswered?(answer: ServerAnswer): boolean;
}

export interface Session {
  /**
   * Sends with the token of the last login. If the request is refused and the token is from an
   * earlier request, it logs in again and sends once more.
   */
  send(request: SessionRequest): Promise<ServerAnswer>;
  /** Returns the token of the last login, or of a new one. */
  token(context: SessionContext): Promise<string | undefined>;
  /** Drops the login. The next request logs in again. */
  forget(): void;
}

/** @param logIn returns a token, or undefined if the server needs none. */
export function createSession(
  logIn: (context: SessionContext) => Promise<string | undefined>,
): Session {
  let token: string | undefined;
  return {
    async token(context) {
      token ??= await logIn(context);
      return token;
    },
    forget() {
      token = undefined;
    },
    async send(request) {
      const context = { clock: request.clock, signal: request.signal };
      const isEarlier = token !== undefined;
      token ??= await logIn(context);
      const answer = await request.send(token);
      if (answer.status < 400 || !isEarlier || request.isAnswered?.(answer) === true) return answer;
      token = undefined;
      token = await logIn(context);
      return request.send(token);
    },
  };
}
