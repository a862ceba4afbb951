/**
 * Decides whether this node acts on another node's complaint in the document, which the platform
 * has not confirmed, and when.
 */
import { isDead, isSuspect } from "../state/state.ts";
import type { RefusalJudge } from "./refusal-judge.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { CachedCredential } from "../fleet/cached-credential.ts";
import type { Goal } from "../fleet/local-copy.ts";

/**
 * When this node acts on a complaint about the cached credential, in store time. Infinity when
 * nobody complains.
 */
export function actAtMs({ context, local }: FleetNode, { stored }: CachedCredential): number {
  const { state } = local;
  if (state?.credential?.commitId !== stored.commitId || !isSuspect(state))
    return Number.POSITIVE_INFINITY;
  // The sender of an open request is acting already, and has the lease.
  return state.intent === undefined || isDead(state)
    ? 0
    : state.intent.atMs + context.parameters.leaseMs;
}

export class RemoteRefusals {
  readonly #judge: RefusalJudge;
  /** The fingerprint of a complaint to which the platform gave no verdict. */
  #unanswered: string | undefined;

  constructor(judge: RefusalJudge) {
    this.#judge = judge;
  }

  /**
   * Asks the platform, twice before an unconfirmed complaint counts: of many nodes that ask, one
   * always gets no answer.
   */
  async judge(cached: CachedCredential): Promise<Goal | undefined> {
    const { fingerprint } = cached.stored;
    const judge = await this.#judge.judge(cached, {
      doubtful: this.#unanswered !== fingerprint,
    });
    this.#unanswered = judge === "unknown" ? fingerprint : undefined;
    return typeof judge === "string" ? undefined : judge;
  }
}
