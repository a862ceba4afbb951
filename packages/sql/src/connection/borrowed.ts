/**
 * Uses one connection of a pool, so that a connection that died without a FIN is neither waited for
 * nor kept forever.
 */
import { CacheUnavailableError, waitFor } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { SqlSettings } from "../drivers.ts";

export interface Borrowing<C> {
  borrow(): Promise<C>;
  /** With `isDead` the connection is closed instead of going back into the pool. */
  giveBack(connection: C, isDead: boolean): void;
}

/** How long a statement may take. `long` is for one over many rows. */
export type Patience = "short" | "long";

/** The minimum, however small the deadline, because a lost packet may delay an answer this long. */
const patienceMinMs = 1000;

/** The deadline of core's `clear`, in deadlines of one call. */
const longFactor = 60;

/** The caller has given up at the deadline. The database may take twice as long. */
export function patienceMs({ deadlineMs }: SqlSettings, patience: Patience): number {
  return Math.max(2 * deadlineMs, patienceMinMs) * (patience === "long" ? longFactor : 1);
}

/**
 * Settles as `answer` does, or rejects with `CACHE_UNAVAILABLE` (`timeout`) after `limitMs`. A
 * value that comes later is passed to `late`.
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
 * Runs `use` on a borrowed connection. One that does not answer is closed. Otherwise a connection
 * whose other end died without a FIN would stay borrowed until the pool is empty, and some clients
 * never settle its requests.
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
