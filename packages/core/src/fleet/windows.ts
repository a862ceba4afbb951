/** When to replace a credential: pure arithmetic over its life and a draw. */
import type { IssuePolicy } from "../issuer.ts";
import type { Parameters } from "../parameters.ts";
import type { StoredCredential } from "../state/state.ts";

export interface Windows {
  /** From here on a refresh may start. */
  readonly advisoryAtMs: number;
  /** By here one must have started. */
  readonly mandatoryAtMs: number;
  /** From here on it is not served: clocks differ. */
  readonly hardAtMs: number;
}

/**
 * The windows of one credential in store time, scaled down when the platform granted less life than
 * its documentation says.
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
 * Draws when this node would start what one node of `fleetSize` has to start between `earlyMs` and
 * `lateMs`: exponential, backwards from the late edge, so that the first of N starts near the early
 * edge and the second is far behind it. `draw` is uniform in [0, 1).
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
