/** The WeChat clients of a configuration, and which of them a new configuration replaces. */
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
  /** Sends requests to the platform; for tests and for the simulator. */
  readonly fetch?: WechatOptions["fetch"];
}

export interface ServedClient {
  readonly wechat: Wechat;
  readonly served: ServedCredential;
  /** Equal texts mean equal options. */
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
      // A consumer may not fetch, and a revocation fetches twice.
      ...(app.role === "owner" && { revoke }),
    },
    options: textOf(app),
  };
}

/** The settings that a client keeps from its construction. The secret is read at each fetch. */
export function textOf({ secret, ...rest }: AppConfig): string {
  return JSON.stringify({ ...rest, hasSecret: secret !== undefined });
}
