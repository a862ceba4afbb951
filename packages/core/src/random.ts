/** Randomness as a service: the only module that draws from the machine's sources. */
import { randomBytes, randomFillSync } from "node:crypto";

export interface Random {
  /** Uniform in [0, 1). For jitter and elections, not for secrets. */
  next(): number;
  /**
   * An unguessable id of 22 URL-safe characters (128 bits). For owners, versions and operation ids.
   */
  id(): string;
}

/**
 * Bytes for a nonce. Always the machine's own, whatever {@link Random} was injected: a nonce that
 * repeats under one key gives the key away.
 */
export function randomNonce(bytes: number): Uint8Array {
  return randomBytes(bytes);
}

const idBytes = 16;

/**
 * Draws the bytes of many ids at once, because each draw is a system call. A refresh needs half a
 * dozen ids, and the calls took a tenth of its CPU time.
 */
function pooledIds(): () => string {
  const pool = Buffer.alloc(256 * idBytes);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += idBytes;
    return pool.toString("base64url", used - idBytes, used);
  };
}

export const systemRandom: Random = {
  next: () => Math.random(),
  id: pooledIds(),
};
