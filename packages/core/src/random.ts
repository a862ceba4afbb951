/** Randomness as a service: the only module that draws from the machine's sources. */
import { randomBytes } from "node:crypto";

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

export const systemRandom: Random = {
  next: () => Math.random(),
  id: () => randomBytes(16).toString("base64url"),
};
