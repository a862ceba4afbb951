/**
 * A ticket that the platform pushes. It is the parent of the token that is obtained with it. One
 * document holds the fleet's last two tickets: the newest may be lost or refused, and the previous
 * one is valid until its own end.
 */
import {
  CacheUnavailableError,
  ClosedError,
  CredentialUnavailableError,
  fingerprint,
  requireCache,
  Secret,
  systemClock,
  UnreadableEntryError,
} from "@lingpai/core";
import type { Cache, CallOptions, Clock, Parent, Rejection, Version } from "@lingpai/core";
import { requirePartOptions } from "../options/option-names.ts";

export interface PushedTicketOptions {
  /** The ticket's name across the fleet: `"wechat:verify-ticket:wx0123456789abcdef"`. */
  readonly id: string;
  readonly cache: Cache;
  readonly environment: string;
  /** How long the platform accepts a ticket after it was pushed, in ms. */
  readonly lifetimeMs: number;
  readonly clock?: Clock;
}

export interface PushedTicketStatus {
  /** How many stored tickets should still be valid and were not refused: 0, 1 or 2. */
  readonly live: number;
  /** The age of the newest ticket, in ms. Undefined: none is stored. */
  readonly ageMs: number | undefined;
}

export interface PushedTicket extends Parent {
  readonly id: string;
  /**
   * Stores the ticket beside the previous one. A push confirms that its text is valid now: a text
   * that is stored already counts from the newer push on, and is valid again if it was refused. A
   * push that is older than both stored ones, or a repetition, changes nothing, because pushes may
   * be late or repeated.
   *
   * @throws {CacheUnavailableError} The ticket is not stored. Let the platform push it again.
   */
  put(ticket: string, pushedAtMs: number): Promise<void>;
  status(): Promise<PushedTicketStatus>;
  close(): void;
}

interface Kept {
  readonly ticket: string;
  /** By the platform's clock, which decides when the ticket ends. */
  readonly pushedAtMs: number;
  /** True if the platform refused the ticket. */
  readonly refused?: true;
}

interface Read {
  /** Newest first; at most two. */
  readonly tickets: readonly Kept[];
  readonly version: Version | "absent";
  readonly nowMs: number;
}

const keptMax = 2;
const conflictsMax = 16;
/** The platform pushes every ten minutes. */
const pushEveryMs = 600_000;

/** Keeps nothing in memory: a ticket is needed once in a token's life, and the store decides. */
export function pushedTicket(options: PushedTicketOptions): PushedTicket {
  requirePartOptions("pushedTicket()", options, [
    "cache",
    "clock",
    "environment",
    "id",
    "lifetimeMs",
  ]);
  requireCache(options.cache);
  return new StoredTickets(options);
}

class StoredTickets implements PushedTicket {
  readonly id: string;
  readonly #cache: Cache;
  readonly #lifetimeMs: number;
  readonly #clock: Clock;
  #isClosed = false;

  constructor({ id, cache, environment, lifetimeMs, clock = systemClock }: PushedTicketOptions) {
    this.id = id;
    this.#cache = cache.withPrefix(environment);
    this.#lifetimeMs = lifetimeMs;
    this.#clock = clock;
  }

  async get({ signal }: CallOptions = {}): Promise<Secret> {
    signal?.throwIfAborted();
    return this.#best(await this.#read());
  }

  async reject(refused: Secret | string, { signal }: CallOptions = {}): Promise<Rejection> {
    signal?.throwIfAborted();
    const text = typeof refused === "string" ? refused : refused.reveal();
    const mark = (each: Kept): Kept => (each.ticket === text ? { ...each, refused: true } : each);
    const isFirstRefusal = ({ ticket, refused: isRefused }: Kept): boolean =>
      ticket === text && isRefused !== true;
    const kept = await this.#change((tickets) =>
      tickets.some(isFirstRefusal) ? tickets.map(mark) : tickets,
    );
    return { replaced: true, secret: this.#best(kept) };
  }

  async put(ticket: string, pushedAtMs: number): Promise<void> {
    await this.#change((tickets) => {
      const known = tickets.find((each) => each.ticket === ticket);
      if (known !== undefined && known.pushedAtMs >= pushedAtMs) return tickets;
      const others = tickets.filter((each) => each !== known);
      const sorted = [{ ticket, pushedAtMs }, ...others]
        .toSorted((one, other) => other.pushedAtMs - one.pushedAtMs)
        .slice(0, keptMax);
      return sorted.some((each) => each.ticket === ticket) ? sorted : tickets;
    });
  }

  async status(): Promise<PushedTicketStatus> {
    const kept = await this.#read();
    const [newest] = kept.tickets;
    return {
      live: this.#liveOf(kept).length,
      ageMs: newest && Math.max(0, kept.nowMs - newest.pushedAtMs),
    };
  }

  close(): void {
    this.#isClosed = true;
  }

  async #read(): Promise<Read> {
    if (this.#isClosed) throw new ClosedError(`The ticket "${this.id}"`);
    const entry = await this.#cache.get(this.id);
    if (entry === undefined) return { tickets: [], version: "absent", nowMs: this.#clock.wallMs() };
    return {
      tickets: decode(entry.value, this.id),
      version: entry.version,
      nowMs: entry.storeNowMs,
    };
  }

  /** Makes the change by compare-and-set. Writes nothing if nothing changes. */
  async #change(make: (tickets: readonly Kept[]) => readonly Kept[]): Promise<Read> {
    for (let conflicts = 0; conflicts < conflictsMax; conflicts += 1) {
      const before = await this.#read();
      const tickets = make(before.tickets);
      if (tickets === before.tickets) return before;
      const options = { ifVersion: before.version, ttlMs: 2 * this.#lifetimeMs };
      const written = await this.#cache.set(this.id, JSON.stringify({ v: 1, tickets }), options);
      if (written.written) return { tickets, version: written.version, nowMs: written.storeNowMs };
    }
    throw new CacheUnavailableError(
      `The tickets of "${this.id}" changed ${conflictsMax} times while they were being written. Check that nothing else writes this key.`,
    );
  }

  #liveOf({ tickets, nowMs }: Read): readonly Kept[] {
    return tickets.filter(
      ({ pushedAtMs, refused }) => refused !== true && nowMs < pushedAtMs + this.#lifetimeMs,
    );
  }

  #best(kept: Read): Secret {
    const [newest] = this.#liveOf(kept);
    if (newest !== undefined)
      return new Secret(newest.ticket, fingerprint(`lingpai/fp/${this.id}`, newest.ticket));
    const [last] = kept.tickets;
    const why =
      last === undefined
        ? "none has been pushed to this store"
        : last.refused
          ? "the platform refuses those that it pushed"
          : "the last one is too old";
    throw new CredentialUnavailableError(
      `There is no live ticket "${this.id}": ${why}. The platform pushes one every ten minutes; check that its pushes reach handlePush().`,
      {
        retryAfterMs:
          last === undefined
            ? pushEveryMs
            : Math.max(1_000, Math.min(pushEveryMs, last.pushedAtMs + pushEveryMs - kept.nowMs)),
      },
    );
  }
}

function decode(text: string, id: string): readonly Kept[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
  }
  const tickets: unknown =
    typeof document === "object" && document !== null && "tickets" in document
      ? document.tickets
      : undefined;
  if (Array.isArray(tickets) && tickets.length <= keptMax && tickets.every(isKept)) return tickets;
  throw new UnreadableEntryError(
    id,
    "format",
    `What is stored under "${id}" is not a pair of pushed tickets. Upgrade this node if a newer release wrote it; otherwise give Lingpai a prefix of its own, or rename that key.`,
  );
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { ticket, pushedAtMs } = value as Record<string, unknown>;
  return (
    typeof ticket === "string" && ticketPattern.test(ticket) && Number.isSafeInteger(pushedAtMs)
  );
}

/** Visible ASCII, like every credential of the platform. */
export const ticketPattern: RegExp = /^[\x21-\x7e]{1,16384}$/;
