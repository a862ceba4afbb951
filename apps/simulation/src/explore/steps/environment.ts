/**
 * What happens around the processes: the platform, the store, time, and the ways in which they
 * fail.
 */
import { isSuspect } from "@lingpai/core/internal/state";
import { apply } from "./document.ts";
import { note, remembered, take } from "./local-view.ts";
import type { Model } from "../model/model.ts";
import { orphaned } from "./outcome-writer.ts";
import type { Emit } from "../model/step.ts";
import { isForgotten, isLastWitness } from "./quiescence.ts";
import {
  dead,
  fingerprintOf,
  never,
  nobody,
  spent,
  stranger,
  withProcess,
  type World,
} from "../model/world.ts";

/** The platform processes a request that somebody waits for. */
export function processRequest(world: World, index: number, emit: Emit): void {
  const flight = world.processes[index]?.flight;
  if (flight?.phase !== "sent" || flight.issued !== undefined) return;
  const issued = world.platform.latest + 1;
  const next = { ...world, platform: { ...world.platform, latest: issued, isForeign: false } };
  emit(
    { kind: "process", process: index },
    withProcess(next, index, { flight: { ...flight, issued } }),
  );
}

/** It processes, or never sees, a request that nobody waits for any more. */
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

/** Somebody outside the fleet is issued a credential. */
export function issueForeign(world: World, emit: Emit): void {
  if (world.left.foreign === 0) return;
  emit(
    { kind: "foreign" },
    { ...spent(world, "foreign"), platform: { ...world.platform, isForeign: true } },
  );
}

/**
 * A process that is not refreshing reads the document: a timer, or news. What it could not store
 * yet goes first.
 */
export function read(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  if (process === undefined || process.flight !== undefined || process.pending !== undefined)
    return;
  const { world: next, broken } = take(model, world, index);
  emit({ kind: "read", process: index }, next, broken);
}

/**
 * The platform refuses what the process sent: its overlap is over, or the platform is wrong. What
 * the platform, asked, does not call dead stays in use until it has been replaced.
 */
export function reject({ bounds }: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  if (process?.held === undefined || process.flight !== undefined || world.left.rejections === 0)
    return;
  const { fingerprint } = process.held;
  const retired = {
    held: undefined,
    wants: fingerprint,
    refused: remembered(process.refused, fingerprint),
  };
  const changes = bounds.confirms ? retired : { wants: fingerprint };
  emit({ kind: "reject", process: index }, withProcess(spent(world, "rejections"), index, changes));
}

/** A process that must not refresh tells the fleet what was refused. */
export function suspect(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  if (process?.wants === undefined || process.flight !== undefined) return;
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
    withProcess(next, index, note(process, document)),
    broken,
  );
}

/**
 * Who looks after a complaint is told by the platform that the credential is alive, and takes the
 * complaint back.
 */
export function clear(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  const { document } = world.store;
  const stored = document?.credential;
  if (model.bounds.confirms || process === undefined || process.flight !== undefined) return;
  if (document === undefined || stored === undefined || !isSuspect(document)) return;
  if (world.platform.isForeign || stored.fingerprint !== fingerprintOf(world.platform.latest))
    return;
  const applied = apply(model, world, {
    type: "suspect",
    fingerprint: stored.fingerprint,
    found: "alive",
  });
  if (applied.document === undefined) return;
  const noted = note(process, applied.document);
  const next = noted.wants === stored.fingerprint ? { ...noted, wants: undefined } : noted;
  emit({ kind: "clear", process: index }, withProcess(applied.world, index, next), applied.broken);
}

/** The lease ends early for the store and for its holder; that of a dead process ends by itself. */
export function expire(world: World, emit: Emit): void {
  const { lock } = world.store;
  if (lock.holder === nobody) return;
  const free = { ...world, store: { ...world.store, lock: { ...lock, holder: nobody } } };
  if (lock.holder === dead) return emit({ kind: "expire" }, free);
  const flight = world.processes[lock.holder]?.flight;
  if (flight === undefined || world.left.expiries === 0) return;
  emit(
    { kind: "expire", process: lock.holder },
    withProcess(spent(free, "expiries"), lock.holder, { flight: { ...flight, isHeld: false } }),
  );
}

/** The process dies with all that it knew, and starts again. */
export function crash(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  if (process === undefined || process === stranger || world.left.crashes === 0) return;
  const { lock } = world.store;
  const without = process.flight === undefined ? world : orphaned(world, process.flight);
  const store =
    lock.holder === index ? { ...world.store, lock: { ...lock, holder: dead } } : world.store;
  const next = withProcess({ ...spent(without, "crashes"), store }, index, stranger);
  const hasForgotten = world.left.failovers < model.bounds.failovers;
  emit(
    { kind: "crash", process: index },
    hasForgotten && isLastWitness(world, index) ? { ...next, isBlind: true } : next,
  );
}

/** A replica is promoted that misses the lock and the last writes; its clock may be behind. */
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
      const next = spent({ ...world, store: promoted, noticedAt: never }, "failovers");
      const hasCrashed = left.crashes < model.bounds.crashes;
      emit(
        { kind: "fail-over" },
        hasCrashed && isForgotten(world, next) ? { ...next, isBlind: true } : next,
      );
    });
  }
}

/** Time passes, unless a request would then be processed later than may be. */
export function tick(model: Model, world: World, emit: Emit): void {
  const now = world.now + 1;
  const isDue = (at: number): boolean => at + model.bounds.drainTicks <= now;
  if (world.platform.orphans.some(isDue)) return;
  const isWaiting = world.processes.some(({ flight }) => {
    if (flight === undefined || (flight.phase !== "announced" && flight.phase !== "sent"))
      return false;
    return flight.issued === undefined && isDue(flight.at);
  });
  if (!isWaiting) emit({ kind: "tick" }, { ...world, now });
}
