/**
 * RESET: an operator has the fleet forget the credential, so that no node hands it out or writes it
 * back, not even one that the store does not hold any more.
 */
import { change, type State } from "./state.ts";

export interface ResetEvent {
  readonly type: "reset";
  readonly outcomeId: string;
}

export interface ResetVerdict {
  readonly kind: "reset";
}

export function decideReset(
  state: State,
  event: ResetEvent,
  nowMs: number,
): { state?: State; verdict: ResetVerdict } {
  if (state.outcomeId === event.outcomeId) return { verdict: { kind: "reset" } };
  // Epochs follow the store's time, so every node holds an earlier one.
  const minEpoch = Math.max(
    state.minEpoch,
    state.credential?.epoch ?? 0,
    state.intent?.epoch ?? 0,
    nowMs,
  );
  const next = change(
    state,
    { outcomeId: event.outcomeId, minEpoch, backOffUntilMs: 0, failures: 0 },
    ["credential", "previous", "suspect", "failure", "refusal"],
  );
  return { state: next, verdict: { kind: "reset" } };
}
