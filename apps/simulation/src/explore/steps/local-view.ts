/**
 * Updates the local view of a process from a document: it adopts a newer credential and writes back
 * a lost one. Mirrors the adoption in core.
 */
import { isOlder, isDead, type StoredCredential, type State } from "@lingpai/core/internal/state";
import { apply } from "./document.ts";
import type { Model } from "../model/model.ts";
import { withProcess, type Process, type World } from "../model/world.ts";

export interface ReadResult {
  readonly world: World;
  readonly broken: string | undefined;
}

/** The process reads the document. */
export function readDocument(model: Model, world: World, index: number): ReadResult {
  const process = world.processes[index];
  const { document } = world.store;
  if (process === undefined) return { world, broken: undefined };
  const stored = document?.credential;
  if (document === undefined || stored === undefined) {
    if (document !== undefined && document.minEpoch >= (process.cached?.epoch ?? 0))
      return { world: withProcess(world, index, dismissed(process, document)), broken: undefined };
    const noted =
      document !== undefined && process.cached === undefined
        ? withKnown(process, document)
        : process;
    return repair(model, withProcess(world, index, noted), index);
  }
  if (process.cached?.fingerprint !== stored.fingerprint) {
    const own = process.cached;
    if (model.protocol.repairsByEpoch && (own?.epoch ?? 0) > stored.epoch)
      return repair(model, world, index);
    if (
      process.replaced.includes(stored.fingerprint) ||
      (own !== undefined && isOlder(stored, own))
    )
      return repair(model, world, index);
    if (process.refused.includes(stored.fingerprint) || isDead(document)) {
      return { world: withProcess(world, index, withKnown(process, document)), broken: undefined };
    }
  }
  return adopted(world, index, document, stored);
}

/** The process serves this credential from now on. */
export function adopted(
  world: World,
  index: number,
  known: State,
  cached: StoredCredential,
): ReadResult {
  const process = world.processes[index];
  if (process === undefined) return { world, broken: undefined };
  const before = process.cached;
  const gone = [known.previous?.fingerprint, before?.fingerprint].filter(
    (each) => each !== undefined && each !== cached.fingerprint,
  );
  const replaced = gone.reduce<readonly string[]>(
    (all, each) => remembered(all, each ?? ""),
    process.replaced,
  );
  const next = {
    ...process,
    known,
    cached,
    replaced,
    wants: process.wants === cached.fingerprint ? process.wants : undefined,
  };
  return { world: withProcess(world, index, next), broken: judgeService(process, cached) };
}

/** An operator has reset this credential. */
function dismissed(process: Process, known: State): Process {
  const { cached, replaced } = process;
  if (cached === undefined) return withKnown(process, known);
  return {
    ...process,
    known,
    cached: undefined,
    replaced: remembered(replaced, cached.fingerprint),
    wants: undefined,
  };
}

export function withKnown(process: Process, known: State): Process {
  return process.known === known ? process : { ...process, known };
}

function repair(model: Model, world: World, index: number): ReadResult {
  const process = world.processes[index];
  if (process?.cached === undefined || process.known === undefined)
    return { world, broken: undefined };
  const event = {
    type: "repair",
    outcomeId: `${world.ids}`,
    known: { ...process.known, credential: process.cached },
  } as const;
  const applied = apply(model, { ...world, ids: world.ids + 1 }, event);
  if (applied.verdict.kind !== "repaired" || applied.document === undefined)
    return { world, broken: undefined };
  return {
    world: withProcess(applied.world, index, withKnown(process, applied.document)),
    broken: applied.broken,
  };
}

function judgeService(process: Process, cached: StoredCredential): string | undefined {
  const { fingerprint } = cached;
  if (process.cached?.fingerprint === fingerprint) return undefined;
  if (process.replaced.includes(fingerprint))
    return `I5: a process serves ${fingerprint} again, after it has seen it replaced`;
  if (process.refused.includes(fingerprint))
    return `promise 3: a process serves ${fingerprint} again, after it has seen it refused`;
  return undefined;
}

export function remembered(
  fingerprints: readonly string[],
  fingerprint: string,
): readonly string[] {
  return fingerprints.includes(fingerprint) ? fingerprints : [...fingerprints, fingerprint];
}
