/** The figures that the demo must show. Otherwise it fails. */
import type { Outcome } from "./scenes.ts";

export function isOurs({ contender }: Pick<Outcome, "contender">): boolean {
  return contender !== "cache per environment";
}

/** The reference may fail. Lingpai must lose no call, and make exactly the necessary fetches. */
export function isAsPromised(
  outcome: Pick<Outcome, "contender" | "failed" | "fetches" | "promisedFetches">,
): boolean {
  return !isOurs(outcome) || (outcome.failed === 0 && outcome.fetches === outcome.promisedFetches);
}
