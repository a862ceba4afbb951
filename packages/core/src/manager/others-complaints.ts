/**
 * Decides whether this node acts on another node's complaint in the document, which the platform
 * has not confirmed, and when.
 */
import { isDead, isSuspect } from "../state/state.ts";
import type { Complaints } from "./complaints.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Goal, CachedCredential } from "../fleet/local-copy.ts";

export class OthersComplaints {
  readonly #node: FleetNode;
  readonly #complaints: Complaints;
  /** The fingerprint of a complaint to which the platform gave no verdict. */
  #unanswered: string | undefined;

  constructor(node: FleetNode, complaints: Complaints) {
    this.#node = node;
    this.#complaints = complaints;
  }

  /**
   * When this node acts on a complaint about the cached credential, in store time. Infinity when
   * nobody complains.
   */
  actAtMs({ stored }: CachedCredential): number {
    const { state } = this.#node.local;
    if (state?.credential?.commitId !== stored.commitId || !isSuspect(state))
      return Number.POSITIVE_INFINITY;
    // The sender of an open request is acting already, and has the lease.
    return state.intent === undefined || isDead(state)
      ? 0
      : state.intent.atMs + this.#node.context.parameters.leaseMs;
  }

  /**
   * Asks the platform, twice before an unconfirmed complaint counts: of many nodes that ask, one
   * always gets no answer.
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
