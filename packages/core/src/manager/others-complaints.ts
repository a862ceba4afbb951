/**
 * Complaints of other nodes that the document shows, and that the platform has not confirmed:
 * whether this node acts on one, and when.
 */
import { isDead, isSuspect } from "../state/state.ts";
import type { Complaints } from "./complaints.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Goal, CachedCredential } from "../fleet/local-copy.ts";

export class OthersComplaints {
  readonly #node: FleetNode;
  readonly #complaints: Complaints;
  /** What is complained of, and the platform, asked, said nothing about. */
  #unanswered: string | undefined;

  constructor(node: FleetNode, complaints: Complaints) {
    this.#node = node;
    this.#complaints = complaints;
  }

  /**
   * From when on this node does something about what is said of the credential that it holds, in
   * the store's time; infinity where nobody complains.
   */
  actAtMs({ stored }: CachedCredential): number {
    const { state } = this.#node.local;
    if (state?.credential?.commitId !== stored.commitId || !isSuspect(state))
      return Number.POSITIVE_INFINITY;
    // Whoever has announced a request is at it, and holds the lease.
    return state.intent === undefined || isDead(state)
      ? 0
      : state.intent.atMs + this.#node.context.parameters.leaseMs;
  }

  /**
   * The platform is asked, twice before an unconfirmed complaint is believed: of many nodes that
   * ask, one is always not answered.
   */
  async judged(cached: CachedCredential): Promise<Goal | undefined> {
    const { fingerprint } = cached.stored;
    const judged = await this.#complaints.judged(cached, {
      doubtful: this.#unanswered !== fingerprint,
    });
    this.#unanswered = judged === "unknown" ? fingerprint : undefined;
    return typeof judged === "string" ? undefined : judged;
  }
}
