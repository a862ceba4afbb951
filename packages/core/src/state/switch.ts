/**
 * SWITCH: the fleet starts to use the issuer's fallback, or returns to its own issuer. One decision
 * in the document, which every node follows.
 */
import { change, type State } from "./state.ts";

export interface SwitchEvent {
  readonly type: "switch";
  readonly to: "fallback" | "own";
}

export interface SwitchVerdict {
  readonly kind: "switched" | "kept";
}

/**
 * The stored credential stays in use until it has been replaced. A switch back resets the evidence
 * of foreign refreshes.
 */
export function decideSwitch(
  state: State,
  { to }: SwitchEvent,
  nowMs: number,
): { state?: State; verdict: SwitchVerdict } {
  if ((state.fallback !== undefined) === (to === "fallback")) return { verdict: { kind: "kept" } };
  const verdict = { kind: "switched" } as const;
  if (to === "fallback") return { state: change(state, { fallback: { sinceMs: nowMs } }), verdict };
  return {
    state: change(state, { contention: { ...state.contention, count: 0 } }, ["fallback"]),
    verdict,
  };
}
