/** The WeChat clients of a configuration, and which of them a new configuration changes. */
import { appOptions } from "@lingpai/config";
import type { AppConfig, LiveConfig } from "@lingpai/config";
import type { Clock, Store } from "@lingpai/core";
import type { ServedCredential } from "@lingpai/server";
import { wechat } from "@lingpai/wechat";
import type { Wechat, WechatOptions } from "@lingpai/wechat";

export interface ClientDependencies {
  readonly config: LiveConfig;
  readonly store: Store;
  readonly clock: Clock;
  /** Asks the platform; for tests and for the simulator. */
  readonly fetch?: WechatOptions["fetch"];
}

export interface ServedClient {
  readonly wechat: Wechat;
  readonly served: ServedCredential;
  /** The same text means the same options. */
  readonly options: string;
}

export function clientOf(
  name: string,
  app: AppConfig,
  dependencies: ClientDependencies,
): ServedClient {
  const { clock, config, fetch, store } = dependencies;
  const made = wechat({
    ...appOptions(config, name),
    store,
    clock,
    ...(fetch !== undefined && { fetch }),
  });
  const { credential, revoke } = made;
  const { appId } = app;
  return {
    wechat: made,
    served: {
      credential,
      wechat: { appId, ticket: made.ticket },
      // A consumer may not fetch, and to revoke is to fetch twice.
      ...(app.role === "owner" && { revoke }),
    },
    options: textOf(app),
  };
}

/** All that a client keeps from the time when it was made; the secret is read at each fetch. */
export function textOf({ secret, ...rest }: AppConfig): string {
  return JSON.stringify({ ...rest, hasSecret: secret !== undefined });
}
