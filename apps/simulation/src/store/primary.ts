/**
 * A simulated Redis primary: entries and leases that change in atomic steps, and a journal from
 * which a lagging replica is made.
 */
import {
  CacheUnavailableError,
  type Busy,
  type Conflict,
  type Entry,
  type Granted,
} from "@lingpai/core";
import type { DriverWrite } from "@lingpai/core/driver";
import type { WatchListener, Written } from "@lingpai/core";

interface StoredEntry {
  readonly value: string;
  readonly version: string;
  readonly expiresAtMs: number;
}

interface StoredLease {
  readonly owner: string | undefined;
  readonly fence: number;
  readonly expiresAtMs: number;
}

interface Undo {
  readonly atMs: number;
  readonly undo: (primary: Primary) => void;
}

export interface Watcher {
  readonly scope: string;
  readonly deliver: WatchListener;
}

/** A replica is never more than this behind. */
const journalMs = 60_000;

export class Primary {
  readonly entries: Map<string, StoredEntry>;
  readonly leases: Map<string, StoredLease>;
  readonly watchers: Set<Watcher> = new Set();
  /**
   * Why it refuses writes. Out of memory it refuses new values and new leases; otherwise it refuses
   * every change. Reads are still answered.
   */
  refusal: "out-of-memory" | "readonly" | "forbidden" | undefined;
  /** The instant until which it executes nothing. */
  frozenUntilMs: number = Number.NEGATIVE_INFINITY;
  readonly #trueMs: () => number;
  #skewMs: number;
  #journal: Undo[] = [];

  /** @param skewMs the offset of its clock from true time. */
  constructor(trueMs: () => number, skewMs: number, from?: Primary) {
    this.#trueMs = trueMs;
    this.#skewMs = skewMs;
    this.entries = new Map(from?.entries);
    this.leases = new Map(from?.leases);
    this.refusal = from?.refusal;
  }

  nowMs(): number {
    return Math.floor(this.#trueMs() + this.#skewMs);
  }

  stepClock(ms: number): void {
    this.#skewMs += ms;
  }

  /**
   * Promotes a replica that lacks the writes of the last `lagMs`. The offset of its clock is
   * `skewMs`.
   */
  promoted(lagMs: number, skewMs: number): { primary: Primary; lost: number } {
    const primary = new Primary(this.#trueMs, skewMs, this);
    const seenUntilMs = this.#trueMs() - lagMs;
    const missed = this.#journal.filter(({ atMs }) => atMs > seenUntilMs);
    for (const { undo } of missed.toReversed()) undo(primary);
    return { primary, lost: missed.length };
  }

  /**
   * Returns how long the longest lease still exists here that its holder has released on the old
   * primary, in ms. 0: there is none.
   */
  revivedLeaseMs(old: Primary): number {
    return Math.max(
      0,
      ...[...this.leases]
        .filter(([name, { owner }]) => this.holder(name) && old.holder(name)?.owner !== owner)
        .map(([, { expiresAtMs }]) => expiresAtMs - this.nowMs()),
    );
  }

  get(name: string): Entry | undefined {
    const entry = this.#live(name);
    return (
      entry && {
        value: entry.value,
        version: entry.version,
        ttlMs: entry.expiresAtMs - this.nowMs(),
        storeNowMs: this.nowMs(),
      }
    );
  }

  set(name: string, value: string, { version, ttlMs, ifVersion }: DriverWrite): Written | Conflict {
    const storeNowMs = this.nowMs();
    const stored = this.#live(name)?.version;
    this.#requireWritable();
    if (stored === version) return { written: true, version, storeNowMs };
    if (ifVersion !== undefined && ifVersion !== (stored ?? "absent"))
      return { written: false, version: stored, storeNowMs };
    this.#requireRoom();
    this.#put(name, {
      value,
      version,
      expiresAtMs: ttlMs === undefined ? Number.POSITIVE_INFINITY : storeNowMs + ttlMs,
    });
    this.#notify(name);
    return { written: true, version, storeNowMs };
  }

  delete(name: string, ifVersion?: string): boolean {
    this.#requireWritable();
    const stored = this.#live(name)?.version;
    if (stored === undefined || (ifVersion !== undefined && ifVersion !== stored)) return false;
    this.#put(name, undefined);
    this.#notify(name);
    return true;
  }

  names(scope: string): readonly string[] {
    return [...this.entries.keys()].filter(
      (name) => name.startsWith(scope) && this.#live(name) !== undefined,
    );
  }

  tryAcquire(name: string, owner: string, ttlMs: number): Granted | Busy {
    this.#requireWritable();
    const storeNowMs = this.nowMs();
    const held = this.holder(name);
    if (held !== undefined && held.owner !== owner)
      return { acquired: false, remainingMs: held.expiresAtMs - storeNowMs };
    if (held === undefined) this.#requireRoom();
    const fence = held?.fence ?? Math.max((this.leases.get(name)?.fence ?? 0) + 1, storeNowMs);
    this.#lease(name, {
      owner,
      fence,
      expiresAtMs: Math.max(held?.expiresAtMs ?? 0, storeNowMs + ttlMs),
    });
    return { acquired: true, fence, storeNowMs };
  }

  extend(name: string, owner: string, ttlMs: number): boolean {
    this.#requireWritable();
    const held = this.holder(name);
    if (held?.owner !== owner) return false;
    this.#lease(name, { ...held, expiresAtMs: Math.max(held.expiresAtMs, this.nowMs() + ttlMs) });
    return true;
  }

  release(name: string, owner: string): boolean {
    this.#requireWritable();
    const held = this.holder(name);
    if (held?.owner !== owner) return false;
    this.#lease(name, { owner: undefined, fence: held.fence, expiresAtMs: 0 });
    return true;
  }

  holder(name: string): StoredLease | undefined {
    const lease = this.leases.get(name);
    return lease?.owner !== undefined && this.nowMs() < lease.expiresAtMs ? lease : undefined;
  }

  /** Removes an entry or a lease as Redis does when memory is short: watchers are not notified. */
  evict(name: string): void {
    if (this.entries.has(name)) this.#put(name, undefined);
    if (this.leases.has(name)) this.#lease(name, undefined);
  }

  flush(): void {
    for (const name of [...this.entries.keys(), ...this.leases.keys()]) this.evict(name);
  }

  #requireRoom(): void {
    if (this.refusal === "out-of-memory")
      throw new CacheUnavailableError("The simulated store is out of memory.", {
        reason: this.refusal,
      });
  }

  #requireWritable(): void {
    if (this.refusal === "readonly" || this.refusal === "forbidden")
      throw new CacheUnavailableError(`The simulated store refuses writes: ${this.refusal}.`, {
        reason: this.refusal,
      });
  }

  #live(name: string): StoredEntry | undefined {
    const entry = this.entries.get(name);
    return entry !== undefined && this.nowMs() < entry.expiresAtMs ? entry : undefined;
  }

  #put(name: string, entry: StoredEntry | undefined): void {
    const before = this.entries.get(name);
    this.#record((primary) => put(primary.entries, name, before));
    put(this.entries, name, entry);
  }

  #lease(name: string, lease: StoredLease | undefined): void {
    const before = this.leases.get(name);
    this.#record((primary) => put(primary.leases, name, before));
    put(this.leases, name, lease);
  }

  #record(undo: (primary: Primary) => void): void {
    const atMs = this.#trueMs();
    this.#journal.push({ atMs, undo });
    if (this.#journal.length > 256)
      this.#journal = this.#journal.filter((entry) => entry.atMs > atMs - journalMs);
  }

  #notify(name: string): void {
    for (const { scope, deliver } of this.watchers) if (name.startsWith(scope)) deliver(name);
  }
}

function put<V>(map: Map<string, V>, name: string, value: V | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}
