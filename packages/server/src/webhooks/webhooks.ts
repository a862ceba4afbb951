/**
 * Webhooks: sends the events that a person must know to a messaging service.
 *
 * @packageDocumentation
 */
import {
  acquire,
  ConfigurationError,
  delay,
  requireObject,
  requireOptions,
  requireShape,
  storeFrom,
  systemClock,
  systemRandom,
} from "@lingpai/core";
import type { Cache, Clock, KindsOf, Lock, Random, Store } from "@lingpai/core";
import type { EventLog, LogEntry } from "@lingpai/event-log";
import { fleetStream } from "../events/streams.ts";
import { destinationOf } from "./destination.ts";
import type { DestinationPolicy } from "./destination.ts";
import { dueList, emptyList, settle, take } from "./due-list.ts";
import type { DueList, DueMessage } from "./due-list.ts";
import { messageOf, signingKey, webhookEvents } from "./message.ts";
import type { WebhookEvent } from "./message.ts";
import { send } from "./send.ts";
import type { Message, Reply } from "./send.ts";

export type { WebhookEvent } from "./message.ts";

export interface Webhook {
  /**
   * Identifies the webhook in the store and in reports. Its undelivered messages are stored under
   * this name.
   */
  readonly name: string;
  readonly url: string;
  /** `whsec_` and 24 to 96 bytes in base64. */
  readonly secret: string;
  /** @defaultValue all */
  readonly events?: readonly WebhookEvent[];
}

/** The outcome of an attempt. No field contains a URL, a secret or a response. */
export interface WebhookReport {
  readonly webhook: string;
  readonly outcome: "delivered" | "later" | "given-up" | "dropped" | "store";
  readonly message?: string;
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
}

export interface WebhooksOptions {
  /** The store of undelivered messages. The prefix and the lock `webhooks` are used in it. */
  readonly store: Store;
  readonly log: EventLog;
  readonly webhooks: readonly Webhook[];
  /** Hosts that may be in a private network or without TLS, by name. @defaultValue none */
  readonly allowedHosts?: readonly string[];
  readonly onReport?: (report: WebhookReport) => void;
  readonly clock?: Clock;
  readonly random?: Random;
  /** @defaultValue the machine's resolver */
  readonly resolve?: DestinationPolicy["resolve"];
  /** Sends a message; for tests. @defaultValue over the network */
  readonly deliver?: (url: string, message: Message) => Promise<Reply>;
}

export interface Webhooks {
  /** Ends deliveries. Undelivered messages stay in the store. */
  close(): Promise<void>;
}

const leaseMs = 15_000;
const waitMs = 60_000;
const againMs = 5_000;
const idleMs = 60_000;
/** A webhook that was removed from the configuration is forgotten after a week. */
const keptMs = 7 * 86_400_000;
const kinds = {
  allowedHosts: "texts",
  clock: "clock",
  deliver: "function",
  log: "object",
  onReport: "function",
  random: "random",
  resolve: "function",
  store: "object",
  webhooks: "list",
} satisfies KindsOf<WebhooksOptions>;

/**
 * Starts deliveries. One of all replicas over one store delivers. Each message arrives at least
 * once. It arrives again, with the same `webhook-id`, if its delivery could not be recorded.
 *
 * @throws {ConfigurationError} An option, a secret or an address is invalid.
 */
export function webhooks(options: WebhooksOptions): Webhooks {
  requireOptions("webhooks()", options, kinds);
  requireShape("log", options.log, ["append", "read", "follow"], "eventLog() makes one.");
  for (const each of options.webhooks) requireObject("One of webhooks", each);
  return new Deliveries(options);
}

interface Target extends Webhook {
  readonly key: Buffer;
  readonly events: readonly WebhookEvent[];
}

class Deliveries implements Webhooks {
  readonly #cache: Cache;
  readonly #lock: Lock;
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #targets: readonly Target[];
  readonly #deliver: (url: string, message: Message) => Promise<Reply>;
  readonly #report: (report: WebhookReport) => void;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  /** Wakes each target that waits. */
  readonly #wakes = new Set<() => void>();

  constructor(options: WebhooksOptions) {
    const { allowedHosts = [], clock = systemClock, onReport, random = systemRandom } = options;
    const { cache, lock } = storeFrom({ store: options.store });
    this.#cache = cache.withPrefix("webhooks");
    this.#lock = lock;
    this.#log = options.log;
    this.#clock = clock;
    this.#random = random;
    this.#targets = options.webhooks.map(targetOf);
    if (new Set(this.#targets.map(({ name }) => name)).size < this.#targets.length)
      throw new ConfigurationError("Two webhooks have one name.");
    const { resolve } = options;
    const policy = { allowedHosts, ...(resolve !== undefined && { resolve }) };
    this.#deliver =
      options.deliver ??
      (async (url, message) => send(await destinationOf(url, policy), message, clock));
    this.#report = (report) => {
      try {
        onReport?.(report);
      } catch {
        // A listener handles its own errors.
      }
    };
    this.#running = this.#targets.length === 0 ? Promise.resolve() : this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wakeAll();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const timing = { ttlMs: leaseMs, waitMs, signal, clock: this.#clock, random: this.#random };
    while (!signal.aborted) {
      try {
        const lease = await acquire(this.#lock, "webhooks", timing);
        try {
          await this.#lead(lease.signal);
        } finally {
          await lease.release();
        }
      } catch {
        // Another replica delivers, or the store is unreachable.
        await delay(this.#clock, againMs, signal).catch(() => undefined);
      }
    }
  }

  /** Runs while this replica is the one that delivers. A failure of one target ends it for all. */
  async #lead(held: AbortSignal): Promise<void> {
    let isFailing = false;
    const ends = (): boolean => isFailing || held.aborted || this.#closing.signal.aborted;
    const wake = (): void => this.#wakeAll();
    const after = await this.#log.lastId(fleetStream);
    const follower = this.#log.follow(fleetStream, { after, onEntries: wake });
    held.addEventListener("abort", wake, { once: true });
    const running = this.#targets.map((target) =>
      this.#serve(target, ends).catch((error: unknown) => {
        isFailing = true;
        wake();
        throw error;
      }),
    );
    const outcomes = await Promise.allSettled(running);
    follower.stop();
    held.removeEventListener("abort", wake);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** Serves one target by itself: a receiver that does not answer holds up no other one. */
  async #serve(target: Target, ends: () => boolean): Promise<void> {
    let isWoken = false;
    let resume = (): void => {};
    const wake = (): void => {
      isWoken = true;
      resume();
    };
    this.#wakes.add(wake);
    try {
      while (!ends()) {
        isWoken = false;
        const pauseMs = await this.#turn(target, ends);
        if (isWoken || ends()) continue;
        const { promise, resolve } = Promise.withResolvers<void>();
        const cancel = this.#clock.setTimer(pauseMs, resolve, { background: true });
        resume = resolve;
        await promise;
        cancel();
      }
    } finally {
      this.#wakes.delete(wake);
    }
  }

  #wakeAll(): void {
    for (const wake of this.#wakes) wake();
  }

  /** Delivers the messages that are due. Resolves to the time until the next one, in ms. */
  async #turn(target: Target, ends: () => boolean): Promise<number> {
    const start = await this.#read(target);
    const entries: LogEntry[] = [];
    let position = start.list.position ?? undefined;
    for (let hasMore = true; hasMore;) {
      const page = await this.#log.read(fleetStream, { after: position });
      entries.push(...page.entries);
      position = page.position ?? position;
      ({ hasMore } = page);
    }
    const { events, name } = target;
    const { dropped, list } = take(start.list, entries, { events, nowMs: start.nowMs, position });
    if (dropped > 0) this.#report({ webhook: name, outcome: "dropped" });
    const isNew = list.due.length !== start.list.due.length || entries.length >= 100;
    let stored = isNew ? await this.#write(target, list, start.version) : { ...start, list };
    for (;;) {
      const { nowMs } = stored;
      const next = stored.list.due.find(({ nextAtMs }) => nextAtMs <= nowMs);
      if (next === undefined || ends()) break;
      stored = await this.#attempt(target, next, stored);
    }
    return Math.min(idleMs, ...stored.list.due.map(({ nextAtMs }) => nextAtMs - stored.nowMs));
  }

  async #attempt(target: Target, due: DueMessage, stored: Stored): Promise<Stored> {
    const { id } = due.payload;
    const message = messageOf(due.payload, target.key, this.#clock.wallMs());
    let reply: Reply | undefined;
    let reason: string | undefined;
    try {
      reply = await this.#deliver(target.url, message);
    } catch (error) {
      reason = error instanceof Error ? `${error.name}: ${error.message}` : "unknown";
    }
    const { nowMs } = await this.#read(target);
    const jitter = this.#random.next();
    const { list, outcome } = settle(stored.list, due, { jitter, nowMs, reply });
    const status = reply?.status;
    this.#report({ webhook: target.name, outcome, message: id, status, reason });
    return this.#write(target, list, stored.version);
  }

  /** Starts with the next event. */
  async #read({ name }: Target): Promise<Stored> {
    const entry = await this.#cache.get(name);
    const parsed = entry && dueList.safeParse(parse(entry.value));
    if (entry !== undefined && parsed?.success === true)
      return { list: parsed.data, version: entry.version, nowMs: entry.storeNowMs };
    const list = emptyList(await this.#log.lastId(fleetStream));
    return this.#write({ name }, list, entry?.version);
  }

  async #write(
    { name }: Pick<Target, "name">,
    list: DueList,
    version: string | undefined,
  ): Promise<Stored> {
    const wrote = await this.#cache.set(name, JSON.stringify(list), {
      ttlMs: keptMs,
      ifVersion: version ?? "absent",
    });
    if (wrote.written) return { list, version: wrote.version, nowMs: wrote.storeNowMs };
    throw new Error("Another replica delivers.");
  }
}

interface Stored {
  readonly list: DueList;
  readonly version: string;
  readonly nowMs: number;
}

function targetOf({ events = webhookEvents, name, secret, url }: Webhook): Target {
  if (!/^[\w-]{1,64}$/.test(name))
    throw new ConfigurationError("A webhook's name has 1 to 64 letters, digits, - or _.");
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new ConfigurationError(`The address of the webhook "${name}" is no web address.`);
  const unknown = events.find((event) => !webhookEvents.includes(event));
  if (unknown !== undefined)
    throw new ConfigurationError(`The webhook "${name}" wants an event that is not sent.`);
  return { name, url, secret, events, key: signingKey(secret) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
