/**
 * The parts that the whole platform shares: clock, random source, tokens and log; and how the
 * platform answers.
 */
import type { Clock, Random } from "@lingpai/core";
import type { LogEntry, LogReason } from "./log.ts";
import { PlatformLog } from "./log.ts";
import { StandingRefusals } from "./standing-refusals.ts";
import type { ErrorBody } from "./refusal.ts";
import { refusal, wecomRefusal } from "./refusal.ts";
import type { TokenSpace } from "./token-space.ts";
import { TokenSpaces } from "./token-space.ts";
import type { Token } from "./token.ts";
import { TokenRegistry } from "./token.ts";

/** The sender of a request, as the platform sees it. */
export interface Sender {
  /**
   * The address that IP allow-lists are compared with.
   * @defaultValue "127.0.0.1"
   */
  readonly ip?: string;
  /**
   * A label for the log.
   * @defaultValue ""
   */
  readonly caller?: string;
}

/** The answer to a request. `body` is sent as it is, with WeChat's own field names. */
export type Answer<Body> = Granted<Body> | Refused;

export interface Granted<Body> {
  readonly ok: true;
  readonly body: Body;
}

export interface Refused {
  readonly ok: false;
  readonly body: ErrorBody;
}

/** The log's description of the request that is being answered. */
export interface LogSubject {
  readonly kind: LogEntry["kind"];
  readonly endpoint: string;
  readonly appId: string | undefined;
  readonly tokenId?: string | undefined;
  readonly sender: Sender;
}

export const defaultIp = "127.0.0.1";

export class Context {
  readonly clock: Clock;
  readonly random: Random;
  readonly tokens: TokenRegistry;
  readonly spaces: TokenSpaces;
  readonly log: PlatformLog;
  /** Refusals that even a live token meets. */
  readonly standingRefusals: StandingRefusals = new StandingRefusals();

  /** The platform's time, in ms since the Unix epoch. */
  readonly nowMs: () => number;

  constructor(clock: Clock, nowMs: () => number, random: Random, logEntriesMax: number) {
    this.clock = clock;
    this.nowMs = nowMs;
    this.random = random;
    this.tokens = new TokenRegistry(random);
    this.spaces = new TokenSpaces(this.tokens);
    this.log = new PlatformLog(logEntriesMax);
  }

  grant<Body>(subject: LogSubject, reason: LogReason, body: Body): Granted<Body> {
    this.#record(subject, 0, reason);
    return { ok: true, body };
  }

  /** Returns the space's live credential, or a new one if it has none. */
  handOut<Body>(
    subject: LogSubject,
    space: TokenSpace,
    bodyOf: (token: Token) => Body,
  ): Granted<Body> {
    const { token, isNew } = space.currentOrNew(this.nowMs());
    return this.grant({ ...subject, tokenId: token.id }, isNew ? "new" : "same", bodyOf(token));
  }

  /**
   * Refuses as `api.weixin.qq.com` does. `detail` is inserted where the text has a place for it.
   */
  refuse(subject: LogSubject, code: number, reason: LogReason, detail?: string): Refused {
    this.#record(subject, code, reason);
    return { ok: false, body: refusal(code, this.nowMs(), this.random, detail) };
  }

  /** Refuses as `qyapi.weixin.qq.com` does. */
  refuseWecom(subject: LogSubject, code: number, reason: LogReason): Refused {
    this.#record(subject, code, reason);
    return {
      ok: false,
      body: wecomRefusal(code, this.nowMs(), this.random, subject.sender.ip ?? defaultIp),
    };
  }

  #record(
    { kind, endpoint, appId, tokenId, sender }: LogSubject,
    code: number,
    reason: LogReason,
  ): void {
    this.log.append({
      atMs: this.nowMs(),
      kind,
      endpoint,
      appId,
      tokenId,
      code,
      reason,
      caller: sender.caller ?? "",
    });
  }
}
