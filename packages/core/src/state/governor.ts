/** Limits the refreshes that rejections cause: two at once, then ever wider gaps, so that a war over an AppID stays small. */
import type { Rules } from "./rules.ts";
import type { State } from "./state.ts";

/** When the next one is allowed; 0 when it is allowed at once. */
export function allowedAtMs(state: State, nowMs: number, rules: Rules): number {
  const count = survivedHalf(state, nowMs) ? 0 : state.governor.count;
  const { burst, gapMs, gapMaxMs } = rules.governor;
  if (count < burst) return 0;
  return state.governor.lastMs + Math.min(gapMaxMs, gapMs * 2 ** Math.min(30, count - burst));
}

export function counted(state: State, nowMs: number): State["governor"] {
  return { ...state.governor, count: (survivedHalf(state, nowMs) ? 0 : state.governor.count) + 1, lastMs: nowMs };
}

/** Whether the refresh was caused from outside the plan, by a rejection or an operator. */
export function isGoverned(reason: string): boolean {
  return reason === "rejected" || reason === "manual";
}

function survivedHalf({ credential }: State, nowMs: number): boolean {
  return credential !== undefined && nowMs - credential.sentAtMs >= (credential.expiresAtMs - credential.sentAtMs) / 2;
}
