/**
 * A driver and its client over a simulated link. A real adapter is the same for a real server.
 * Mutants replace single habits of the client.
 */
import { setImmediate } from "node:timers/promises";
import {
  CacheUnavailableError,
  delay,
  UnreadableEntryError,
  type CacheUnavailableReason,
  type Unsubscribe,
} from "@lingpai/core";
import type { CacheDriver, LockDriver } from "@lingpai/core/driver";
import { spyClock, type SpyClock } from "../../trial/spies.ts";
import type { SimulatedLink } from "./simulated-link.ts";
import {
  Disconnected,
  type Delivery,
  type Request,
  type SimulatedServer,
  type User,
} from "./simulated-server.ts";
import { ServerError, type Shard, type StoreRules } from "./simulated-store.ts";
import {
  createSubscriber,
  type Subscriber,
  type SubscriberHabits,
} from "./simulated-subscriber.ts";

/** The behaviour of the client, apart from the store's rules. */
export interface Habits extends SubscriberHabits {
  readonly rules: StoreRules;
  /** The client's own prefix, which precedes every key. */
  readonly keyPrefix: string;
  readonly user: User;
  readonly deadlineMs: number;
  /** Maps a physical name to the one that is sent; a correct client does not change it. */
  readonly place: (name: string) => string;
  readonly followsMoves: boolean;
  /**
   * True if a script is sent again after the server has forgotten it, and not only if the server
   * never had it.
   */
  readonly resendsScripts: boolean;
  readonly readsFromReplica: boolean;
  /** The primaries that a scan visits. */
  readonly scans: (primaries: number) => readonly number[];
  readonly abandonsSilent: boolean;
  readonly waitsForConnection: boolean;
  /** Called for each broken connection, in addition to the client's own handling. */
  readonly onBreak: (client: SimulatedClient) => void;
  readonly explain: (answer: string, sent: string) => Error;
  /**
   * The time that the next request takes to arrive, in ms. A client's first request also connects
   * it.
   */
  readonly latencyMs: (isFirst: boolean) => number;
}

export const soundHabits: Omit<Habits, "rules"> = {
  keyPrefix: "",
  user: { keyPrefix: "" },
  deadlineMs: 5_000,
  place: (name) => name,
  followsMoves: true,
  resendsScripts: true,
  readsFromReplica: false,
  scans: (primaries) => [...Array(primaries).keys()],
  resubscribes: true,
  tellsMissed: true,
  abandonsSilent: true,
  waitsForConnection: true,
  onBreak: () => {},
  explain,
  latencyMs: () => 0,
};

const packetMs = 20;

const reasons: { readonly [word: string]: CacheUnavailableReason } = {
  READONLY: "readonly",
  LOADING: "loading",
  CLUSTERDOWN: "cluster-down",
  OOM: "out-of-memory",
  NOAUTH: "unauthorized",
  NOPERM: "forbidden",
};

/** Converts a server's answer to our error, without the command. */
function explain(answer: string): Error {
  const [word = ""] = answer.split(" ");
  if (word === "WRONGTYPE")
    return new UnreadableEntryError("name", "type", "Something foreign is stored under this name.");
  const reason = reasons[word] ?? "other";
  const command = /'(\w+)' command/.exec(answer)?.[1];
  return new CacheUnavailableError(
    `The server refused${command ? ` the command ${command}` : ""}: ${word}.`,
    {
      reason,
      retryable: reason !== "unauthorized" && reason !== "forbidden",
    },
  );
}

/** The members of a client that drivers use. Drivers never check its class. */
export type DriverShape = Pick<
  SimulatedClient,
  "habits" | "link" | "subscriber" | "leaks" | "clock" | "send" | "request" | "primaries"
>;

export class SimulatedClient {
  readonly link: SimulatedLink;
  readonly clock: SpyClock;
  readonly habits: Habits;
  readonly subscriber: Subscriber;
  /** Resources that a broken client leaks. */
  readonly leaks: unknown[] = [];
  readonly #server: SimulatedServer;
  readonly #loaded = new Set<string>();
  #packet: { readonly arrivesAtMs: number; readonly arrival: Promise<void> } | undefined;
  /** Ends with this turn of the event loop. */
  #connecting: Promise<void> | undefined = setImmediate();

  constructor(server: SimulatedServer, link: SimulatedLink, habits: Habits) {
    this.#server = server;
    this.link = link;
    this.clock = spyClock(server.clock);
    this.habits = habits;
    this.subscriber = createSubscriber(server, link, this.clock, habits);
    link.onBreak(() => habits.onBreak(this));
    void this.#connecting?.then(() => {
      this.#connecting = undefined;
    });
  }

  get census(): { readonly [what: string]: number } {
    return {
      connections: 1 + this.subscriber.connections,
      listeners: this.link.listeners + this.leaks.length,
      timers: this.clock.pending.size,
    };
  }

  /** Sends a request to the primary of its physical name. */
  async send<T>(
    command: string,
    keys: readonly string[],
    run: (shard: Shard) => T,
    sent = "",
    scripted = true,
  ): Promise<T> {
    if (this.#connecting) {
      if (!this.habits.waitsForConnection)
        throw new CacheUnavailableError("The client is not connected yet.", {
          reason: "disconnected",
        });
      await this.#connecting;
    }
    const request: Request<T> = {
      command,
      keys: keys.map((key) => this.habits.keyPrefix + key),
      scripted,
      run,
    };
    return this.request(request, this.#server.ownerOf(request.keys[0] ?? ""), sent);
  }

  async request<T>(request: Request<T>, node: number, sent = ""): Promise<T> {
    let delivery: Delivery = {
      node,
      user: this.habits.user,
      fromReplica: this.habits.readsFromReplica && request.command === "get",
    };
    for (;;) {
      try {
        return await this.#answered(this.#transmit(request, delivery));
      } catch (error) {
        delivery = this.#afterError(error, request.command, delivery, sent);
      }
    }
  }

  async #transmit<T>(request: Request<T>, delivery: Delivery): Promise<T> {
    const { clock } = this.#server;
    const latencyMs = this.habits.latencyMs(this.#packet === undefined);
    if (latencyMs > 0) {
      const arrivesAtMs = clock.monotonicMs() + latencyMs;
      // Requests on one connection arrive in order, several in one packet.
      if (this.#packet === undefined || this.#packet.arrivesAtMs < arrivesAtMs - packetMs)
        this.#packet = { arrivesAtMs, arrival: delay(clock, latencyMs) };
      await this.#packet.arrival;
    }
    return this.link.transmit(request, delivery);
  }

  /** Returns the next primary to try, or throws the caller's error. */
  #afterError(error: unknown, command: string, delivery: Delivery, sent: string): Delivery {
    if (error instanceof Disconnected)
      throw new CacheUnavailableError("The connection broke.", { reason: "disconnected" });
    if (!(error instanceof ServerError)) throw error;
    const [word, node] = error.message.split(" ");
    if (word === "NOSCRIPT" && this.#mayLoad(`${delivery.node} ${command}`))
      return { ...delivery, withScript: true };
    if (word === "MOVED" && this.habits.followsMoves)
      return { ...delivery, node: Number(node), asking: false };
    if (word === "ASK" && this.habits.followsMoves)
      return { ...delivery, node: Number(node), asking: true };
    throw this.habits.explain(error.message, sent);
  }

  #mayLoad(script: string): boolean {
    const isFirst = !this.#loaded.has(script);
    this.#loaded.add(script);
    return isFirst || this.habits.resendsScripts;
  }

  /** Gives up a connection that was silent for the length of the deadline. */
  #answered<T>(answer: Promise<T>): Promise<T> {
    if (!this.habits.abandonsSilent) return answer;
    return new Promise((resolve, reject) => {
      const cancel = this.clock.setTimer(this.habits.deadlineMs, () => {
        if (!this.link.isUp) this.link.renew();
        reject(new CacheUnavailableError("The server did not answer.", { reason: "timeout" }));
      });
      answer.then(resolve, reject).finally(cancel);
    });
  }

  primaries(): readonly number[] {
    return this.habits.scans(this.#server.nodes.length);
  }

  async close(): Promise<void> {
    this.subscriber.close();
    this.link.close();
  }
}

export function simulatedCacheDriver(client: DriverShape): CacheDriver {
  const { rules, place, keyPrefix } = client.habits;
  const names = async (scope: string): Promise<string[]> => {
    const start = keyPrefix + place(scope);
    const scan = (shard: Shard): string[] =>
      rules.names(shard, start).map((key) => key.slice(keyPrefix.length));
    const found: string[] = [];
    for (const node of client.primaries())
      found.push(
        ...(await client.request({ command: "scan", keys: [], scripted: false, run: scan }, node)),
      );
    return found;
  };
  const remove = (name: string, ifVersion: string | undefined): Promise<boolean> =>
    client.send("delete", [name], (shard) => rules.delete(shard, keyPrefix + name, ifVersion));
  return {
    kind: "simulated",
    get: (name) =>
      client.send(
        "get",
        [place(name)],
        (shard) => rules.get(shard, keyPrefix + place(name)),
        "",
        false,
      ),
    set: (name, value, write) =>
      client.send(
        "set",
        [place(name)],
        (shard) => rules.set(shard, keyPrefix + place(name), value, write),
        value,
      ),
    delete: (name, ifVersion) => remove(place(name), ifVersion),
    async clear(scope) {
      const removed = await Promise.all(
        (await names(scope)).map((name) => remove(name, undefined)),
      );
      return removed.filter(Boolean).length;
    },
    async *names(scope) {
      yield* await names(scope);
    },
    watch: (scope, listener): Promise<Unsubscribe> =>
      client.subscriber.subscribe(rules.layout.changes(keyPrefix + place(scope)), (message) =>
        listener(message?.slice(keyPrefix.length)),
      ),
    close: async () => {},
  };
}

export function simulatedLockDriver(client: DriverShape): LockDriver {
  const { rules, place, keyPrefix } = client.habits;
  const { layout } = rules;
  const at = (name: string): string => keyPrefix + place(name);
  return {
    kind: "simulated",
    tryAcquire: (name, owner, ttlMs) =>
      client.send(
        "acquire",
        [layout.lock(place(name)), layout.fence(place(name))],
        (shard) => rules.acquire(shard, at(name), owner, ttlMs),
        owner,
      ),
    extend: (name, owner, ttlMs) =>
      client.send(
        "extend",
        [layout.lock(place(name))],
        (shard) => rules.extend(shard, at(name), owner, ttlMs),
        owner,
      ),
    release: (name, owner) =>
      client.send(
        "release",
        [layout.lock(place(name))],
        (shard) => rules.release(shard, at(name), owner),
        owner,
      ),
    onRelease: (name, listener) =>
      client.subscriber.subscribe(layout.lock(at(name)), () => listener()),
  };
}
