/** What is served now: the credentials of the configuration in force, behind one handler. */
import type { Config } from "@lingpai/config";
import type { Clock } from "@lingpai/core";
import type { EventLog } from "@lingpai/event-log";
import { tokenServer } from "@lingpai/server";
import type { ServerKeys, TokenServer, TokenServerOptions } from "@lingpai/server";
import { clientOf, textOf } from "./clients.ts";
import type { ClientDependencies, ServedClient } from "./clients.ts";

export interface ServingDependencies extends ClientDependencies {
  readonly keys: ServerKeys;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly metrics?: TokenServerOptions["metrics"];
  readonly dashboard?: TokenServerOptions["dashboard"];
}

export class Serving {
  readonly #dependencies: ServingDependencies;
  #clients: ReadonlyMap<string, ServedClient> = new Map();
  #server: TokenServer;

  constructor(dependencies: ServingDependencies) {
    this.#dependencies = dependencies;
    this.#clients = this.#clientsOf(dependencies.config.current);
    this.#server = this.#serverOf(dependencies.config.current);
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
    const [server, clients] = [this.#server, this.#clients];
    this.#clients = this.#clientsOf(config);
    this.#server = this.#serverOf(config);
    await server.close();
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
    await this.#server.close();
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
    const { clock, dashboard, keys, log, metrics, onError } = this.#dependencies;
    return tokenServer({
      credentials: this.clients.map(({ served }) => served),
      keys,
      log,
      clock,
      onError,
      limits: { holdMs: server.holdMs },
      ...(metrics !== undefined && { metrics }),
      ...(dashboard !== undefined && { dashboard }),
    });
  }
}
