/** RESET: an operator drops the credential on purpose, so that no node writes it back. */
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
): { state?: State; verdict: ResetVerdict } {
  const minEpoch = Math.max(state.minEpoch, state.credential?.epoch ?? 0);
  const next = change(
    state,
    { outcomeId: event.outcomeId, minEpoch, backOffUntilMs: 0, failures: 0 },
    ["credential", "previous", "suspect", "failure", "refusal"],
  );
  return { state: next, verdict: { kind: "reset" } };
}
