/**
 * Judges which environments fetch. One that claimed later must not fetch if its setting forbids it.
 * A foreign fetch must not be reported without one.
 */
import type { Finding } from "./document-audit.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Executed } from "../store/store-link.ts";

/** A process that refreshes checks the claims at least this often. */
const checkedEveryMs = 3_600_000;
/** Within this time every owner reads the document again, and renews a claim that the store lost. */
const renewedWithinMs = 300_000;

export class ClaimAudit {
  readonly #nowMs: () => number;
  #lostAtMs = Number.NEGATIVE_INFINITY;
  readonly #fetchers = new Set<string>();
  #contended = 0;
  /**
   * Until this instant a later environment may not know of the first one. After a loss of the
   * claims that lasts until an hour after the first environment has claimed again.
   */
  #unknownUntilMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Records that a node reported a foreign fetch. */
  contended(): void {
    this.#contended += 1;
  }

  /** Records that the store lost the claims. */
  lost(): void {
    this.#unknownUntilMs = Number.POSITIVE_INFINITY;
    this.#lostAtMs = this.#nowMs();
  }

  /**
   * Returns whether an environment's own setting may refuse it: it came later, or the store has lost
   * its claim.
   */
  mayRefuse({ plan: { isLaterClaimant, onConflict } }: Pick<FleetNode, "plan">): boolean {
    const isLost = this.#nowMs() - this.#lostAtMs <= renewedWithinMs;
    return onConflict !== "warn" && (isLaterClaimant || isLost);
  }

  executed({ environment }: Pick<FleetNode, "environment">, command: Executed): void {
    const isClaim = command.command === "set" && command.name.includes("claims");
    if (isClaim && environment === "production" && !Number.isFinite(this.#unknownUntilMs))
      this.#unknownUntilMs = this.#nowMs() + checkedEveryMs;
  }

  /** Judges a token request of this node. */
  sent({ environment, name, plan }: Pick<FleetNode, "environment" | "name" | "plan">): Finding[] {
    this.#fetchers.add(environment);
    const yields = plan.onConflict === "error" || plan.onConflict === "consume";
    return plan.isLaterClaimant && yields && this.#nowMs() >= this.#unknownUntilMs
      ? [
          {
            promise: "C7",
            what: `${name} fetched, although another environment had claimed the AppID before`,
          },
        ]
      : [];
  }

  /** Requires that no foreign fetch was reported where there was none. */
  summary(isForeign: boolean): Finding[] {
    return this.#contended > 0 && !isForeign && this.#fetchers.size <= 1
      ? [
          {
            promise: "A2",
            what: `"contended" was reported ${this.#contended} times without a foreign fetch`,
          },
        ]
      : [];
  }
}
