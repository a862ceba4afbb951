/**
 * A Redis Cluster of three primaries with a replica each. A replica takes over soon when the test
 * asks for it, and never because the machine is slow.
 */
import { startServer } from "./server.ts";
import type { Server, ServerOptions } from "./server.ts";
import { until } from "./until.ts";

export interface Cluster {
  /** All six nodes, whatever their role is now. */
  readonly nodes: readonly Server[];
  /** One of them, as a seed for clients. */
  readonly url: string;
  /** The primary that serves this slot now. */
  primaryOf(slot: number): Promise<Server>;
  /** The slot of a key, as the server computes it. */
  slotOf(key: string): Promise<number>;
  /**
   * Kills the primary of this slot and waits until its replica serves it. Then the killed one
   * returns as the replica.
   */
  failOver(slot: number): Promise<void>;
  /**
   * Begins to move the slot from its primary to another. Keys that have left are answered with ASK.
   */
  beginMove(slot: number): Promise<void>;
  /**
   * Moves the rest of the slot's keys and the slot itself. The former primary then answers MOVED.
   */
  endMove(slot: number): Promise<void>;
  logs(): string;
  stop(): Promise<void>;
}

const slotCount = 16_384;
const primaryCount = 3;

/**
 * How long a node may be silent, in ms: on a busy machine, and while nodes find each other or
 * detect a dead one.
 */
const patientMs = 60_000;
const promptMs = 1_000;

/**
 * @param silenceMs how long a primary may be silent before it is replaced, unless `failOver` is
 *   called
 */
export async function startCluster(
  options: ServerOptions = {},
  silenceMs: number = patientMs,
): Promise<Cluster> {
  const config = [
    "cluster-enabled yes",
    "cluster-config-file nodes.conf",
    `cluster-node-timeout ${promptMs}`,
    "cluster-replica-validity-factor 0",
  ];
  const settings = { ...options, config: [...config, ...(options.config ?? [])] };
  const started = await Promise.allSettled(
    Array.from({ length: 2 * primaryCount }, () => startServer(settings)),
  );
  const nodes = started.flatMap((outcome) =>
    outcome.status === "fulfilled" ? [outcome.value] : [],
  );
  try {
    const failure = started.find((outcome) => outcome.status === "rejected");
    if (failure) throw failure.reason;
    await form(nodes);
    await expectAnswers(nodes, silenceMs);
  } catch (error) {
    const logs = nodes.map((node) => node.logs()).join("\n");
    await Promise.all(nodes.map((node) => node.stop()));
    throw new Error(`The Cluster did not form: ${String(error)}\n${logs}`, { cause: error });
  }
  return new LocalCluster(nodes, silenceMs);
}

async function form(nodes: readonly Server[]): Promise<void> {
  const primaries = nodes.slice(0, primaryCount);
  const ids = await Promise.all(nodes.map((node) => idOf(node)));
  for (const [index, node] of nodes.entries())
    await node.command("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
  for (const [index, node] of primaries.entries()) {
    const first = Math.floor((index * slotCount) / primaryCount);
    const last = Math.floor(((index + 1) * slotCount) / primaryCount) - 1;
    await node.command("CLUSTER", "ADDSLOTSRANGE", String(first), String(last));
  }
  for (const node of nodes.slice(1)) await introduce(nodes[0]!, node);
  await until("every node knows every other", async () => {
    const views = await Promise.all(nodes.map((node) => node.command("CLUSTER", "NODES")));
    return views.every(
      (view) => ids.every((id) => String(view).includes(id)) && !String(view).includes("handshake"),
    );
  });
  await Promise.all(
    nodes
      .slice(primaryCount)
      .map((replica, index) => replica.command("CLUSTER", "REPLICATE", ids[index]!)),
  );
  await until("the Cluster serves every slot, with a replica for each", async () => {
    const states = await Promise.all(nodes.map((node) => node.command("CLUSTER", "INFO")));
    const links = await Promise.all(
      nodes.slice(primaryCount).map((node) => node.command("INFO", "replication")),
    );
    return (
      states.every((state) => String(state).includes("cluster_state:ok")) &&
      links.every((link) => String(link).includes("master_link_status:up"))
    );
  });
}

async function introduce(known: Server, node: Server): Promise<void> {
  const busPort = String(await known.command("CONFIG", "GET", "cluster-port")).split(",")[1]!;
  await node.command("CLUSTER", "MEET", known.host, String(known.port), busPort);
}

async function expectAnswers(nodes: readonly Server[], withinMs: number): Promise<void> {
  await Promise.all(
    nodes.map((node) => node.command("CONFIG", "SET", "cluster-node-timeout", String(withinMs))),
  );
}

async function idOf(node: Server): Promise<string> {
  return String(await node.command("CLUSTER", "MYID"));
}

class LocalCluster implements Cluster {
  readonly nodes: readonly Server[];

  readonly #silenceMs: number;

  constructor(nodes: readonly Server[], silenceMs: number) {
    this.nodes = nodes;
    this.#silenceMs = silenceMs;
  }

  get url(): string {
    return this.nodes[0]!.url;
  }

  async primaryOf(slot: number): Promise<Server> {
    const ranges = (await this.#any("CLUSTER", "SLOTS")) as readonly (readonly [
      number,
      number,
      readonly [string, number],
    ])[];
    const range = ranges.find(([first, last]) => first <= slot && slot <= last);
    const primary = this.nodes.find((node) => node.port === range?.[2][1]);
    if (primary === undefined) throw new Error(`No primary serves slot ${slot}.`);
    return primary;
  }

  async slotOf(key: string): Promise<number> {
    return Number(await this.#any("CLUSTER", "KEYSLOT", key));
  }

  async failOver(slot: number): Promise<void> {
    const former = await this.primaryOf(slot);
    await expectAnswers(this.nodes, promptMs);
    await former.kill();
    await until(`another primary serves slot ${slot}`, async () => {
      const next = await this.primaryOf(slot);
      return (
        next !== former &&
        String(await next.command("CLUSTER", "INFO")).includes("cluster_state:ok")
      );
    });
    await former.restart();
    await until("the former primary follows the new one", async () =>
      String(await former.command("INFO", "replication")).includes("master_link_status:up"),
    );
    await expectAnswers(this.nodes, this.#silenceMs);
  }

  async beginMove(slot: number): Promise<void> {
    const [source, target] = await this.#route(slot);
    await target.command("CLUSTER", "SETSLOT", String(slot), "IMPORTING", await idOf(source));
    await source.command("CLUSTER", "SETSLOT", String(slot), "MIGRATING", await idOf(target));
    await this.#moveKeys(slot, source, target);
  }

  async endMove(slot: number): Promise<void> {
    const [source, target] = await this.#route(slot);
    await this.#moveKeys(slot, source, target);
    const id = await idOf(target);
    for (const node of [target, source])
      await node.command("CLUSTER", "SETSLOT", String(slot), "NODE", id);
    await until(`every node knows who serves slot ${slot}`, async () => {
      const views = await Promise.all(this.nodes.map((node) => primaryPort(node, slot)));
      return views.every((port) => port === target.port);
    });
  }

  logs(): string {
    return this.nodes.map((node) => `--- port ${node.port}\n${node.logs()}`).join("\n");
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** The slot's primary, and the next one, to which it moves. */
  async #route(slot: number): Promise<[source: Server, target: Server]> {
    const source = await this.primaryOf(slot);
    const importing = await this.#importing(slot);
    const target =
      importing ?? (await this.primaryOf((slot + Math.ceil(slotCount / primaryCount)) % slotCount));
    return [source, target];
  }

  async #importing(slot: number): Promise<Server | undefined> {
    for (const node of this.nodes) {
      if (String(await node.command("CLUSTER", "NODES")).includes(`[${slot}-<-`)) return node;
    }
    return undefined;
  }

  async #moveKeys(slot: number, source: Server, target: Server): Promise<void> {
    const keys = (await source.command(
      "CLUSTER",
      "GETKEYSINSLOT",
      String(slot),
      "1000",
    )) as readonly string[];
    if (keys.length > 0)
      await source.command(
        "MIGRATE",
        target.host,
        String(target.port),
        "",
        "0",
        "5000",
        "KEYS",
        ...keys,
      );
  }

  /** Asks any node that answers. */
  async #any(...parts: string[]): ReturnType<Server["command"]> {
    let failure: unknown;
    for (const node of this.nodes) {
      try {
        return await node.command(...parts);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}

async function primaryPort(node: Server, slot: number): Promise<number | undefined> {
  const ranges = (await node.command("CLUSTER", "SLOTS")) as readonly (readonly [
    number,
    number,
    readonly [string, number],
  ])[];
  return ranges.find(([first, last]) => first <= slot && slot <= last)?.[2][1];
}
