/**
 * A ticket that the platform pushes, as the parent of the token that is had with it. The fleet's last two are kept in one document: the newest may be lost on its
 * way or refused, and the one before is good as long as it lives.
 */
import {
  CacheUnavailableError,
  ClosedError,
  CredentialUnavailableError,
  fingerprint,
  Secret,
  systemClock,
  UnreadableEntryError,
} from "@lingpai/core";
import type { Cache, Clock, Parent, Version } from "@lingpai/core";

export interface PushedTicketOptions {
  /** Names it across the fleet: `"wechat:verify-ticket:wx0123456789abcdef"`. */
  readonly id: string;
  readonly cache: Cache;
  readonly environment: string;
  /** How long the platform accepts a ticket after it was pushed, in ms. */
  readonly lifetimeMs: number;
  readonly clock?: Clock;
}

export interface PushedTicketStatus {
  /** How many tickets are kept that the platform has not refused and that should still live: 0, 1 or 2. */
  readonly live: number;
  /** How long ago the newest was pushed, in ms; undefined when none is kept. */
  readonly ageMs: number | undefined;
}

export interface PushedTicket extends Parent {
  readonly id: string;
  /**
   * Keeps it with the one before it. One that was pushed earlier than both, or is kept already, changes nothing: pushes may be late and may be repeated.
   *
   * @throws {CacheUnavailableError} it is not kept; let the platform push it again.
   */
  put(ticket: string, pushedAtMs: number): Promise<void>;
  status(): Promise<PushedTicketStatus>;
  close(): void;
}

interface Kept {
  readonly ticket: string;
  /** By the platform's clock, which says when it ends. */
  readonly pushedAtMs: number;
  /** The platform refused it. */
  readonly refused?: true;
}

interface Read {
  /** Newest first, at most two. */
  readonly tickets: readonly Kept[];
  readonly version: Version | "absent";
  readonly nowMs: number;
}

const keptMax = 2;
const conflictsMax = 16;
/** Pushes come every ten minutes. */
const pushEveryMs = 600_000;

/** Reads nothing and keeps nothing in memory: it is asked for once in a token's life, and what the store holds is what counts. */
export function pushedTicket(options: PushedTicketOptions): PushedTicket {
  const { id, environment, lifetimeMs, clock = systemClock } = options;
  const cache = options.cache.withPrefix(environment);
  let isClosed = false;
  const secretOf = ({ ticket }: Kept): Secret => new Secret(ticket, fingerprint(`lingpai/fp/${id}`, ticket));

  const read = async (): Promise<Read> => {
    if (isClosed) throw new ClosedError(`The ticket "${id}"`);
    const entry = await cache.get(id);
    if (entry === undefined) return { tickets: [], version: "absent", nowMs: clock.wallMs() };
    return { tickets: decode(entry.value, id), version: entry.version, nowMs: entry.storeNowMs };
  };

  /** Makes the change by compare-and-set; nothing is written when it changes nothing. */
  const change = async (make: (tickets: readonly Kept[]) => readonly Kept[]): Promise<Read> => {
    for (let conflicts = 0; conflicts < conflictsMax; conflicts += 1) {
      const before = await read();
      const tickets = make(before.tickets);
      if (tickets === before.tickets) return before;
      const written = await cache.set(id, JSON.stringify({ v: 1, tickets }), { ifVersion: before.version, ttlMs: 2 * lifetimeMs });
      if (written.written) return { tickets, version: written.version, nowMs: written.storeNowMs };
    }
    throw new CacheUnavailableError(
      `The tickets of "${id}" changed ${conflictsMax} times while they were being written. Check that nothing else writes this key.`,
    );
  };

  const liveOf = ({ tickets, nowMs }: Read): readonly Kept[] =>
    tickets.filter(({ pushedAtMs, refused }) => refused !== true && nowMs < pushedAtMs + lifetimeMs);

  const best = (kept: Read): Secret => {
    const [newest] = liveOf(kept);
    if (newest !== undefined) return secretOf(newest);
    const [last] = kept.tickets;
    const why =
      last === undefined
        ? "none has been pushed to this store"
        : last.refused
          ? "the platform refuses those that it pushed"
          : "the last one is too old";
    throw new CredentialUnavailableError(
      `There is no live ticket "${id}": ${why}. The platform pushes one every ten minutes; check that its pushes reach handlePush().`,
      {
        retryAfterMs: last === undefined ? pushEveryMs : Math.max(1_000, Math.min(pushEveryMs, last.pushedAtMs + pushEveryMs - kept.nowMs)),
      },
    );
  };

  return {
    id,
    async get({ signal } = {}) {
      signal?.throwIfAborted();
      return best(await read());
    },
    async reject(refused, { signal } = {}) {
      signal?.throwIfAborted();
      const text = typeof refused === "string" ? refused : refused.reveal();
      const kept = await change((tickets) =>
        tickets.some((each) => each.ticket === text && each.refused !== true)
          ? tickets.map((each) => (each.ticket === text ? { ...each, refused: true } : each))
          : tickets,
      );
      return { replaced: true, secret: best(kept) };
    },
    async put(ticket, pushedAtMs) {
      await change((tickets) => {
        if (tickets.some((each) => each.ticket === ticket)) return tickets;
        const sorted = [{ ticket, pushedAtMs }, ...tickets].toSorted((one, other) => other.pushedAtMs - one.pushedAtMs).slice(0, keptMax);
        return sorted.some((each) => each.ticket === ticket) ? sorted : tickets;
      });
    },
    async status() {
      const kept = await read();
      const [newest] = kept.tickets;
      return { live: liveOf(kept).length, ageMs: newest && Math.max(0, kept.nowMs - newest.pushedAtMs) };
    },
    close() {
      isClosed = true;
    },
  };
}

function decode(text: string, id: string): readonly Kept[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
  }
  const tickets: unknown = typeof document === "object" && document !== null && "tickets" in document ? document.tickets : undefined;
  if (Array.isArray(tickets) && tickets.length <= keptMax && tickets.every(isKept)) return tickets;
  throw new UnreadableEntryError(
    id,
    "format",
    `What is stored under "${id}" is not a pair of pushed tickets. Something else writes this key: give Lingpai a prefix of its own, or delete the key.`,
  );
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { ticket, pushedAtMs } = value as Record<string, unknown>;
  return typeof ticket === "string" && ticketPattern.test(ticket) && Number.isSafeInteger(pushedAtMs);
}

/** Visible ASCII, like every credential of the platform's. */
export const ticketPattern: RegExp = /^[\x21-\x7e]{1,2048}$/;
