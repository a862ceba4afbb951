/** Being told of changes by PostgreSQL: one connection that listens for as long as anybody does, and comes back when it is lost. */
import type { CancelTimer, Clock, Unsubscribe, WatchListener } from "@lingpai/core";
import type { Row, SqlValue } from "./sql.ts";

/** `Pool` of `pg` 8. */
export interface PostgresPool {
  connect(): Promise<PostgresConnection>;
  readonly totalCount: number;
  on(event: "error", listener: () => void): unknown;
  listenerCount(event: "error"): number;
}

export interface PostgresConnection {
  query(statement: string, values?: readonly SqlValue[]): Promise<{ readonly rows: readonly Row[] }>;
  on(event: "notification", listener: (message: { readonly payload?: string | undefined }) => void): unknown;
  on(event: "error" | "end", listener: () => void): unknown;
  off(event: "error", listener: () => void): unknown;
  /** With `true` the connection is closed instead of going back into the pool. */
  release(destroy: boolean): void;
}

export interface PostgresListener {
  watch(scope: string, listener: WatchListener): Promise<Unsubscribe>;
  onRelease(name: string, listener: () => void): Promise<Unsubscribe>;
}

export const changesChannel = "lingpai_changes";

/** A payload, or undefined when some may have been missed. */
type Subscriber = (payload: string | undefined) => void;

const retryFirstMs = 50;
const retryMaxMs = 5000;

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
  #cancelRetry: CancelTimer | undefined;

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
    this.#cancelRetry?.();
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.then((open) => open.release(true)).catch(() => {});
  }

  #connect(): Promise<PostgresConnection> {
    if (this.#connection !== undefined) return this.#connection;
    this.#cancelRetry?.();
    const opening = this.#open(() => this.#lost(opening));
    this.#connection = opening;
    opening.catch(() => {
      if (this.#connection === opening) this.#connection = undefined;
    });
    return opening;
  }

  async #open(onLost: () => void): Promise<PostgresConnection> {
    const connection = await this.#pool.connect();
    connection.on("error", onLost);
    connection.on("end", onLost);
    connection.on("notification", ({ payload }) => this.#deliver(payload ?? ""));
    try {
      await connection.query(`LISTEN ${changesChannel}`);
    } catch (error) {
      connection.release(true);
      throw error;
    }
    return connection;
  }

  /** Once for each connection, and not for one that was given up on purpose. */
  #lost(opening: Promise<PostgresConnection>): void {
    if (this.#connection !== opening) return;
    this.#connection = undefined;
    opening.then((open) => open.release(true)).catch(() => {});
    this.#retry(retryFirstMs);
  }

  #retry(afterMs: number): void {
    if (this.#subscribers.size === 0) return;
    const again = (): void => {
      this.#connect().then(
        () => this.#deliver(undefined),
        () => this.#retry(Math.min(afterMs * 2, retryMaxMs)),
      );
    };
    this.#cancelRetry = this.#clock.setTimer(afterMs, again, { background: true });
  }

  #deliver(payload: string | undefined): void {
    for (const { deliver } of [...this.#subscribers]) deliver(payload);
  }
}
