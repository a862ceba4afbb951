/**
 * A server in this process: primaries that own slots, replicas that lag, scripts, users, channels.
 * Its clock is the test's.
 */
import { delay } from "@lingpai/core";
import type { ManualClock } from "@lingpai/core/testing";
import { ServerError, type Item, type Shard } from "./simulated-store.ts";

/** One command in flight. `run` is the script that it names. */
export interface Request<T> {
  readonly command: string;
  readonly keys: readonly string[];
  /** The id of the script, which the server must have loaded or be sent. */
  readonly scripted: boolean;
  /** How long the command blocks the server for all clients, in ms. */
  readonly blocksMs?: number;
  run(shard: Shard): T;
}

export interface Delivery {
  /** The primary to which the client sends it. */
  readonly node: number;
  readonly user: User;
  readonly asking?: boolean;
  readonly withScript?: boolean;
  readonly fromReplica?: boolean;
}

export interface User {
  /** A limited user: keys without this prefix are refused. */
  readonly keyPrefix: string;
  readonly forbidden?: string;
}

export class Disconnected extends Error {}

interface Node {
  data: Map<string, Item>;
  alive: boolean;
  readonly scripts: Set<string>;
}

export const slotCount = 64;

/** Returns the slot of a key's hash tag, or of the whole key if it has none. */
export function slotOf(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key;
  let hash = 2166136261;
  for (const byte of new TextEncoder().encode(tag)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash % slotCount;
}

export class SimulatedServer {
  readonly clock: ManualClock;
  readonly nodes: readonly Node[];
  replicaReads = 0;
  readonly #owners: number[];
  readonly #moving = new Map<number, number>();
  readonly #channels = new Map<string, Set<(message: string) => void>>();
  readonly #breaks = new Set<() => void>();
  #blockedUntilMs = 0;

  constructor(clock: ManualClock, primaries: number) {
    this.clock = clock;
    this.nodes = Array.from({ length: primaries }, () => ({
      data: new Map(),
      alive: true,
      scripts: new Set<string>(),
    }));
    this.#owners = Array.from({ length: slotCount }, (_, slot) => slot % primaries);
  }

  ownerOf(key: string): number {
    return this.#owners[slotOf(key)] ?? 0;
  }

  /** Returns how long a command that arrives now has to wait, in ms. */
  get busyMs(): number {
    return Math.max(0, this.#blockedUntilMs - this.clock.monotonicMs());
  }

  /** Executes a request, or throws the server's error answer. */
  receive<T>(request: Request<T>, delivery: Delivery): T {
    const node = this.nodes[delivery.node];
    if (!node?.alive) throw new Disconnected();
    this.#checkRights(request, delivery.user);
    this.#checkSlots(request, delivery);
    if (request.scripted) {
      if (delivery.withScript) node.scripts.add(request.command);
      else if (!node.scripts.has(request.command))
        throw new ServerError("NOSCRIPT send the script");
    }
    if (delivery.fromReplica) this.replicaReads += 1;
    if (request.blocksMs !== undefined)
      this.#blockedUntilMs = this.clock.monotonicMs() + request.blocksMs;
    return request.run(this.shard(delivery.node));
  }

  shard(node: number): Shard {
    const data = this.nodes[node]?.data ?? new Map<string, Item>();
    return {
      data,
      nowMs: this.clock.worldMs(),
      publish: (channel, message) => this.publish(channel, message),
    };
  }

  #checkRights({ command, keys }: Request<unknown>, { keyPrefix, forbidden }: User): void {
    if (command === forbidden)
      throw new ServerError(`NOPERM this user has no permissions to run the '${command}' command`);
    if (keys.some((key) => !key.startsWith(keyPrefix)))
      throw new ServerError("NOPERM this user has no permissions to access one of the keys");
  }

  #checkSlots({ keys }: Request<unknown>, { node, asking }: Delivery): void {
    const slots = new Set(keys.map(slotOf));
    if (this.nodes.length > 1 && slots.size > 1)
      throw new ServerError("CROSSSLOT keys of a request in different slots");
    for (const slot of slots) {
      const target = this.#moving.get(slot);
      if (target !== undefined && target === node && asking) continue;
      if (this.#owners[slot] !== node) throw new ServerError(`MOVED ${this.#owners[slot]}`);
      if (target !== undefined) throw new ServerError(`ASK ${target}`);
    }
  }

  subscribe(channel: string, listener: (message: string) => void): () => void {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#channels.get(channel) === listeners)
        this.#channels.delete(channel);
    };
  }

  publish(channel: string, message: string): void {
    for (const listener of [...(this.#channels.get(channel) ?? [])]) listener(message);
  }

  /** Notifies each link when the server drops its connections. */
  onBreak(listener: () => void): () => void {
    this.#breaks.add(listener);
    return () => this.#breaks.delete(listener);
  }

  forgetScripts(): void {
    for (const { scripts } of this.nodes) scripts.clear();
  }

  async restart(loses: (item: Item) => boolean = () => false): Promise<void> {
    for (const node of this.nodes) node.alive = false;
    this.#dropConnections();
    await this.clock.advance(50);
    for (const node of this.nodes) {
      node.data = new Map([...node.data].filter(([, item]) => !loses(item)));
      node.alive = true;
    }
    this.forgetScripts();
  }

  /** The replica that takes over has the entries. Leases and fences were not replicated yet. */
  async failOver(key: string): Promise<void> {
    const node = this.nodes[this.ownerOf(key)];
    if (node === undefined) return;
    node.alive = false;
    await this.clock.advance(200);
    node.data = new Map(
      [...node.data].filter(([, { kind }]) => kind === "entry" || kind === "foreign"),
    );
    node.scripts.clear();
    node.alive = true;
    this.#dropConnections();
  }

  /** All keys of the slot have moved, but the old owner still answers for it. */
  beginMove(key: string): void {
    const slot = slotOf(key);
    const from = this.ownerOf(key);
    const to = (from + 1) % this.nodes.length;
    const [source, target] = [this.nodes[from]?.data, this.nodes[to]?.data];
    this.#moving.set(slot, to);
    for (const [name, item] of source ?? []) {
      if (slotOf(name) !== slot) continue;
      source?.delete(name);
      target?.set(name, item);
    }
  }

  endMove(key: string): void {
    const slot = slotOf(key);
    this.#owners[slot] = this.#moving.get(slot) ?? this.ownerOf(key);
    this.#moving.delete(slot);
  }

  #dropConnections(): void {
    for (const listener of [...this.#breaks]) listener();
  }
}

/** Waits while another command blocks the server. */
export async function whileBusy(server: SimulatedServer): Promise<void> {
  if (server.busyMs > 0) await delay(server.clock, server.busyMs);
}
