/**
 * Judges an operator's reset: the token is not stored again, and no node hands it out after it must
 * have read of the reset.
 */
import type { State } from "@lingpai/core/internal/state";

interface Finding {
  readonly promise: "F13";
  readonly what: string;
}

/** Within this time every undisturbed node has read the document again. */
export const heardWithinMs = 420_000;

export class ResetAudit {
  readonly #nowMs: () => number;
  /** When each token was reset. Undefined: the store has lost that reset since. */
  readonly #forgotten = new Map<string, number | undefined>();
  /** The tokens that the store has held and no reset concerns, also those that it has lost. */
  readonly #stored = new Set<string>();

  readonly #supersedes: () => boolean;

  /**
   * @param supersedes returns true when an issue kills the previous token. Otherwise there is no
   *   doubt.
   */
  constructor(nowMs: () => number, supersedes: () => boolean) {
    this.#nowMs = nowMs;
    this.#supersedes = supersedes;
  }

  /** Judges a document that replaces another one. */
  written(before: State | undefined, after: State): readonly Finding[] {
    const findings: Finding[] = [];
    const minBefore = before?.minEpoch ?? 0;
    const { credential, minEpoch } = after;
    if (minEpoch < minBefore)
      findings.push({
        promise: "F13",
        what: `a write lowered the minimum epoch of a reset from ${minBefore}`,
      });
    // A token that was in flight at the reset is stored with a doubt.
    const isNew = credential?.commitId !== before?.credential?.commitId;
    if (
      this.#supersedes() &&
      isNew &&
      after.doubtSinceMs === undefined &&
      credential !== undefined &&
      credential.epoch <= minEpoch
    )
      findings.push({
        promise: "F13",
        what: `a token of epoch ${credential.epoch} was stored after a reset up to epoch ${minEpoch}`,
      });
    if (minEpoch > minBefore) this.#forget();
    if (credential !== undefined) {
      this.#stored.add(credential.secret);
      // The platform has returned it again.
      this.#forgotten.delete(credential.secret);
    }
    return findings;
  }

  /** A reset concerns every token before it, not only the one that the store still holds. */
  #forget(): void {
    for (const token of this.#stored) this.#forgotten.set(token, this.#nowMs());
    this.#stored.clear();
  }

  /**
   * Records that the store lost writes, and resets with them. No node has to know of such a reset.
   * A node that knows of it does not use the token.
   */
  lostWrites(): void {
    for (const token of this.#forgotten.keys()) this.#forgotten.set(token, undefined);
  }

  isForgotten(token: string): boolean {
    return this.#forgotten.has(token);
  }

  /** Returns true when every node must know of this token's reset. */
  mustBeUnused(token: string): boolean {
    const sinceMs = this.#forgotten.get(token);
    return sinceMs !== undefined && this.#nowMs() - sinceMs > heardWithinMs;
  }
}
