/** Using one connection of a pool in such a way that one that died in silence is not kept for ever. */
import type { StoreSettings } from "./store.ts";

export interface Borrowing<C> {
  borrow(): Promise<C>;
  /** With `isDead` the connection is closed instead of going back into the pool. */
  giveBack(connection: C, isDead: boolean): void;
}

/** However small the deadline, what the network does to a packet takes this long at times. */
const patienceMinMs = 1000;

/**
 * Runs `use` on a borrowed connection. Whoever asked has given up at the deadline; at twice that the connection is closed, because
 * one whose other end is gone without a word would otherwise stay borrowed until the pool is empty.
 */
export async function onBorrowed<C, R>(
  { borrow, giveBack }: Borrowing<C>,
  { clock, deadlineMs }: StoreSettings,
  use: (connection: C) => Promise<R>,
): Promise<R> {
  const connection = await borrow();
  let isDead = false;
  const bury = (): void => {
    isDead = true;
    giveBack(connection, true);
  };
  const cancel = clock.setTimer(Math.max(2 * deadlineMs, patienceMinMs), bury, { background: true });
  try {
    return await use(connection);
  } finally {
    cancel();
    if (!isDead) giveBack(connection, false);
  }
}
