/** One node of the adopting fleet. */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { credential, delay, systemClock, systemRandom, type Credential } from "@lingpai/core";
import { Redis } from "ioredis";
import { obey } from "../fleet.ts";
import { Arrivals } from "./arrivals.ts";
import type { AdoptionOrders, Change } from "./protocol.ts";

const lifetimeMs = 7_200_000;
/**
 * The duration of a fast platform's answer. Without it, the notifications of the intent and of the
 * outcome would come at the same moment, which does not happen in practice.
 */
const platformMs = 60;

class Node {
  readonly #credential: Credential;
  readonly arrivals = new Arrivals();
  #answeredWallMs = 0;

  constructor(client: Redis, key: string) {
    const issue = async (): Promise<{ secret: string; expiresInMs: number }> => {
      await delay(systemClock, platformMs);
      this.#answeredWallMs = systemClock.wallMs();
      return { secret: systemRandom.id(), expiresInMs: lifetimeMs };
    };
    this.#credential = credential({
      issuer: {
        id: key,
        policy: { kind: "supersede", overlapMs: 300_000 },
        lifetimeMs,
        issue,
      },
      cache: ioredisCache(client),
      lock: ioredisLock(client),
      environment: "bench",
    });
    this.#credential.watch((event) => {
      if (event.type === "adopted" || event.type === "refreshed")
        this.arrivals.note(event.generation);
    });
  }

  async join(): Promise<void> {
    await this.#credential.get();
  }

  async replace(): Promise<Change> {
    await this.#credential.refresh();
    return { number: this.#credential.status().generation ?? 0, begunWallMs: this.#answeredWallMs };
  }

  close(): Promise<void> {
    return this.#credential.close();
  }
}

/** The equivalent without Lingpai: a message, and a read of the changed value. */
class Bare {
  readonly #client: Redis;
  readonly arrivals = new Arrivals();

  constructor(client: Redis) {
    this.#client = client;
  }

  async listen(): Promise<void> {
    const subscriber = this.#client.duplicate();
    subscriber.on("message", (_channel, number) => {
      void this.#client.get("bare:value").then(() => this.arrivals.note(Number(number)));
    });
    await subscriber.subscribe("bare:changes");
  }

  async announce(number: number, bytes: number): Promise<Change> {
    const begunWallMs = systemClock.wallMs();
    await this.#client
      .multi()
      .set("bare:value", "v".repeat(bytes))
      .publish("bare:changes", String(number))
      .exec();
    return { number, begunWallMs };
  }
}

interface Connected {
  readonly client: Redis;
  readonly bare: Bare;
}

function member(): AdoptionOrders {
  let connected: Connected | undefined;
  let node: Node | undefined;
  const required = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error("Connect and join come first.");
    return part;
  };
  return {
    async connect(url) {
      const client = new Redis(url);
      connected = { client, bare: new Bare(client) };
      await connected.bare.listen();
    },
    async join(key) {
      await node?.close();
      node = new Node(required(connected).client, key);
      await node.join();
    },
    replace: async () => required(node).replace(),
    announce: async ({ bytes, number }) => required(connected).bare.announce(number, bytes),
    arrived: async ({ kind, number }) =>
      (kind === "bare" ? required(connected).bare : required(node)).arrivals.of(number),
  };
}

obey(member());
