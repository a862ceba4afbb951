/** An official account or mini program: its AppID, its secret, its IP allow-list and its tokens. */
import { ConfigurationError } from "@lingpai/core";
import type { Context, Sender } from "../ledger/context.ts";
import { defaultIp } from "../ledger/context.ts";
import type { LogReason } from "../ledger/log.ts";
import type { LimitTable } from "../ledger/quota.ts";
import { formalLimits, Quotas, testLimits } from "../ledger/quota.ts";
import { wrongSecretDetail } from "../ledger/refusal.ts";
import type { Supersession, TokenSpace } from "../ledger/token-space.ts";

export interface AccountOptions {
  readonly appId: string;
  readonly secret: string;
  /**
   * A test account gets 200 plain tokens a day instead of 2000.
   * @defaultValue false
   */
  readonly testAccount?: boolean;
  /**
   * The addresses that may fetch tokens.
   * @defaultValue undefined, which allows all
   */
  readonly allowIps?: readonly string[];
  /** Limits of single endpoints. They replace the platform's own. */
  readonly limits?: LimitTable;
  /**
   * The code with which a wrong secret is refused.
   * @defaultValue 40125
   */
  readonly wrongSecretCode?: 40125 | 40001;
  /** Replaces the value of {@link PlatformOptions} for this account. */
  readonly supersession?: Supersession;
  /** Replaces the value of {@link PlatformOptions} for this account. */
  readonly lifetimeMs?: number;
}

export interface AccountDefaults {
  readonly supersession: Supersession;
  readonly lifetimeMs: number;
}

export class Account {
  readonly appId: string;
  readonly plain: TokenSpace;
  readonly stable: TokenSpace;
  readonly quotas: Quotas;
  readonly wrongSecretCode: 40125 | 40001;
  /**
   * The accepted forced refreshes of the stable token: the day, their count, and the time of the
   * last.
   */
  readonly forced: { day: number; count: number; lastMs: number } = {
    day: 0,
    count: 0,
    lastMs: Number.NEGATIVE_INFINITY,
  };
  secret: string;
  previousSecret: { readonly text: string; readonly untilMs: number } | undefined;
  frozen = false;
  allowIps: ReadonlySet<string> | undefined;

  constructor(context: Context, options: AccountOptions, defaults: AccountDefaults) {
    const lifetimeMs = options.lifetimeMs ?? defaults.lifetimeMs;
    const { appId } = options;
    this.appId = appId;
    this.secret = options.secret;
    const supersession = options.supersession ?? defaults.supersession;
    this.plain = context.spaces.open({ kind: "plain", appId, lifetimeMs, supersession });
    this.stable = context.spaces.open({ kind: "stable", appId, lifetimeMs, supersession });
    this.quotas = new Quotas(
      formalLimits,
      options.testAccount ? testLimits : {},
      options.limits ?? {},
    );
    this.wrongSecretCode = options.wrongSecretCode ?? 40125;
    this.allowIps = options.allowIps && new Set(options.allowIps);
  }

  hasSecret(text: string, nowMs: number): boolean {
    if (text === this.secret) return true;
    const { previousSecret } = this;
    return (
      previousSecret !== undefined && text === previousSecret.text && nowMs < previousSecret.untilMs
    );
  }
}

/** Why a request is refused, as {@link Context.refuse} needs it. */
export interface RefusalCause {
  readonly code: number;
  readonly reason: LogReason;
  readonly detail?: string;
}

/**
 * The first reason to refuse a request that carries a secret, in the platform's own order.
 * Undefined: there is none.
 */
export function refusalCauseOf(
  account: Account,
  secret: string,
  sender: Sender,
  nowMs: number,
): RefusalCause | undefined {
  if (!account.hasSecret(secret, nowMs))
    return { code: account.wrongSecretCode, reason: "wrong-secret", detail: wrongSecretDetail };
  if (account.frozen) return { code: 40243, reason: "frozen" };
  const ip = sender.ip ?? defaultIp;
  if (account.allowIps !== undefined && !account.allowIps.has(ip))
    return { code: 40164, reason: "ip", detail: ip };
  return undefined;
}

/** The accounts of one platform, by AppID. */
export class Accounts {
  readonly #byAppId = new Map<string, Account>();
  readonly #context: Context;
  readonly #defaults: AccountDefaults;

  constructor(context: Context, defaults: AccountDefaults) {
    this.#context = context;
    this.#defaults = defaults;
  }

  add(options: AccountOptions): Account {
    if (this.#byAppId.has(options.appId))
      throw new ConfigurationError(
        `The account ${options.appId} exists already. Give each AppID once.`,
      );
    const account = new Account(this.#context, options, this.#defaults);
    this.#byAppId.set(options.appId, account);
    return account;
  }

  find(appId: string): Account | undefined {
    return this.#byAppId.get(appId);
  }

  /**
   * @throws {ConfigurationError} The AppID was never added: a mistake in the test, which the real
   *   platform could not make.
   */
  get(appId: string): Account {
    const account = this.#byAppId.get(appId);
    if (account === undefined)
      throw new ConfigurationError(
        `The simulator has no account ${appId}. Add it with the \`accounts\` option.`,
      );
    return account;
  }
}
