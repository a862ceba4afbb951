/**
 * Complaints of other nodes that the document shows, and that the platform has not confirmed:
 * whether this node acts on one, and when.
 */
import { isDead, isSuspect } from "../state/state.ts";
import type { Complaints } from "./complaints.ts";
import type { Parts } from "../fleet/node.ts";
import type { Goal, Holding } from "../fleet/local.ts";

export class OthersComplaints {
  readonly #parts: Parts;
  readonly #complaints: Complaints;
  /** What is complained of, and the platform, asked, said nothing about. */
  #unanswered: string | undefined;

  constructor(parts: Parts, complaints: Complaints) {
    this.#parts = parts;
    this.#complaints = complaints;
  }

  /**
   * From when on this node does something about what is said of the credential that it holds, in
   * the store's time; infinity where nobody complains.
   */
  actAtMs({ held }: Holding): number {
    const { state } = this.#parts.local;
    if (state?.credential?.commitId !== held.commitId || !isSuspect(state))
      return Number.POSITIVE_INFINITY;
    // Whoever has announced a request is at it, and holds the lease.
    return state.intent === undefined || isDead(state)
      ? 0
      : state.intent.atMs + this.#parts.setting.parameters.leaseMs;
  }

  /**
   * The platform is asked, twice before an unconfirmed complaint is believed: of many nodes that
   * ask, one is always not answered.
   */
  async judged(holding: Holding): Promise<Goal | undefined> {
    const { fingerprint } = holding.held;
    const judged = await this.#complaints.judged(holding, {
      doubtful: this.#unanswered !== fingerprint,
    });
    this.#unanswered = judged === "unknown" ? fingerprint : undefined;
    return typeof judged === "string" ? undefined : judged;
  }
}
