/**
 * The environment of the processes: steps of the platform, the store and time, and their failures.
 */
import { isSuspect } from "@lingpai/core/internal/state";
import { apply } from "./document.ts";
import { withKnown, remembered, readDocument } from "./local-view.ts";
import type { Model } from "../model/model.ts";
import { orphaned } from "./outcome-writer.ts";
import type { Emit } from "../model/step.ts";
import { isForgotten, isLastWitness } from "./quiescence.ts";
import {
  dead,
  fingerprintOf,
  serialOf,
  never,
  nobody,
  spend,
  freshProcess,
  withProcess,
  type World,
} from "../model/world.ts";

/** The platform processes a request of a waiting process. */
export function processRequest(world: World, index: number, emit: Emit): void {
  const attempt = world.processes[index]?.attempt;
  if (attempt?.phase !== "sent" || attempt.issued !== undefined) return;
  const issued = world.platform.latest + 1;
  const next = { ...world, platform: { ...world.platform, latest: issued, isForeign: false } };
  emit(
    { kind: "process", process: index },
    withProcess(next, index, { attempt: { ...attempt, issued } }),
  );
}

/** The platform processes an abandoned request, or never receives it. */
export function processOrphans(world: World, emit: Emit): void {
  const { orphans, latest } = world.platform;
  orphans.forEach((at, i) => {
    if (orphans.indexOf(at) !== i) return;
    const rest = orphans.filter((_, j) => j !== i);
    emit(
      { kind: "process-late" },
      { ...world, platform: { latest: latest + 1, isForeign: false, orphans: rest } },
    );
    emit({ kind: "drop" }, { ...world, platform: { ...world.platform, orphans: rest } });
  });
}

/** A system outside the fleet fetches a credential. */
export function issueForeign(world: World, emit: Emit): void {
  if (world.left.foreign === 0) return;
  emit(
    { kind: "foreign" },
    { ...spend(world, "foreign"), platform: { ...world.platform, isForeign: true } },
  );
}

/** An operator resets the fleet's credential. */
export function reset(model: Model, world: World, emit: Emit): void {
  if (world.left.resets === 0) return;
  const stored = world.store.document?.credential;
  const forgotten = stored === undefined ? 0 : serialOf(stored.fingerprint);
  const next = { ...spend(world, "resets"), forgotten, ids: world.ids + 1 };
  const applied = apply(model, next, { type: "reset", outcomeId: `${world.ids}` });
  emit({ kind: "reset" }, applied.world, applied.broken);
}

/**
 * A process without an attempt reads the document, after a timer or a change message. A process
 * with an unstored answer stores that first.
 */
export function read(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  if (process === undefined || process.attempt !== undefined || process.pending !== undefined)
    return;
  const { world: next, broken } = readDocument(model, world, index);
  emit({ kind: "read", process: index }, next, broken);
}

/**
 * The platform refuses the process's credential: its overlap is over, or the platform is wrong. A
 * credential that the platform does not call dead stays in use until it is replaced.
 */
export function reject({ bounds }: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  if (process?.cached === undefined || process.attempt !== undefined || world.left.rejections === 0)
    return;
  const { fingerprint } = process.cached;
  const retired = {
    cached: undefined,
    wants: fingerprint,
    refused: remembered(process.refused, fingerprint),
  };
  const changes = bounds.confirms ? retired : { wants: fingerprint };
  emit({ kind: "reject", process: index }, withProcess(spend(world, "rejections"), index, changes));
}

/** A process that must not refresh records the refused credential. */
export function suspect(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  if (process?.wants === undefined || process.attempt !== undefined) return;
  const found = model.bounds.confirms ? "dead" : "refused";
  const {
    world: next,
    verdict,
    document,
    broken,
  } = apply(model, world, { type: "suspect", fingerprint: process.wants, found });
  if (verdict.kind === "known" || next === world || document === undefined) return;
  emit(
    { kind: "suspect", process: index },
    withProcess(next, index, withKnown(process, document)),
    broken,
  );
}

/**
 * A process probes a reported credential, the platform says that it is alive, and the process
 * withdraws the report.
 */
export function clear(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  const { document } = world.store;
  const stored = document?.credential;
  if (model.bounds.confirms || process === undefined || process.attempt !== undefined) return;
  if (document === undefined || stored === undefined || !isSuspect(document)) return;
  if (world.platform.isForeign || stored.fingerprint !== fingerprintOf(world.platform.latest))
    return;
  const applied = apply(model, world, {
    type: "suspect",
    fingerprint: stored.fingerprint,
    found: "alive",
  });
  if (applied.document === undefined) return;
  const noted = withKnown(process, applied.document);
  const next = noted.wants === stored.fingerprint ? { ...noted, wants: undefined } : noted;
  emit({ kind: "clear", process: index }, withProcess(applied.world, index, next), applied.broken);
}

/**
 * A lease expires early, for the store and for its holder. The lease of a crashed process just
 * expires.
 */
export function expire(world: World, emit: Emit): void {
  const { lock } = world.store;
  if (lock.holder === nobody) return;
  const free = { ...world, store: { ...world.store, lock: { ...lock, holder: nobody } } };
  if (lock.holder === dead) return emit({ kind: "expire" }, free);
  const attempt = world.processes[lock.holder]?.attempt;
  if (attempt === undefined || world.left.expiries === 0) return;
  emit(
    { kind: "expire", process: lock.holder },
    withProcess(spend(free, "expiries"), lock.holder, { attempt: { ...attempt, isHeld: false } }),
  );
}

/** A process crashes, loses its memory and restarts. */
export function crash(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  if (process === undefined || process === freshProcess || world.left.crashes === 0) return;
  const { lock } = world.store;
  const withoutFields = process.attempt === undefined ? world : orphaned(world, process.attempt);
  const store =
    lock.holder === index ? { ...world.store, lock: { ...lock, holder: dead } } : world.store;
  const next = withProcess({ ...spend(withoutFields, "crashes"), store }, index, freshProcess);
  const hasForgotten = world.left.failovers < model.bounds.failovers;
  emit(
    { kind: "crash", process: index },
    hasForgotten && isLastWitness(world, index) ? { ...next, isBlind: true } : next,
  );
}

/** A replica is promoted that lacks the lock and the last writes. Its clock may be behind. */
export function failOver(model: Model, world: World, emit: Emit): void {
  const { left, store } = world;
  if (left.failovers === 0) return;
  const current = { document: store.document, version: store.version, fence: store.lock.fence };
  const points = [...store.past, current];
  for (const behind of model.bounds.behind === 0 ? [0] : [0, model.bounds.behind]) {
    points.forEach((point, i) => {
      const fence = behind > 0 ? point.fence : store.granted;
      const lock = { holder: nobody, fence };
      const promoted = {
        ...store,
        document: point.document,
        version: point.version,
        past: points.slice(0, i),
        lock,
        behind: store.behind + behind,
      };
      const next = spend({ ...world, store: promoted, noticedAt: never }, "failovers");
      const hasCrashed = left.crashes < model.bounds.crashes;
      emit(
        { kind: "fail-over" },
        hasCrashed && isForgotten(world, next) ? { ...next, isBlind: true } : next,
      );
    });
  }
}

/** Time passes, unless a request would then be processed later than the drain allows. */
export function tick(model: Model, world: World, emit: Emit): void {
  const now = world.now + 1;
  const isDue = (at: number): boolean => at + model.bounds.drainTicks <= now;
  if (world.platform.orphans.some(isDue)) return;
  const isWaiting = world.processes.some(({ attempt }) => {
    if (attempt === undefined || (attempt.phase !== "intent-written" && attempt.phase !== "sent"))
      return false;
    return attempt.issued === undefined && isDue(attempt.at);
  });
  if (!isWaiting) emit({ kind: "tick" }, { ...world, now });
}
