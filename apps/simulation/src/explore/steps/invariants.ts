/**
 * The invariants of every situation. The invariants of a step are judged where the step is made.
 */
import { isDead } from "@lingpai/core/internal/state";
import { isQuiescent } from "./quiescence.ts";
import type { Model } from "../model/model.ts";
import { fingerprintOf, type World } from "../model/world.ts";

/** Returns the invariant that this situation violates. Undefined: it violates none. */
export function judge(world: World): string | undefined {
  const { document } = world.store;
  const stored = document?.credential;
  for (const { cached, refused } of world.processes) {
    if (cached !== undefined && refused.includes(cached.fingerprint))
      return `promise 3: a process serves ${cached.fingerprint}, which it has seen refused`;
  }
  if (stored === undefined || world.isBlind || !isQuiescent(world)) return undefined;
  const latest = fingerprintOf(world.platform.latest);
  if (stored.fingerprint !== latest) {
    return `I1: nothing is in flight or owed, but ${stored.fingerprint} is stored and the platform's latest is ${latest}`;
  }
  const stuck = world.processes.find(
    ({ cached }) => cached !== undefined && cached.fingerprint !== stored.fingerprint,
  );
  return (
    stuck &&
    `I1: a process serves ${stuck.cached?.fingerprint}, while ${stored.fingerprint} is stored, and reading will not change that`
  );
}

/**
 * A report that the platform does not confirm marks no credential as dead, and causes no report of
 * a foreign fetch.
 */
export function judgeComplaints(
  { bounds }: Model,
  { store: { document } }: World,
): string | undefined {
  if (bounds.confirms || document === undefined) return undefined;
  if (isDead(document)) return "I16: an unconfirmed report is treated as the platform's answer";
  if (document.contention.count > 0)
    return "I16: a foreign fetch is reported because of an unconfirmed report";
  return undefined;
}
