/** What a refresh is for, as core's manager states it. */
import { isLive, isDead, owedSinceMs, type State } from "@lingpai/core/internal/state";
import type { Process } from "./world.ts";

export interface Goal {
  readonly reason: "cold" | "advisory" | "rejected" | "reconcile";
  readonly replaces?: string | undefined;
  readonly refused?: string | undefined;
}

/** Whether the process has what the goal asks for. */
export function serves({ held, known }: Process, goal: Goal): boolean {
  if (held === undefined) return false;
  if (goal.reason === "rejected") return held.fingerprint !== goal.refused;
  if (goal.reason === "reconcile") return owedSinceMs(known) === undefined;
  return held.commitId !== goal.replaces;
}

/**
 * A stored credential that the process must not hand out is as good as refused, whatever the goal
 * was.
 */
export function aimAt(goal: Goal, document: State | undefined, process: Process): Goal {
  const stored = document?.credential;
  if (goal.reason === "rejected" || stored === undefined) return goal;
  const isRefused =
    process.refused.includes(stored.fingerprint) || (document !== undefined && isDead(document));
  const isBarred =
    isRefused || (process.replaced.includes(stored.fingerprint) && process.held === undefined);
  return isBarred ? { ...goal, reason: "rejected", refused: stored.fingerprint } : goal;
}

/**
 * Whether a goal to replace one commit has been reached by somebody, so that a fetch for it would
 * be one too many.
 */
export function isReached(goal: Goal, document: State | undefined, nowMs: number): boolean {
  if (document?.credential === undefined || !isLive(document, nowMs)) return false;
  if (goal.reason === "reconcile") return false;
  return goal.reason === "rejected"
    ? document.credential.fingerprint !== goal.refused
    : document.credential.commitId !== goal.replaces;
}
