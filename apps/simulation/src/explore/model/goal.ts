/** Decides what a refresh must replace, and whether it is still needed, as core's manager does. */
import { isLive, isDead, owedSinceMs, type State } from "@lingpai/core/internal/state";
import type { Goal, Process } from "./world.ts";

/** True if the process already has a credential that meets the goal. */
export function serves({ cached, known }: Process, goal: Goal): boolean {
  if (cached === undefined) return false;
  if (goal.reason === "rejected") return cached.fingerprint !== goal.refused;
  if (goal.reason === "reconcile") return owedSinceMs(known) === undefined;
  return cached.commitId !== goal.replaces;
}

/**
 * Resolves the goal against the document: a stored credential that the process must not serve
 * counts as refused.
 */
export function resolveGoal(goal: Goal, document: State | undefined, process: Process): Goal {
  const stored = document?.credential;
  if (goal.reason === "rejected" || stored === undefined) return goal;
  const isRefused =
    process.refused.includes(stored.fingerprint) || (document !== undefined && isDead(document));
  const isUnusable =
    isRefused || (process.replaced.includes(stored.fingerprint) && process.cached === undefined);
  return isUnusable ? { ...goal, reason: "rejected", refused: stored.fingerprint } : goal;
}

/**
 * Returns whether another process has already replaced that commit, so that a fetch is not needed.
 */
export function isReached(goal: Goal, document: State | undefined, nowMs: number): boolean {
  if (document?.credential === undefined || !isLive(document, nowMs)) return false;
  if (goal.reason === "reconcile") return false;
  return goal.reason === "rejected"
    ? document.credential.fingerprint !== goal.refused
    : document.credential.commitId !== goal.replaces;
}
