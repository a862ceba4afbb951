/** The credentials of the configuration in force, served by one handler. */
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
  /** The store of undelivered webhook messages. */
  readonly own: Store;
  readonly allowedHosts: readonly string[];
  readonly onWebhook: (report: WebhookReport) => void;
}

/** By the app's name in the configuration. */
type Clients = ReadonlyMap<string, ServedClient>;

export class Serving {
  readonly #dependencies: ServingDependencies;
  #clients: Clients = new Map();
  #server: TokenServer;
  #webhooks: Webhooks;

  constructor(dependencies: ServingDependencies) {
    this.#dependencies = dependencies;
    const clients = new Map<string, ServedClient>();
    this.#addClients(dependencies.config.current, clients);
    this.#clients = clients;
    this.#server = this.#serverOf(dependencies.config.current, this.#clients);
    this.#webhooks = this.#webhooksOf(dependencies.config.current);
  }

  get clients(): readonly ServedClient[] {
    return [...this.#clients.values()];
  }

  readonly handle = (request: Request): Promise<Response> => this.#server.handle(request);

  /**
   * Serves this configuration from now on. Clients whose options are the same go on; long polls and
   * event streams end, and their callers ask again. One that cannot be served changes nothing, and
   * rejects.
   */
  async apply(config: Config): Promise<void> {
    const [server, clients, hooks] = [this.#server, this.#clients, this.#webhooks];
    const next = new Map<string, ServedClient>();
    let made: TokenServer | undefined;
    try {
      this.#addClients(config, next);
      made = this.#serverOf(config, next);
      this.#webhooks = this.#webhooksOf(config);
    } catch (error) {
      await Promise.all([made?.close(), closeOthers(next, clients)]);
      throw error;
    }
    this.#clients = next;
    this.#server = made;
    await Promise.all([server.close(), hooks.close()]);
    await closeOthers(clients, next);
  }

  /** Ends long polls and event streams. Other requests are still answered. */
  end(): Promise<void> {
    return this.#server.close();
  }

  /** Waits until fetches in flight have ended and are stored. */
  async close(): Promise<void> {
    await Promise.all([this.#server.close(), this.#webhooks.close()]);
    await Promise.all(this.clients.map((client) => client.wechat.close()));
  }

  /** Adds one client after the other, so that those are known that were made before a failure. */
  #addClients({ apps }: Config, next: Map<string, ServedClient>): void {
    for (const [name, app] of Object.entries(apps)) {
      const present = this.#clients.get(name);
      const isSame = present?.options === textOf(app);
      next.set(name, isSame ? present : clientOf(name, app, this.#dependencies));
    }
  }

  #serverOf({ server }: Config, clients: Clients): TokenServer {
    const { clock, dashboard, doctor, keys, log, metrics, onError } = this.#dependencies;
    return tokenServer({
      credentials: [...clients.values()].map(({ served }) => served),
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

/** Closes the clients of one configuration that another does not have. */
async function closeOthers(of: Clients, kept: Clients): Promise<void> {
  const stays = new Set(kept.values());
  const gone = [...of.values()].filter((client) => !stays.has(client));
  await Promise.all(gone.map((client) => client.wechat.close()));
}
