/** The fleet's document in the store: read, decide, write if nobody was faster. */
import type { Cache, Version } from "../cache/cache.ts";
import { CacheUnavailableError, type UnreadableEntryError } from "../errors.ts";
import { decodeState, encodeState } from "../state/codec.ts";
import { sanitized } from "../state/sanitize.ts";
import { reduce, type StateEvent, type VerdictOf } from "../state/reduce.ts";
import type { State } from "../state/state.ts";
import { isRefusal } from "../driver/driver-error.ts";
import type { Context } from "./context.ts";
import type { StoreClock } from "./store-clock.ts";
import { answered } from "./store-deadline.ts";

export interface Snapshot {
  readonly state: State | undefined;
  readonly version: Version | "absent";
}

export interface Applied<E extends StateEvent> {
  readonly verdict: VerdictOf<E>;
  /** The document that the verdict made, or that it was based on when it changed nothing. */
  readonly snapshot: Snapshot;
}

export interface ApplyOptions {
  /** The document as it was read before; saves reading it again. */
  readonly from?: Snapshot;
}

interface GuardedApplyOptions extends ApplyOptions {
  /**
   * Called before each write. When it returns false, nothing is written and `apply` returns
   * undefined.
   */
  readonly onlyWhile: () => boolean;
}

/** Nobody needs a document this long after its credential expired. */
const keptMs = 30 * 86_400_000;

/**
 * Returns how long the store keeps a document, in ms. Undefined means forever: a refresh token
 * exists nowhere else.
 */
function ttlOf({ credential }: State, nowMs: number): number | undefined {
  if (credential?.nextInput !== undefined) return undefined;
  return Math.max(0, (credential?.expiresAtMs ?? nowMs) - nowMs) + keptMs;
}

/** The document of the fleet: read it, and apply events to it. */
export interface FleetDocument {
  read(): Promise<Snapshot>;
  apply<E extends StateEvent>(event: E, options?: ApplyOptions): Promise<Applied<E>>;
  apply<E extends StateEvent>(
    event: E,
    options: GuardedApplyOptions,
  ): Promise<Applied<E> | undefined>;
}

const conflictsMax = 16;
const sendsMax = 2;

export class StoredDocument implements FleetDocument {
  readonly #context: Context;
  readonly #clock: StoreClock;
  readonly #cache: Cache;
  /** The document's key in the cache. */
  readonly key: string;
  #isTracingReported = false;
  /** In store time. Undefined while every field is accepted. */
  #poisonedSinceMs: number | undefined;

  constructor(context: Context, clock: StoreClock, cache: Cache) {
    this.#context = context;
    this.#clock = clock;
    this.#cache = cache;
    this.key = context.issuer.id;
  }

  /**
   * @throws {CacheUnavailableError} the store cannot be reached. @throws {UnreadableEntryError} it
   *   holds what this node must not use.
   */
  async read(): Promise<Snapshot> {
    const startedMs = this.#context.clock.monotonicMs();
    const entry = await this.#watched("get", "read", () => this.#cache.get(this.key));
    if (entry === undefined) return { state: undefined, version: "absent" };
    this.#clock.observe(entry.storeNowMs, startedMs);
    return { state: this.#decoded(entry.value), version: entry.version };
  }

  /** Applies the event by compare-and-set. Decides again whenever another node wrote first. */
  apply<E extends StateEvent>(event: E, options?: ApplyOptions): Promise<Applied<E>>;
  apply<E extends StateEvent>(
    event: E,
    options: GuardedApplyOptions,
  ): Promise<Applied<E> | undefined>;
  async apply<E extends StateEvent>(
    event: E,
    options: Partial<GuardedApplyOptions> = {},
  ): Promise<Applied<E> | undefined> {
    const { random, rules } = this.#context;
    let snapshot = options.from ?? (await this.read());
    for (let conflicts = 0; conflicts < conflictsMax; conflicts += 1) {
      const { state, verdict } = reduce(snapshot.state, event, this.#clock.nowMs(), rules);
      if (state === undefined) return { verdict, snapshot };
      if (options.onlyWhile?.() === false) return undefined;
      const version = await this.#write(state, snapshot.version, random.id(), event.type);
      if (version !== undefined) return { verdict, snapshot: { state, version } };
      snapshot = await this.read();
    }
    throw new CacheUnavailableError(
      `The document of "${this.key}" changed ${conflictsMax} times while it was being written. Check that nothing else writes this key.`,
    );
  }

  /**
   * Returns undefined when another version is stored. After a lost answer it sends the write again
   * under the same id, so that it counts once.
   */
  async #write(
    state: State,
    ifVersion: Version | "absent",
    operationId: string,
    measuredAs: string,
  ): Promise<Version | undefined> {
    const value = encodeState(state);
    const ttlMs = ttlOf(state, this.#clock.nowMs());
    for (let sends = 1; ; sends += 1) {
      const startedMs = this.#context.clock.monotonicMs();
      try {
        const result = await this.#watched("set", measuredAs, () =>
          this.#cache.set(this.key, value, {
            ifVersion,
            operationId,
            ...(ttlMs !== undefined && { ttlMs }),
          }),
        );
        this.#clock.observe(result.storeNowMs, startedMs);
        if (result.written && state.credential !== undefined) this.#reportTracing();
        return result.written ? result.version : undefined;
      } catch (error) {
        if (
          !(error instanceof Error && "retryable" in error && error.retryable === true) ||
          sends >= sendsMax ||
          isRefusal(error)
        )
          throw error;
      }
    }
  }

  #reportTracing(): void {
    const channels = this.#isTracingReported ? [] : (this.#cache.tracedOn?.() ?? []);
    if (channels.length === 0) return;
    this.#isTracingReported = true;
    this.#context.bus.emit("unsealed-and-traced", { channels: channels.join(" ") });
  }

  #decoded(text: string): State {
    const { bus, parameters } = this.#context;
    const nowMs = this.#clock.nowMs();
    const seenMs = Math.min(nowMs, this.#poisonedSinceMs ?? nowMs);
    try {
      const { state, ignored } = sanitized(
        decodeState(text, this.key),
        nowMs,
        parameters.drainMs,
        seenMs,
      );
      this.#poisonedSinceMs = ignored.length === 0 ? undefined : seenMs;
      for (const { field, valueMs, limitMs } of ignored)
        bus.emit("poisoned", { field, valueMs, limitMs });
      return state;
    } catch (error) {
      this.#reportUnreadable(error);
      throw error;
    }
  }

  /**
   * Writes the document again as it was read, to test whether the store accepts writes. Changes
   * nothing but its version.
   */
  async touch({ state, version }: Snapshot): Promise<void> {
    if (state !== undefined) await this.#write(state, version, this.#context.random.id(), "touch");
  }

  /** Runs a store command, and records whether it succeeded. */
  async #watched<T>(
    operation: "get" | "set",
    measuredAs: string,
    command: () => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#context.health.watched(
        operation,
        () => answered(this.#context, command()),
        measuredAs,
      );
    } catch (error) {
      this.#reportUnreadable(error);
      throw error;
    }
  }

  #reportUnreadable(error: unknown): void {
    if (error instanceof Error && "code" in error && error.code === "UNREADABLE_ENTRY") {
      this.#context.bus.emit("unreadable", { reason: (error as UnreadableEntryError).reason });
    }
  }
}
