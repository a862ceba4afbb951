/**
 * Judges what an operator's reset promises: the forgotten token is stored no more, and no node
 * hands it out for longer than it needs to hear of the reset.
 */
import type { State } from "@lingpai/core/internal/state";

interface Finding {
  readonly promise: "F13";
  readonly what: string;
}

/** In this time every node that nothing disturbs has read the document again. */
export const heardWithinMs = 420_000;

export class ResetAudit {
  readonly #nowMs: () => number;
  /** When each token was forgotten; undefined: the store has lost that since. */
  readonly #forgotten = new Map<string, number | undefined>();

  readonly #supersedes: () => boolean;

  /** @param supersedes whether an issue kills the token before. Otherwise nothing is in doubt. */
  constructor(nowMs: () => number, supersedes: () => boolean) {
    this.#nowMs = nowMs;
    this.#supersedes = supersedes;
  }

  /** A document was written in place of another. */
  written(before: State | undefined, after: State): readonly Finding[] {
    const findings: Finding[] = [];
    const bar = before?.minEpoch ?? 0;
    const { credential, minEpoch } = after;
    if (minEpoch < bar)
      findings.push({ promise: "F13", what: `a write lowered the bar of a reset from ${bar}` });
    // What was in flight at the reset is stored, and in doubt.
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
        what: `a token of epoch ${credential.epoch} was stored behind the bar ${minEpoch} of a reset`,
      });
    if (minEpoch > bar && before?.credential !== undefined)
      this.#forgotten.set(before.credential.secret, this.#nowMs());
    // The platform has handed it out again.
    if (credential !== undefined) this.#forgotten.delete(credential.secret);
    return findings;
  }

  /**
   * The store lost writes, resets among them. No node has to hear of those, and a node that has
   * heard goes on without the token.
   */
  lostWrites(): void {
    for (const token of this.#forgotten.keys()) this.#forgotten.set(token, undefined);
  }

  isForgotten(token: string): boolean {
    return this.#forgotten.has(token);
  }

  /** Returns true when every node must know by now that this token was forgotten. */
  mustBeUnused(token: string): boolean {
    const sinceMs = this.#forgotten.get(token);
    return sinceMs !== undefined && this.#nowMs() - sinceMs > heardWithinMs;
  }
}
