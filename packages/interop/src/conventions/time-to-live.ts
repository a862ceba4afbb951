/** Decides how long a mirrored key lives and when it is written again. Pure. */

/**
 * The time to live of a key that the SDK's own rule would let lapse before the credential ends. It
 * is no longer than the platform honours a superseded credential, so a key that we cannot reach any
 * more never outlives its credential.
 */
export const extensionMs = 240_000;

/** A key with less than this left is written again. */
export const aheadMs = 120_000;

/**
 * Returns the time to live for a write now, in whole ms: the SDK's own (the credential's rest, less
 * the SDK's margin) while that is long enough, then extensions to the credential's end. An SDK that
 * finds no key fetches by itself and retires our token, so the key must live as long as the token.
 */
export function ttlFor(remainingMs: number, lessMs: number): number {
  const theirsMs = remainingMs - lessMs;
  return Math.floor(
    theirsMs >= extensionMs ? theirsMs : Math.max(0, Math.min(remainingMs, extensionMs)),
  );
}

/**
 * True if a key with the right content has to be written again: it will lapse soon, and a write
 * would prolong it.
 */
export function isLapsing(leftMs: number, remainingMs: number, lessMs: number): boolean {
  return leftMs < aheadMs && ttlFor(remainingMs, lessMs) > leftMs + 1000;
}
