/**
 * SEED: stores a credential that was obtained without the issuer, with an authorisation code for
 * example.
 */
import type { CommitEvent } from "./commit.ts";
import { inFlightUntil } from "./intent.ts";
import { quotaOn } from "./quota.ts";
import type { Rules } from "./rules.ts";
import { change, type State } from "./state.ts";

export interface SeedEvent extends Pick<CommitEvent, "operationId" | "outcomeId" | "issued"> {
  readonly type: "seed";
}

export interface SeedVerdict {
  /** `repeated`: this very seed was stored before; its first answer was lost. */
  readonly kind: "seeded" | "repeated";
}

/**
 * The credential exists, so it is stored whatever the gates say. A request in flight finds a later
 * epoch when it commits. If it may have been processed later, the order is in doubt.
 */
export function decideSeed(
  state: State,
  event: SeedEvent,
  nowMs: number,
  rules: Rules,
): { state?: State; verdict: SeedVerdict } {
  const { credential, intent } = state;
  const { issued, operationId } = event;
  if (credential?.commitId === operationId) return { verdict: { kind: "repeated" } };
  const epoch = Math.max(nowMs, credential?.epoch ?? 0, intent?.epoch ?? 0, state.minEpoch) + 1;
  const overlaps =
    intent !== undefined ||
    inFlightUntil(state, rules) > issued.sentAtMs ||
    (credential?.issuedAtMs ?? 0) > issued.sentAtMs;
  const doubt = rules.supersedes && overlaps;
  const previous = credential && {
    fingerprint: credential.fingerprint,
  };
  const next = change(
    state,
    {
      outcomeId: event.outcomeId,
      credential: {
        ...issued,
        generation: (credential?.generation ?? 0) + 1,
        epoch,
        commitId: operationId,
      },
      backOffUntilMs: 0,
      failures: 0,
      quota: quotaOn(state.quota, nowMs, rules),
      ...(previous === undefined ? {} : { previous }),
      ...(doubt ? { doubtSinceMs: state.doubtSinceMs ?? nowMs } : {}),
    },
    [
      "failure",
      "refusal",
      "consumedInput",
      "suspect",
      ...(doubt ? [] : (["doubtSinceMs"] as const)),
    ],
  );
  return { state: next, verdict: { kind: "seeded" } };
}
