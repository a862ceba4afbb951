/**
 * Decides whether the fleet is quiescent, and whether a process still knows of a request that the
 * document has lost.
 */
import { isSuspect } from "@lingpai/core/internal/state";
import type { Process, World } from "../model/world.ts";

/**
 * True if nothing is in flight, no reconciling refresh is due, and no process would learn anything
 * by reading.
 */
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
  { cached, known, attempt, pending, replaced, refused, wants }: Process,
  stored: string,
): boolean {
  if (attempt !== undefined || pending !== undefined || wants !== undefined) return false;
  if (known?.doubtSinceMs !== undefined) return false;
  if (cached === undefined || cached.fingerprint === stored) return true;
  // It would adopt the stored credential, or write back its own.
  if (!replaced.includes(stored) && !refused.includes(stored)) return false;
  return known?.previous?.fingerprint !== stored;
}

/** True if only this process still knows of a request or credential that the document has lost. */
export function isLastWitness(world: World, index: number): boolean {
  const process = world.processes[index];
  if (process === undefined) return false;
  const { document } = world.store;
  const { cached, known, attempt, pending } = process;
  const isUnrecorded = [attempt, pending].some((each) => {
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
    (other, i) => i !== index && other.cached?.fingerprint === cached?.fingerprint,
  );
  const isRestorer =
    cached !== undefined &&
    !others &&
    (stored === undefined || stored === known?.previous?.fingerprint);
  return isRestorer || known?.doubtSinceMs !== undefined;
}

/** True if this failover lost something that no process knows. */
export function isForgotten(before: World, after: World): boolean {
  const was = before.store.document;
  const is = after.store.document;
  const { processes } = after;
  const operation = was?.intent?.operationId;
  const isOpen = ({ attempt, pending }: Process): boolean =>
    attempt?.operationId === operation || pending?.operationId === operation;
  if (operation !== undefined && is?.intent?.operationId !== operation && !processes.some(isOpen))
    return true;
  if (is?.doubtSinceMs !== undefined) return false;
  if (
    was?.doubtSinceMs !== undefined &&
    !processes.some(({ known }) => known?.doubtSinceMs !== undefined)
  )
    return true;
  const fingerprint = was?.credential?.fingerprint;
  const isHeld = processes.some(({ cached }) => cached?.fingerprint === fingerprint);
  return fingerprint !== undefined && is?.credential?.fingerprint !== fingerprint && !isHeld;
}
