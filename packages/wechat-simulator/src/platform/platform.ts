/** The platform without a network: its parts, with one clock, one random source and one log. */
import type { Clock, Random } from "@lingpai/core";
import { systemClock, systemRandom } from "@lingpai/core";
import type { AccountDefaults, AccountOptions } from "../accounts/account.ts";
import { Calls } from "../accounts/calls.ts";
import type { ComponentOptions } from "../open-platform/component.ts";
import { Context } from "../ledger/context.ts";
import type { PlatformLog } from "../ledger/log.ts";
import { OfficialAccounts } from "../accounts/official-accounts.ts";
import { OpenPlatform } from "../open-platform/open-platform.ts";
import { Operator } from "./operator.ts";
import type { ProviderOptions, SuiteOptions } from "../wecom/suites.ts";
import { Suites } from "../wecom/suites.ts";
import { Tickets } from "../accounts/tickets.ts";
import { Users } from "../accounts/users.ts";
import type { CorpOptions } from "../wecom/wecom.ts";
import { Wecom } from "../wecom/wecom.ts";

export interface PlatformOptions {
  /** Official accounts and mini programs. */
  readonly accounts?: readonly AccountOptions[];
  /** Third-party platforms. */
  readonly components?: readonly ComponentOptions[];
  /** WeCom corps with their own apps. */
  readonly corps?: readonly CorpOptions[];
  /** WeCom third-party apps. */
  readonly suites?: readonly SuiteOptions[];
  /** The WeCom service provider. */
  readonly provider?: ProviderOptions;
  /**
   * How long a superseded token stays alive, in ms: 300_000 as the official page says, 0 as the
   * incident report observed.
   * @defaultValue 300_000
   */
  readonly overlapMs?: number;
  /**
   * How many of the newest tokens may be alive at once.
   * @defaultValue 2
   */
  readonly window?: number;
  /**
   * The lifetime of a token or ticket, in ms.
   * @defaultValue 7_200_000
   */
  readonly lifetimeMs?: number;
  /**
   * Keeps at least this many of the newest log entries; 0 keeps none. Tallies are always kept.
   * @defaultValue Infinity
   */
  readonly logEntriesMax?: number;
  /**
   * Drives latencies and pushes.
   * @defaultValue the system's clock
   */
  readonly clock?: Clock;
  /**
   * The platform's time, in ms since the Unix epoch.
   * @defaultValue the clock's wall clock
   */
  readonly nowMs?: () => number;
  /** @defaultValue the system's random source */
  readonly random?: Random;
}

export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: PlatformLog;
  readonly official: OfficialAccounts;
  readonly calls: Calls;
  readonly users: Users;
  readonly openPlatform: OpenPlatform;
  readonly wecom: Wecom;
  readonly suites: Suites;
  readonly operator: Operator;
  /** The shared parts, for the transport. */
  readonly context: Context;
}

/**
 * Makes a platform. It has no timers, and acts only when it is called: every method processes one
 * request at this instant.
 */
export function createPlatform(options: PlatformOptions = {}): Platform {
  const {
    clock = systemClock,
    random = systemRandom,
    logEntriesMax = Infinity,
    nowMs = () => clock.wallMs(),
  } = options;
  const context = new Context(clock, nowMs, random, logEntriesMax);
  const defaults = defaultsOf(options);
  const official = new OfficialAccounts(context, defaults);
  for (const account of options.accounts ?? []) official.accounts.add(account);
  const tickets = new Tickets(context, defaults.lifetimeMs);
  return {
    clock,
    random,
    context,
    log: context.log,
    official,
    calls: new Calls(context, official.accounts, tickets),
    users: new Users(context, official.accounts, defaults.lifetimeMs),
    openPlatform: new OpenPlatform(context, options.components ?? [], defaults),
    wecom: new Wecom(context, defaults.lifetimeMs, tickets, options.corps ?? []),
    suites: new Suites(context, defaults.lifetimeMs, options.suites ?? [], options.provider),
    operator: new Operator(context, official),
  };
}

function defaultsOf({
  overlapMs = 300_000,
  window = 2,
  lifetimeMs = 7_200_000,
}: PlatformOptions): AccountDefaults {
  return { supersession: { overlapMs, window }, lifetimeMs };
}
