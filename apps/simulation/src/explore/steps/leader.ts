/**
 * The steps of a process that refreshes: from the lock to the intent to the request. Mirrors core's
 * `lead` and `announce`.
 */
import { owedSinceMs, type IntentEvent } from "@lingpai/core/internal/state";
import { apply } from "./document.ts";
import { aimAt, isReached, serves, type Goal } from "../model/goal.ts";
import { take } from "./local-view.ts";
import type { Model } from "../model/model.ts";
import type { Emit } from "../model/step.ts";
import {
  nobody,
  released,
  spent,
  storeNowMs,
  withProcess,
  type Flight,
  type Process,
  type World,
} from "../model/world.ts";

/** A process without a flight gets the lock for what it wants, and reads the document. */
export function acquire(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  const { store } = world;
  if (process === undefined || process.flight !== undefined || process.pending !== undefined)
    return;
  if (store.lock.holder !== nobody || world.left.sends === 0) return;
  for (const goal of goalsOf(model, world, process)) {
    const fence = store.lock.fence + 1;
    const granted = Math.max(store.granted, fence);
    const next = {
      ...(goal.reason === "advisory" ? spent(world, "refreshes") : world),
      store: { ...store, lock: { holder: index, fence }, granted },
    };
    const taken = model.protocol.rereads
      ? take(model, next, index)
      : { world: next, broken: undefined };
    const reader = taken.world.processes[index];
    if (reader === undefined || serves(reader, goal)) {
      emit({ kind: "read", process: index }, released(taken.world, index, fence), taken.broken);
      continue;
    }
    emit(
      { kind: "acquire", process: index },
      withProcess(taken.world, index, { flight: leased(taken.world, goal, fence) }),
      taken.broken,
    );
  }
}

function leased(world: World, goal: Goal, fence: number): Flight {
  return {
    phase: "leased",
    goal,
    fence,
    isHeld: true,
    base: world.store.version,
    operationId: "",
    outcomeId: "",
    intent: undefined,
    at: 0,
    replaces: undefined,
    issued: undefined,
    isOvertaken: false,
    isRacing: false,
  };
}

function goalsOf(model: Model, world: World, process: Process): Goal[] {
  const { held, known, wants } = process;
  if (wants !== undefined) return [{ reason: "rejected", refused: wants }];
  if (held === undefined) return [{ reason: "cold" }];
  if (known?.suspect?.fingerprint === held.fingerprint)
    return [{ reason: "rejected", refused: held.fingerprint }];
  const goals: Goal[] =
    world.left.refreshes > 0 ? [{ reason: "advisory", replaces: held.commitId }] : [];
  const sinceMs = owedSinceMs(known);
  const isOwed = sinceMs !== undefined && storeNowMs(world, model) >= sinceMs + model.rules.drainMs;
  return isOwed ? [...goals, { reason: "reconcile", replaces: held.commitId }] : goals;
}

/**
 * The lease holder reads again, because its compare-and-set found another version, or because it
 * waits for a drain.
 */
export function look(world: World, index: number, emit: Emit): void {
  const flight = world.processes[index]?.flight;
  if (flight?.phase !== "leased" || !flight.isHeld || flight.base === world.store.version) return;
  emit(
    { kind: "look", process: index },
    withProcess(world, index, { flight: { ...flight, base: world.store.version } }),
  );
}

/** The intent is written; or it is not, because of what is stored, or because the lease is gone. */
export function announce(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  const flight = process?.flight;
  if (process === undefined || flight?.phase !== "leased") return;
  // A write that was on its way when the lease ended still lands, on the version that it was
  // decided on.
  if (!flight.isHeld && flight.base !== world.store.version && model.protocol.compares) {
    return emit(
      { kind: "yield", process: index },
      withProcess(released(world, index, flight.fence), index, { flight: undefined }),
    );
  }
  const aim = aimAt(flight.goal, world.store.document, process);
  const ids = { operationId: `${world.ids}`, outcomeId: `${world.ids + 1}` };
  const event: IntentEvent = {
    type: "intent",
    fence: flight.fence,
    forced: false,
    ...aim,
    ...ids,
    isDead: isConfirmed(model, aim),
  };
  const seen = model.protocol.compares ? undefined : { document: process.known };
  const applied = model.protocol.announces
    ? apply(model, { ...world, ids: world.ids + 2 }, event, seen)
    : unannounced(model, world, event);
  const { verdict } = applied;
  if (verdict.kind === "adopt") {
    const taken = take(
      model,
      withProcess(released(applied.world, index, flight.fence), index, { flight: undefined }),
      index,
    );
    return emit({ kind: "adopt", process: index }, taken.world, taken.broken);
  }
  if (verdict.kind !== "send") return;
  const broken = applied.broken ?? judgeNeed(model, world, aim);
  const at = {
    base: applied.world.store.version,
    at: world.now,
    isRacing: isRacing(world, index),
    replaces: world.store.document?.credential,
  };
  const announced: Flight = {
    ...flight,
    ...ids,
    ...at,
    phase: "announced",
    outcomeId: applied.document?.outcomeId ?? ids.outcomeId,
    goal: aim,
    intent: verdict.intent,
  };
  const next = spent(overtaken(applied.world, index), "sends");
  emit(
    { kind: "announce", process: index },
    withProcess(next, index, { flight: announced }),
    broken,
  );
  if (world.left.outages > 0) {
    const given = spent(
      withProcess(released(next, index, flight.fence), index, { flight: undefined }),
      "outages",
    );
    emit({ kind: "announce-unheard", process: index }, given, broken);
  }
}

/** What a mutant does that announces nothing: it sends at once. */
function unannounced(
  model: Model,
  world: World,
  event: IntentEvent,
): ReturnType<typeof apply<IntentEvent>> {
  const intent = {
    epoch: event.fence,
    operationId: event.operationId,
    atMs: storeNowMs(world, model),
  };
  const verdict = { kind: "send", intent, undrained: false, foreign: undefined } as const;
  return {
    world: { ...world, ids: world.ids + 2 },
    verdict,
    document: world.store.document,
    broken: undefined,
  };
}

/** All flights that were announced before have been overtaken by this announcement. */
function overtaken(world: World, index: number): World {
  const mark = (flight: Flight | undefined): Flight | undefined =>
    flight === undefined || flight.phase === "leased" || flight.isOvertaken
      ? flight
      : { ...flight, isOvertaken: true };
  const processes = world.processes.map((process, i) => {
    const flight = i === index ? process.flight : mark(process.flight);
    const pending = mark(process.pending);
    return flight === process.flight && pending === process.pending
      ? process
      : { ...process, flight, pending };
  });
  return { ...world, processes };
}

function isRacing({ platform, processes }: World, index: number): boolean {
  return (
    platform.orphans.length > 0 ||
    processes.some(
      ({ flight }, i) => i !== index && flight?.phase === "sent" && flight.issued === undefined,
    )
  );
}

function judgeNeed(model: Model, world: World, aim: Goal): string | undefined {
  if (!isReached(aim, world.store.document, storeNowMs(world, model))) return undefined;
  return `promise 1: a fetch for what has been replaced already (${aim.reason})`;
}

/** The last look at the lease, and the request leaves; or the intent is taken back. */
export function send(model: Model, world: World, index: number, emit: Emit): void {
  const flight = world.processes[index]?.flight;
  if (flight?.phase !== "announced") return;
  if (flight.isHeld)
    return emit(
      { kind: "send", process: index },
      withProcess(world, index, { flight: { ...flight, phase: "sent" } }),
    );
  const event = {
    type: "abandon",
    operationId: flight.operationId,
    outcomeId: `${world.ids}`,
    sentAtMs: flight.intent?.atMs ?? 0,
    outcome: "yielded",
    code: "LOCK_LOST",
  } as const;
  const { world: next, broken } = apply(model, { ...world, ids: world.ids + 1 }, event);
  emit(
    { kind: "yield", process: index },
    withProcess(released(next, index, flight.fence), index, { flight: undefined }),
    broken,
  );
}

function isConfirmed({ bounds }: Model, { reason }: Goal): boolean {
  return bounds.confirms && reason === "rejected";
}
