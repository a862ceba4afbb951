/** What is served now: the credentials of the configuration in force, behind one handler. */
import type { Config } from "@lingpai/config";
import type { Clock, Store } from "@lingpai/core";
import type { EventLog } from "@lingpai/event-log";
import { tokenServer } from "@lingpai/server";
import type { ServerKeys, TokenServer, TokenServerOptions } from "@lingpai/server";
import { webhooks } from "@lingpai/server/webhooks";
import type { WebhookReport, Webhooks } from "@lingpai/server/webhooks";
import { clientOf, textOf } from "./clients.ts";
import type { ClientDependencies, ServedClient } from "./clients.ts";

export interface ServingDependencies extends ClientDependencies {
  readonly keys: ServerKeys;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly metrics?: TokenServerOptions["metrics"];
  readonly dashboard?: TokenServerOptions["dashboard"];
  readonly doctor?: TokenServerOptions["doctor"];
  /** Where what is due to webhooks is kept. */
  readonly own: Store;
  readonly allowedHosts: readonly string[];
  readonly onWebhook: (report: WebhookReport) => void;
}

export class Serving {
  readonly #dependencies: ServingDependencies;
  #clients: ReadonlyMap<string, ServedClient> = new Map();
  #server: TokenServer;
  #webhooks: Webhooks;

  constructor(dependencies: ServingDependencies) {
    this.#dependencies = dependencies;
    this.#clients = this.#clientsOf(dependencies.config.current);
    this.#server = this.#serverOf(dependencies.config.current);
    this.#webhooks = this.#webhooksOf(dependencies.config.current);
  }

  get clients(): readonly ServedClient[] {
    return [...this.#clients.values()];
  }

  readonly handle = (request: Request): Promise<Response> => this.#server.handle(request);

  /**
   * Serves this configuration from now on. Clients whose options are the same go on; long polls and
   * event streams end, and their callers ask again.
   */
  async apply(config: Config): Promise<void> {
    const [server, clients, hooks] = [this.#server, this.#clients, this.#webhooks];
    this.#clients = this.#clientsOf(config);
    this.#server = this.#serverOf(config);
    this.#webhooks = this.#webhooksOf(config);
    await Promise.all([server.close(), hooks.close()]);
    const kept = new Set(this.#clients.values());
    const gone = [...clients.values()].filter((client) => !kept.has(client));
    await Promise.all(gone.map((client) => client.wechat.close()));
  }

  /** Ends what lasts. Other requests are still answered. */
  end(): Promise<void> {
    return this.#server.close();
  }

  /** Lets fetches that were sent end and be stored. */
  async close(): Promise<void> {
    await Promise.all([this.#server.close(), this.#webhooks.close()]);
    await Promise.all(this.clients.map((client) => client.wechat.close()));
  }

  #clientsOf({ apps }: Config): ReadonlyMap<string, ServedClient> {
    const entries = Object.entries(apps).map(([name, app]) => {
      const present = this.#clients.get(name);
      const isSame = present?.options === textOf(app);
      return [name, isSame ? present : clientOf(name, app, this.#dependencies)] as const;
    });
    return new Map(entries);
  }

  #serverOf({ server }: Config): TokenServer {
    const { clock, dashboard, doctor, keys, log, metrics, onError } = this.#dependencies;
    return tokenServer({
      credentials: this.clients.map(({ served }) => served),
      keys,
      log,
      clock,
      onError,
      limits: { holdMs: server.holdMs },
      ...(metrics !== undefined && { metrics }),
      ...(dashboard !== undefined && { dashboard }),
      ...(doctor !== undefined && { doctor }),
    });
  }

  #webhooksOf({ server }: Config): Webhooks {
    const { allowedHosts, clock, log, onWebhook, own } = this.#dependencies;
    return webhooks({
      store: own,
      log,
      clock,
      allowedHosts,
      onReport: onWebhook,
      webhooks: Object.entries(server.webhooks).map(([name, { events, secret, url }]) => ({
        name,
        events,
        url: url.reveal(),
        secret: secret.reveal(),
      })),
    });
  }
}
