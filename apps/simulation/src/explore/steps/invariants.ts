/**
 * What must be true of every situation, whatever led to it. What must be true of a step is judged
 * where the step is made.
 */
import { isDead } from "@lingpai/core/internal/state";
import { isQuiescent } from "./quiescence.ts";
import type { Model } from "../model/model.ts";
import { fingerprintOf, type World } from "../model/world.ts";

/** The invariant that this situation violates, and how; undefined when it violates none. */
export function judge(world: World): string | undefined {
  const { document } = world.store;
  const stored = document?.credential;
  for (const { held, refused } of world.processes) {
    if (held !== undefined && refused.includes(held.fingerprint))
      return `promise 3: a process serves ${held.fingerprint}, which it has seen refused`;
  }
  if (stored === undefined || world.isBlind || !isQuiescent(world)) return undefined;
  const latest = fingerprintOf(world.platform.latest);
  if (stored.fingerprint !== latest) {
    return `I1: nothing is in flight and nothing is owed, but ${stored.fingerprint} is stored and the platform's latest is ${latest}`;
  }
  const stuck = world.processes.find(
    ({ held }) => held !== undefined && held.fingerprint !== stored.fingerprint,
  );
  return (
    stuck &&
    `I1: a process serves ${stuck.held?.fingerprint}, while ${stored.fingerprint} is stored, and reading will not change that`
  );
}

/**
 * A complaint that the platform does not confirm kills nothing, and nobody is accused because of
 * it.
 */
export function judgeComplaints(
  { bounds }: Model,
  { store: { document } }: World,
): string | undefined {
  if (bounds.confirms || document === undefined) return undefined;
  if (isDead(document))
    return "I16: a complaint that nobody has confirmed is taken for the platform's word";
  if (document.contention.count > 0)
    return "I16: somebody outside the fleet is accused because of a complaint that nobody has confirmed";
  return undefined;
}
