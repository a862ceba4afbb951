/**
 * A primary with two replicas and three Sentinels. They promote a replica soon when the test asks
 * for it, and never because the machine is slow.
 */
import { startServer } from "./server.ts";
import type { Server, ServerOptions } from "./server.ts";
import { until } from "./until.ts";

export interface Sentinel {
  /** The name under which the Sentinels know the primary. */
  readonly name: string;
  readonly sentinels: readonly Server[];
  /** All three data nodes, whatever their role is now. */
  readonly nodes: readonly Server[];
  /** Returns the node that the Sentinels name as the primary. */
  primary(): Promise<Server>;
  /**
   * Kills the primary and waits until a replica was promoted. Then the killed one returns as a
   * replica.
   */
  failOver(): Promise<void>;
  logs(): string;
  stop(): Promise<void>;
}

const name = "lingpai";

/**
 * How long the primary may be silent, in ms: on a busy machine, and when it is known to be dead.
 */
const patientMs = 60_000;
const promptMs = 500;

/**
 * @param silenceMs how long the primary may be silent before it is replaced, unless `failOver` is
 *   called
 */
export async function startSentinel(
  options: ServerOptions = {},
  silenceMs: number = patientMs,
): Promise<Sentinel> {
  const started: Server[] = [];
  const start = async (...args: Parameters<typeof startServer>): Promise<Server> => {
    const server = await startServer(...args);
    started.push(server);
    return server;
  };
  try {
    const primary = await start(options);
    const follow = `replicaof ${primary.host} ${primary.port}`;
    const replica = { ...options, config: [follow, ...(options.config ?? [])] };
    const nodes = [primary, await start(replica), await start(replica)];
    await until("both replicas follow", async () => {
      const links = await Promise.all(
        nodes.slice(1).map((node) => node.command("INFO", "replication")),
      );
      return links.every((link) => String(link).includes("master_link_status:up"));
    });
    const watch = [
      `sentinel monitor ${name} ${primary.host} ${primary.port} 2`,
      `sentinel down-after-milliseconds ${name} ${silenceMs}`,
      `sentinel failover-timeout ${name} 2000`,
    ];
    const sentinels = await Promise.all(
      Array.from({ length: 3 }, () => start({ config: watch }, "sentinel")),
    );
    await until("the Sentinels know each other and the replicas", async () => {
      const views = await Promise.all(
        sentinels.map((sentinel) => sentinel.command("SENTINEL", "MASTER", name)),
      );
      return views.every(
        (view) => field(view, "num-other-sentinels") === "2" && field(view, "num-slaves") === "2",
      );
    });
    return new LocalSentinel(sentinels, nodes, silenceMs);
  } catch (error) {
    const logs = started.map((server) => server.logs()).join("\n");
    await Promise.all(started.map((server) => server.stop()));
    throw new Error(`The Sentinels did not form: ${String(error)}\n${logs}`, { cause: error });
  }
}

class LocalSentinel implements Sentinel {
  readonly name: string = name;
  readonly sentinels: readonly Server[];
  readonly nodes: readonly Server[];

  readonly #silenceMs: number;

  constructor(sentinels: readonly Server[], nodes: readonly Server[], silenceMs: number) {
    this.sentinels = sentinels;
    this.nodes = nodes;
    this.#silenceMs = silenceMs;
  }

  async primary(): Promise<Server> {
    const address = (await this.sentinels[0]!.command(
      "SENTINEL",
      "GET-MASTER-ADDR-BY-NAME",
      name,
    )) as readonly [string, string];
    const primary = this.nodes.find((node) => node.port === Number(address[1]));
    if (primary === undefined)
      throw new Error(`The Sentinels name an unknown primary: ${address.join(":")}.`);
    return primary;
  }

  async failOver(): Promise<void> {
    const former = await this.primary();
    await this.#expectAnswers(promptMs);
    await former.kill();
    await until("the Sentinels promote a replica", async () => {
      const views = await Promise.all(
        this.sentinels.map((sentinel) =>
          sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name),
        ),
      );
      if (views.some((view) => (view as readonly [string, string])[1] === String(former.port)))
        return false;
      return String(await (await this.primary()).command("INFO", "replication")).includes(
        "role:master",
      );
    });
    await former.restart();
    // The Sentinels would do this too, but only after ten seconds.
    const { host, port } = await this.primary();
    await former.command("REPLICAOF", host, String(port));
    await until("the former primary follows the new one", async () =>
      String(await former.command("INFO", "replication")).includes("master_link_status:up"),
    );
    await this.#expectAnswers(this.#silenceMs);
  }

  async #expectAnswers(withinMs: number): Promise<void> {
    await Promise.all(
      this.sentinels.map((sentinel) =>
        sentinel.command("SENTINEL", "SET", name, "down-after-milliseconds", String(withinMs)),
      ),
    );
  }

  logs(): string {
    return [...this.sentinels, ...this.nodes]
      .map((server) => `--- port ${server.port}\n${server.logs()}`)
      .join("\n");
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.nodes].map((server) => server.stop()));
  }
}

/** A field of a reply that lists names and values in turn. */
function field(reply: unknown, wanted: string): unknown {
  const items = reply as readonly unknown[];
  return items[items.indexOf(wanted) + 1];
}
