/** Randomness that repeats: the same seed gives the same run. */
import { createHash } from "node:crypto";
import type { Random } from "../random.ts";

/**
 * A deterministic {@link Random}: `next()` is uniform in [0, 1), `id()` has the shape of a real one
 * and never repeats within an instance, nor between instances with different seeds. Not for
 * production: its ids can be guessed.
 */
export function seededRandom(seed: number | string): Random {
  const origin = createHash("sha256").update(String(seed)).digest();
  let state = origin.readUInt32LE(0);
  let ids = 0;

  /** mulberry32: 32 bits of state, passes gjrand's tests. */
  const nextWord = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 0;
  };

  return {
    next: () => nextWord() / 2 ** 32,
    id() {
      ids += 1;
      const bytes = Buffer.alloc(16);
      bytes.writeUInt32BE(nextWord(), 0);
      origin.copy(bytes, 4, 8, 16);
      bytes.writeUInt32BE(ids, 12);
      return bytes.toString("base64url");
    },
  };
}
