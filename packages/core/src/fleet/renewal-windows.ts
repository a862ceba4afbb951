/** Computes when to replace a credential: pure arithmetic over its life and a random draw. */
import type { IssuePolicy } from "../issuer.ts";
import type { Parameters } from "../parameters.ts";
import type { StoredCredential } from "../state/state.ts";

export interface Windows {
  /** From this instant on a refresh may start. */
  readonly advisoryAtMs: number;
  /** By this instant a refresh must have started. */
  readonly mandatoryAtMs: number;
  /** From this instant on it is not handed out, because clocks differ. */
  readonly hardAtMs: number;
}

/**
 * Returns the windows of one credential in store time. They shrink when the platform granted a
 * shorter life than it documents.
 */
export function windowsOf(
  stored: Pick<StoredCredential, "sentAtMs" | "expiresAtMs">,
  policy: IssuePolicy,
  p: Parameters,
): Windows {
  const lifeMs = stored.expiresAtMs - stored.sentAtMs;
  const renews = policy.kind === "stable" || policy.kind === "sliding";
  const advisoryMs =
    renews && lifeMs > p.advisoryMs ? p.advisoryMs : Math.min(p.advisoryMs, lifeMs / 4);
  const mandatoryMs = Math.min(p.mandatoryMs, advisoryMs, lifeMs / (renews ? 5 : 20));
  return {
    advisoryAtMs: stored.expiresAtMs - advisoryMs,
    mandatoryAtMs: stored.expiresAtMs - mandatoryMs,
    hardAtMs: stored.expiresAtMs - Math.min(p.skewMarginMs, mandatoryMs, lifeMs / 10),
  };
}

const eulerMascheroni = 0.577;

/**
 * Draws when this node starts a refresh that one of `fleetSize` nodes must start between `earlyMs`
 * and `lateMs`. The draw is exponential, backwards from the late edge: the first of N nodes starts
 * near the early edge, and the second far behind it. `draw` is uniform in [0, 1).
 */
export function electedStart(
  earlyMs: number,
  lateMs: number,
  fleetSize: number,
  draw: number,
): number {
  const meanMs = (lateMs - earlyMs) / (Math.log(fleetSize) + eulerMascheroni);
  return Math.max(earlyMs, lateMs + meanMs * Math.log(1 - draw));
}
