/**
 * Judges who fetches: an environment that came later must not where its setting forbids it, and
 * nobody is called a foreign fetcher without cause.
 */
import type { Finding } from "./document-audit.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Executed } from "../store/store-link.ts";

/** A process looks at the claims at least this often, when it refreshes. */
const checkedEveryMs = 3_600_000;

export class ClaimAudit {
  readonly #nowMs: () => number;
  readonly #fetchers = new Set<string>();
  #contended = 0;
  /**
   * The instant until which a later environment may not know of the first one: the store lost the
   * claims, and the first one has not claimed again, or did so less than an hour ago.
   */
  #unknownUntilMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** A node reported that somebody else fetches. */
  contended(): void {
    this.#contended += 1;
  }

  /** The store lost what was claimed. */
  lost(): void {
    this.#unknownUntilMs = Number.POSITIVE_INFINITY;
  }

  executed({ environment }: Pick<FleetNode, "environment">, command: Executed): void {
    const isClaim = command.command === "set" && command.name.includes("claims");
    if (isClaim && environment === "production" && !Number.isFinite(this.#unknownUntilMs))
      this.#unknownUntilMs = this.#nowMs() + checkedEveryMs;
  }

  /** This node sends a token request. */
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
            what: `"contended" was reported ${this.#contended} times, and nobody else had fetched`,
          },
        ]
      : [];
  }
}
