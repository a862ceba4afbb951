/**
 * Receives PostgreSQL's notifications on one connection, which listens while there is a
 * subscription and is replaced when it is lost.
 */
import type { CancelTimer, Clock, Unsubscribe, WatchListener } from "@lingpai/core";
import { within } from "../connection/borrowed.ts";
import type { Row, SqlValue } from "../statements/database.ts";

/** `Pool` of `pg` 8. */
export interface PostgresPool {
  connect(): Promise<PostgresConnection>;
  readonly totalCount: number;
  /** True once its owner has called `end()`, which waits for all connections. */
  readonly ending?: boolean;
  readonly options?: { readonly max?: number };
  on(event: "error", listener: () => void): unknown;
  listenerCount(event: "error"): number;
}

export interface PostgresConnection {
  query(
    statement: string,
    values?: readonly SqlValue[],
  ): Promise<{ readonly rows: readonly Row[] }>;
  on(
    event: "notification",
    listener: (message: { readonly payload?: string | undefined }) => void,
  ): unknown;
  on(event: "error" | "end", listener: () => void): unknown;
  /** With `true` the connection is closed instead of being returned to the pool. */
  release(destroy: boolean): void;
}

export interface PostgresListener {
  watch(scope: string, listener: WatchListener): Promise<Unsubscribe>;
  onRelease(name: string, listener: () => void): Promise<Unsubscribe>;
}

export const changesChannel = "lingpai_changes";

/** A payload, or undefined if some may have been missed. */
type Subscriber = (payload: string | undefined) => void;

const retryFirstMs = 50;
const retryMaxMs = 5000;

/**
 * How often a connection is checked, and how long any answer here may take. The pool is checked
 * more often, because it emits no event at its end, and waits for this connection.
 */
const checkEveryMs = 30_000;
const endEveryMs = 250;
const answerLimitMs = 5000;

export function createListener(pool: PostgresPool, clock: Clock): PostgresListener {
  const hub = new Hub(pool, clock);
  return {
    watch: (scope, listener) =>
      hub.subscribe((payload) => {
        if (payload === undefined || payload === "e") listener(undefined);
        else if (payload.startsWith(`e${scope}`)) listener(payload.slice(1));
      }),
    onRelease: (name, listener) =>
      hub.subscribe((payload) => {
        if (payload === undefined || payload === "l" || payload === `l${name}`) listener();
      }),
  };
}

class Hub {
  readonly #pool: PostgresPool;
  readonly #clock: Clock;
  readonly #subscribers = new Set<{ readonly deliver: Subscriber }>();
  #connection: Promise<PostgresConnection> | undefined;
  /**
   * Cancels the next check of the connection or, without a connection, the next attempt to get one.
   */
  #cancelTimer: CancelTimer = () => {};
  /** The wait before the next attempt; 0 while nothing may have been missed. */
  #pauseMs = 0;

  constructor(pool: PostgresPool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Resolves once the database listens, so no change after that is missed. */
  async subscribe(deliver: Subscriber): Promise<Unsubscribe> {
    const subscriber = { deliver };
    this.#subscribers.add(subscriber);
    try {
      await this.#connect();
    } catch (error) {
      this.#leave(subscriber);
      throw error;
    }
    return async () => this.#leave(subscriber);
  }

  #leave(subscriber: { readonly deliver: Subscriber }): void {
    if (!this.#subscribers.delete(subscriber) || this.#subscribers.size > 0) return;
    this.#disconnect();
    this.#pauseMs = 0;
  }

  #connect(): Promise<PostgresConnection> {
    if (this.#connection !== undefined) return this.#connection;
    this.#cancelTimer();
    const opening = this.#open(() => this.#lost(opening));
    this.#connection = opening;
    opening.then(
      (connection) => this.#opened(opening, connection),
      () => this.#lost(opening),
    );
    return opening;
  }

  async #open(onLost: () => void): Promise<PostgresConnection> {
    const connection = await within(this.#clock, answerLimitMs, this.#pool.connect(), (late) =>
      late.release(false),
    );
    connection.on("error", onLost);
    connection.on("end", onLost);
    connection.on("notification", ({ payload }) => this.#deliver(payload ?? ""));
    try {
      await within(this.#clock, answerLimitMs, connection.query(`LISTEN ${changesChannel}`));
    } catch (error) {
      connection.release(true);
      throw error;
    }
    return connection;
  }

  #opened(opening: Promise<PostgresConnection>, connection: PostgresConnection): void {
    if (this.#connection !== opening) return;
    this.#checkLater(opening, connection);
    if (this.#pauseMs === 0) return;
    this.#pauseMs = 0;
    this.#deliver(undefined);
  }

  /**
   * A connection that only listens would never notice by itself that its other end died without a
   * FIN.
   */
  #checkLater(opening: Promise<PostgresConnection>, connection: PostgresConnection): void {
    const checkAtMs = this.#clock.monotonicMs() + checkEveryMs;
    const check = (): void => {
      if (this.#pool.ending === true) return this.#disconnect();
      if (this.#clock.monotonicMs() < checkAtMs) return later();
      within(this.#clock, answerLimitMs, connection.query("SELECT 1")).then(
        () => this.#connection === opening && this.#checkLater(opening, connection),
        () => this.#lost(opening),
      );
    };
    const later = (): void => {
      this.#cancelTimer = this.#clock.setTimer(endEveryMs, check, { background: true });
    };
    later();
  }

  /** Called once for each connection, and not for one that was given up on purpose. */
  #lost(opening: Promise<PostgresConnection>): void {
    if (this.#connection !== opening) return;
    this.#disconnect();
    if (this.#pool.ending === true) return;
    this.#pauseMs = Math.min(Math.max(retryFirstMs, 2 * this.#pauseMs), retryMaxMs);
    const again = (): void => void this.#connect().catch(() => {});
    this.#cancelTimer = this.#clock.setTimer(this.#pauseMs, again, { background: true });
  }

  #disconnect(): void {
    this.#cancelTimer();
    this.#connection?.then((open) => open.release(true)).catch(() => {});
    this.#connection = undefined;
  }

  #deliver(payload: string | undefined): void {
    for (const { deliver } of [...this.#subscribers]) deliver(payload);
  }
}
