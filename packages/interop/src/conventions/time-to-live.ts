/** How long a mirrored key lives, and when it is written again. Pure. */

/**
 * What a key is given when its SDK's own rule would let it lapse although the credential lives: no
 * longer than the platform honours a superseded credential, so that a key that we cannot reach any
 * more never outlives what it holds.
 */
export const extensionMs = 240_000;

/** A key with less than this left is written again. */
export const aheadMs = 120_000;

/**
 * The time to live for a write now, in whole ms: the SDK's own (what is left, less its margin)
 * while that is long enough, then extensions to the credential's end. An SDK that finds no key
 * fetches by itself and retires our token, so the key must be there as long as the token is.
 */
export function ttlFor(remainingMs: number, lessMs: number): number {
  const theirsMs = remainingMs - lessMs;
  return Math.floor(
    theirsMs >= extensionMs ? theirsMs : Math.max(0, Math.min(remainingMs, extensionMs)),
  );
}

/**
 * Whether a key with the right content has to be written again: it will lapse soon, and a write
 * would give it more.
 */
export function isLapsing(leftMs: number, remainingMs: number, lessMs: number): boolean {
  return leftMs < aheadMs && ttlFor(remainingMs, lessMs) > leftMs + 1000;
}
