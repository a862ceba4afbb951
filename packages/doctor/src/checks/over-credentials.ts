/** Runs a check over every credential that was found. */
import type { State } from "@lingpai/core/internal/state";
import { finding, joined, notApplicable, ok, unknown } from "../check.ts";
import type { Outcome } from "../check.ts";
import type { SeenCredential } from "../sight/credentials.ts";
import type { Sight } from "../sight/sight.ts";

/** `wechat:plain:wx1 of "production"` */
export function nameOfCredential({ id, environment }: SeenCredential): string {
  return `${id} of "${environment}"`;
}

/**
 * @param ask returns the evidence of a finding, "ok", or the reason why it is unknown.
 * @param fine the text if there is no finding.
 */
export function overCredentials(
  { credentials }: Sight,
  fine: string,
  ask: (one: SeenCredential) => string | "ok" | { readonly unknown: string },
): Outcome {
  if ("unknown" in credentials) return unknown(credentials.unknown);
  const seen = credentials.known.credentials;
  if (seen.length === 0) return notApplicable("No environment has claimed a credential here.");
  const answers = seen.map(ask);
  const found = answers.filter((answer) => typeof answer === "string" && answer !== "ok");
  if (found.length > 0) return finding(joined(found as string[]));
  const open = answers.flatMap((answer) => (typeof answer === "string" ? [] : [answer.unknown]));
  return open.length > 0 ? unknown(joined(open)) : ok(fine);
}

/** As {@link overCredentials}, but only for credentials whose document can be read. */
export function overDocuments(
  sight: Sight,
  fine: string,
  ask: (state: State, one: SeenCredential) => ReturnType<Parameters<typeof overCredentials>[2]>,
): Outcome {
  return overCredentials(sight, fine, (one) => {
    if (one.state !== undefined) return ask(one.state, one);
    if (one.unreadable === undefined) return "ok";
    return { unknown: `The document of ${nameOfCredential(one)} cannot be read.` };
  });
}

export function minutes(ms: number): string {
  const whole = Math.round(ms / 60_000);
  if (whole < 1) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  return whole < 120 ? `${whole} min` : `${Math.round(whole / 60)} h`;
}
