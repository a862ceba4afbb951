/**
 * Uses one connection of a pool so that a connection that died silently is neither waited for nor
 * kept forever.
 */
import { CacheUnavailableError, waitFor } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { SqlSettings } from "../drivers.ts";

export interface Borrowing<C> {
  borrow(): Promise<C>;
  /** With `isDead` the connection is closed instead of going back into the pool. */
  giveBack(connection: C, isDead: boolean): void;
}

/** How long a statement may take: `long` for one that goes through as many rows as there are. */
export type Patience = "short" | "long";

/** However small the deadline, what the network does to a packet takes this long at times. */
const patienceMinMs = 1000;

/** Core's `clear` has so many deadlines. */
const longFactor = 60;

/** Whoever asked has given up at the deadline; twice that is waited for the database. */
export function patienceMs({ deadlineMs }: SqlSettings, patience: Patience): number {
  return Math.max(2 * deadlineMs, patienceMinMs) * (patience === "long" ? longFactor : 1);
}

/**
 * Settles as `answer` does, or rejects with `CACHE_UNAVAILABLE` (`timeout`) after `limitMs`; a
 * value that comes later goes to `late`.
 */
export function within<T>(
  clock: Clock,
  limitMs: number,
  answer: Promise<T>,
  late: (value: T) => void = () => {},
): Promise<T> {
  const onLate = (): never => {
    throw new CacheUnavailableError(
      `The database did not answer within ${limitMs} ms, which grows with deadlineMs. Check that it is up and reachable.`,
      { reason: "timeout" },
    );
  };
  return waitFor(answer, {
    deadline: { clock, ms: limitMs, onLate, timer: { background: true } },
    onLateValue: late,
  });
}

/**
 * Runs `use` on a borrowed connection. One that does not answer is closed: one whose other end is
 * gone without a word would otherwise stay borrowed until the pool is empty, and some clients never
 * settle what it was asked.
 */
export async function onBorrowed<C, R>(
  { borrow, giveBack }: Borrowing<C>,
  settings: SqlSettings,
  patience: Patience,
  use: (connection: C) => Promise<R>,
): Promise<R> {
  const { clock } = settings;
  const connection = await within(clock, patienceMs(settings, "short"), borrow(), (late) =>
    giveBack(late, false),
  );
  let isSilent = true;
  const answer = use(connection).finally(() => (isSilent = false));
  try {
    return await within(clock, patienceMs(settings, patience), answer);
  } finally {
    giveBack(connection, isSilent);
  }
}
