/** Turns the configuration of an app into the options of `wechat()`. */
import { ConfigurationError, requireCache, requireLock, requireObject } from "@lingpai/core";
import type { Cache, Lock, OnConflict, Parameters } from "@lingpai/core";
import { sealed } from "@lingpai/core";
import type { AppConfig, Config } from "./config.ts";
import type { LiveConfig } from "./live/config-options.ts";
import { nameText } from "./setting.ts";
import { suggestionFor } from "./text/suggest.ts";

/**
 * The options of `wechat()` that can be configured. You add the cache, the lock, and the options
 * that only code can give.
 */
export interface AppOptions {
  readonly appId: string;
  /** Called at each fetch. */
  readonly secret?: () => string | Promise<string>;
  readonly environment: string;
  readonly mode: "stable" | "plain";
  readonly role: "owner" | "consumer";
  readonly node?: string;
  readonly overlapMs?: number;
  readonly onConflict?: OnConflict;
  readonly standalone?: "never" | "when-harmless" | "always";
  readonly quotaPerDay?: number;
  readonly baseUrl?: string;
  readonly fingerprintKey?: string;
  readonly parameters?: Partial<Parameters>;
}

/**
 * Returns the options of one app, for
 * `wechat({ ...appOptions(config, "main"), ...inStore(config, { cache, lock }) })`.
 *
 * The secret is a function. With a {@link LiveConfig}, it reads the sources at each fetch, at most
 * once a second, and falls back to the last good secret. So the next fetch uses a rotated secret,
 * without a restart and before any watch reports it. All other options keep the values of the time
 * of this call.
 *
 * @throws {ConfigurationError} there is no such app.
 */
export function appOptions(config: Config | LiveConfig, name: string): AppOptions {
  requireObject("The configuration", config);
  const live = "current" in config ? config : undefined;
  const { environment, node, apps } = live?.current ?? (config as Config);
  requireObject("The configuration's apps", apps);
  const app = requireApp(apps, name, environment);
  const secret = async (): Promise<string> => {
    const now = live === undefined ? app : requireApp((await live.fresh()).apps, name, environment);
    if (now.secret === undefined)
      throw new ConfigurationError(
        `The app "${nameText(name)}" of "${environment}" no longer has a secret. Configure apps.${nameText(name)}.secret.`,
      );
    return now.secret.reveal();
  };
  const {
    appId,
    mode,
    role,
    overlapMs,
    onConflict,
    standalone,
    quotaPerDay,
    baseUrl,
    fingerprintKey,
    parameters,
  } = app;
  return {
    appId,
    environment,
    mode,
    role,
    ...(app.secret === undefined ? {} : { secret }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...definedOnly({
      node,
      overlapMs,
      onConflict,
      standalone,
      quotaPerDay,
      baseUrl,
      fingerprintKey: fingerprintKey?.reveal(),
    }),
  };
}

/**
 * Returns the cache and the lock below the configured prefix. The cache is sealed if there are
 * keys.
 *
 * The credential adds the environment as a prefix. Claims are outside all prefixes, so that
 * environments of one store see each other's.
 */
export function inStore(
  config: Config | LiveConfig,
  given: { readonly cache: Cache; readonly lock: Lock },
): { readonly cache: Cache; readonly lock: Lock } {
  requireObject("The configuration", config);
  requireCache(given?.cache);
  requireLock(given?.lock);
  const { store } = "current" in config ? config.current : config;
  const cache = store.prefix.reduce((each, segment) => each.withPrefix(segment), given.cache);
  const lock = store.prefix.reduce((each, segment) => each.withPrefix(segment), given.lock);
  return {
    cache:
      store.keyring === undefined
        ? cache
        : sealed(cache, store.keyring, { plaintext: store.plaintext }),
    lock,
  };
}

function requireApp(
  apps: Readonly<Record<string, AppConfig>>,
  name: string,
  environment: string,
): AppConfig {
  const app = Object.hasOwn(apps, name) ? apps[name] : undefined;
  if (app !== undefined) return app;
  const meant = suggestionFor(name, Object.keys(apps));
  const remedy =
    meant === undefined
      ? `There are: ${Object.keys(apps).join(", ")}.`
      : `Did you mean "${meant}"?`;
  throw new ConfigurationError(
    `No app "${nameText(name)}" is configured for "${environment}". ${remedy}`,
    { rule: "app" },
  );
}

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

function definedOnly<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
