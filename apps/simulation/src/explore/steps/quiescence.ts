/**
 * What the document and the processes know together: whether anything is owed, and whether anybody
 * can still know.
 */
import { isSuspect } from "@lingpai/core/internal/state";
import type { Process, World } from "../model/world.ts";

/** Nothing is in flight, nothing is owed, and no process would learn anything from reading. */
export function isQuiescent(world: World): boolean {
  const { document } = world.store;
  if (
    document?.credential === undefined ||
    document.doubtSinceMs !== undefined ||
    document.intent !== undefined ||
    isSuspect(document)
  )
    return false;
  if (world.platform.orphans.length > 0) return false;
  const stored = document.credential.fingerprint;
  return world.processes.every((process) => isSettled(process, stored));
}

function isSettled(
  { held, known, flight, pending, replaced, refused, wants }: Process,
  stored: string,
): boolean {
  if (flight !== undefined || pending !== undefined || wants !== undefined) return false;
  if (known?.doubtSinceMs !== undefined) return false;
  if (held === undefined || held.fingerprint === stored) return true;
  // It would adopt what is stored, or write back what it holds.
  if (!replaced.includes(stored) && !refused.includes(stored)) return false;
  return known?.previous?.fingerprint !== stored;
}

/**
 * Whether this process is the only one that still knows of something that the document has
 * forgotten.
 */
export function isLastWitness(world: World, index: number): boolean {
  const process = world.processes[index];
  if (process === undefined) return false;
  const { document } = world.store;
  const { held, known, flight, pending } = process;
  const isUnrecorded = [flight, pending].some((each) => {
    if (each === undefined || each.phase === "leased" || each.at <= world.noticedAt) return false;
    return (
      document?.intent?.operationId !== each.operationId &&
      document?.credential?.commitId !== each.operationId
    );
  });
  if (isUnrecorded) return true;
  if (document?.doubtSinceMs !== undefined) return false;
  const stored = document?.credential?.fingerprint;
  const others = world.processes.some(
    (other, i) => i !== index && other.held?.fingerprint === held?.fingerprint,
  );
  const isRestorer =
    held !== undefined &&
    !others &&
    (stored === undefined || stored === known?.previous?.fingerprint);
  return isRestorer || known?.doubtSinceMs !== undefined;
}

/** Whether this failover forgot something that no process knows. */
export function isForgotten(before: World, after: World): boolean {
  const was = before.store.document;
  const is = after.store.document;
  const { processes } = after;
  const operation = was?.intent?.operationId;
  const isOpen = ({ flight, pending }: Process): boolean =>
    flight?.operationId === operation || pending?.operationId === operation;
  if (operation !== undefined && is?.intent?.operationId !== operation && !processes.some(isOpen))
    return true;
  if (is?.doubtSinceMs !== undefined) return false;
  if (
    was?.doubtSinceMs !== undefined &&
    !processes.some(({ known }) => known?.doubtSinceMs !== undefined)
  )
    return true;
  const fingerprint = was?.credential?.fingerprint;
  const isHeld = processes.some(({ held }) => held?.fingerprint === fingerprint);
  return fingerprint !== undefined && is?.credential?.fingerprint !== fingerprint && !isHeld;
}
