/** One subscriber connection for all subscriptions of one client's caches and locks. */
import { CacheUnavailableError, systemClock, systemRandom, waitFor } from "@lingpai/core";
import type { Clock, Random, Unsubscribe } from "@lingpai/core";
import { limitMs, withinLimit } from "./limit.ts";

export interface SubscriberConnection {
  /**
   * Resolves when the server has confirmed this subscription, even if the connection already has
   * the channel.
   */
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Closes at once and for good. No event comes after it. */
  close(): void;
}

export interface SubscriberEvents {
  message(channel: string, payload: string): void;
  /**
   * Called when the connection ended or may have ended. It is then closed and another is opened.
   */
  lost(): void;
}

/**
 * Rejects, and leaves nothing open, when there is no connection; reconnecting is not its task.
 * Aborting `signal` gives up.
 */
export type OpenSubscriber = (
  events: SubscriberEvents,
  signal: AbortSignal,
) => Promise<SubscriberConnection>;

/** Undefined: messages may have been missed. */
export type MessageListener = (payload: string | undefined) => void;

export interface Subscriptions {
  /**
   * Resolves when the server has confirmed it. The connection is opened for the first and closed
   * after the last; one that does not confirm within 5 s has died in silence and is replaced.
   */
  subscribe(channel: string, listener: MessageListener): Promise<Unsubscribe>;
}

export interface SubscriptionsOptions {
  readonly clock?: Clock;
  readonly random?: Random;
}

const backoffMinMs = 50;
const backoffMaxMs = 2_000;

interface Member {
  readonly listener: MessageListener;
}

export function createSubscriptions(
  open: OpenSubscriber,
  options: SubscriptionsOptions = {},
): Subscriptions {
  return new Hub(open, options.clock ?? systemClock, options.random ?? systemRandom);
}

class Hub implements Subscriptions {
  readonly #open: OpenSubscriber;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #channels = new Map<string, Set<Member>>();
  /** The connection that is open or being opened. */
  #link: Link | undefined;
  #restoring = false;

  constructor(open: OpenSubscriber, clock: Clock, random: Random) {
    this.#open = open;
    this.#clock = clock;
    this.#random = random;
  }

  async subscribe(channel: string, listener: MessageListener): Promise<Unsubscribe> {
    const members = this.#channels.get(channel) ?? new Set();
    const member = { listener };
    this.#channels.set(channel, members.add(member));
    try {
      await this.#connect().subscribe(channel);
    } catch (error) {
      this.#leave(channel, members, member);
      throw error;
    }
    return async () => this.#leave(channel, members, member);
  }

  #leave(channel: string, members: Set<Member>, member: Member): void {
    if (!members.delete(member) || members.size > 0) return;
    if (this.#channels.get(channel) === members) this.#channels.delete(channel);
    const link = this.#link;
    if (this.#channels.size === 0) this.#drop(link);
    else link?.connection.then((connection) => connection.unsubscribe(channel)).catch(() => {});
  }

  #connect(): Link {
    if (this.#link) return this.#link;
    const link: Link = new Link(this.#open, this.#clock, {
      message: (channel, payload) => {
        if (this.#link === link) tell(this.#channels.get(channel), payload);
      },
      lost: () => this.#lost(link),
    });
    this.#link = link;
    link.connection.catch(() => this.#lost(link));
    return link;
  }

  #lost(link: Link): void {
    if (this.#link !== link) return;
    this.#drop(link);
    if (!this.#restoring) void this.#restore();
  }

  #drop(link: Link | undefined): void {
    if (link === undefined || this.#link !== link) return;
    this.#link = undefined;
    link.close();
  }

  /**
   * Until everything that is still wanted is subscribed again; then each listener is told that it
   * may have missed something.
   */
  async #restore(): Promise<void> {
    this.#restoring = true;
    let backoffMs = backoffMinMs;
    while (this.#channels.size > 0) {
      await this.#pause(backoffMs);
      backoffMs = Math.min(2 * backoffMs, backoffMaxMs);
      if (await this.#resubscribe()) break;
    }
    this.#restoring = false;
  }

  async #resubscribe(): Promise<boolean> {
    if (this.#channels.size === 0) return true;
    const link = this.#connect();
    const channels = [...this.#channels];
    try {
      await Promise.all(channels.map(([channel]) => link.subscribe(channel)));
    } catch {
      this.#drop(link);
      return false;
    }
    if (this.#link !== link) return false;
    for (const [, members] of channels) tell(members, undefined);
    return true;
  }

  #pause(backoffMs: number): Promise<void> {
    const delayMs = backoffMs * (0.5 + this.#random.next() / 2);
    return new Promise(
      (resolve) => void this.#clock.setTimer(delayMs, resolve, { background: true }),
    );
  }
}

/** One attempt to have a connection, and the connection. */
class Link {
  readonly connection: Promise<SubscriberConnection>;
  readonly #clock: Clock;
  readonly #events: SubscriberEvents;
  readonly #abort = new AbortController();
  #closed = false;

  constructor(open: OpenSubscriber, clock: Clock, events: SubscriberEvents) {
    this.#clock = clock;
    this.#events = events;
    const { signal } = this.#abort;
    const onLate = (): never => {
      const late = notOpened();
      this.#abort.abort(late);
      throw late;
    };
    // The deadline is set before the user's function is called.
    this.connection = waitFor(
      Promise.resolve().then(() => open(events, signal)),
      {
        deadline: { clock, ms: limitMs, onLate, timer: { background: true } },
        signals: [signal],
        onLateValue: (connection) => connection.close(),
      },
    );
  }

  /** Counts the connection as lost when it does not answer. */
  async subscribe(channel: string): Promise<unknown> {
    const connection = await this.connection;
    return withinLimit(
      connection.subscribe(channel),
      this.#clock,
      "The connection for subscriptions",
      () => this.#events.lost(),
    );
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort(notOpened());
    this.connection.then(
      (connection) => connection.close(),
      () => {},
    );
  }
}

function notOpened(): CacheUnavailableError {
  return new CacheUnavailableError("The connection for subscriptions was not opened in time.", {
    reason: "timeout",
  });
}

/**
 * What a listener throws is dropped: it must not keep the others from hearing. Core's views drop it
 * too.
 */
function tell(members: Iterable<Member> | undefined, payload: string | undefined): void {
  for (const { listener } of members ?? []) {
    try {
      listener(payload);
    } catch {
      // Dropped: see above.
    }
  }
}
