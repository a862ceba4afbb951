/**
 * The steps of the leader, from the lock to the intent to the request. Mirrors the leader in core.
 */
import { owedSinceMs, type IntentEvent } from "@lingpai/core/internal/state";
import { apply } from "./document.ts";
import { resolveGoal, isReached, serves } from "../model/goal.ts";
import { readDocument } from "./local-view.ts";
import { storeNowMs, type Model } from "../model/model.ts";
import type { Emit } from "../model/step.ts";
import {
  nobody,
  released,
  spend,
  withProcess,
  type Attempt,
  type Process,
  type World,
  type Goal,
} from "../model/world.ts";

/** A process without an attempt gets the lock for one of its goals and reads the document. */
export function acquire(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  const { store } = world;
  if (process === undefined || process.attempt !== undefined || process.pending !== undefined)
    return;
  if (store.lock.holder !== nobody || world.left.sends === 0) return;
  for (const goal of goalsOf(model, world, process)) {
    const fence = store.lock.fence + 1;
    const granted = Math.max(store.granted, fence);
    const next = {
      ...(goal.reason === "advisory" ? spend(world, "refreshes") : world),
      store: { ...store, lock: { holder: index, fence }, granted },
    };
    const result = model.protocol.rereads
      ? readDocument(model, next, index)
      : { world: next, broken: undefined };
    const reader = result.world.processes[index];
    if (reader === undefined || serves(reader, goal)) {
      emit({ kind: "read", process: index }, released(result.world, index, fence), result.broken);
      continue;
    }
    emit(
      { kind: "acquire", process: index },
      withProcess(result.world, index, { attempt: leased(result.world, goal, fence) }),
      result.broken,
    );
  }
}

function leased(world: World, goal: Goal, fence: number): Attempt {
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
  const { cached, known, wants } = process;
  if (wants !== undefined) return [{ reason: "rejected", refused: wants }];
  if (cached === undefined) return [{ reason: "cold" }];
  if (known?.suspect?.fingerprint === cached.fingerprint)
    return [{ reason: "rejected", refused: cached.fingerprint }];
  const goals: Goal[] =
    world.left.refreshes > 0 ? [{ reason: "advisory", replaces: cached.commitId }] : [];
  const sinceMs = owedSinceMs(known);
  const isOwed = sinceMs !== undefined && storeNowMs(world, model) >= sinceMs + model.rules.drainMs;
  return isOwed ? [...goals, { reason: "reconcile", replaces: cached.commitId }] : goals;
}

/**
 * The lease holder reads again because its compare-and-set found another version, or because it
 * waits for a drain.
 */
export function look(world: World, index: number, emit: Emit): void {
  const attempt = world.processes[index]?.attempt;
  if (attempt?.phase !== "leased" || !attempt.isHeld || attempt.base === world.store.version)
    return;
  emit(
    { kind: "look", process: index },
    withProcess(world, index, { attempt: { ...attempt, base: world.store.version } }),
  );
}

/** The intent is written, unless the document or a lost lease prevents it. */
export function writeIntent(model: Model, world: World, index: number, emit: Emit): void {
  const process = world.processes[index];
  const attempt = process?.attempt;
  if (process === undefined || attempt?.phase !== "leased") return;
  // A write that was in flight when the lease ended still applies to the version on which it was
  // decided.
  if (!attempt.isHeld && attempt.base !== world.store.version && model.protocol.compares) {
    return emit(
      { kind: "yield", process: index },
      withProcess(released(world, index, attempt.fence), index, { attempt: undefined }),
    );
  }
  const resolved = resolveGoal(attempt.goal, world.store.document, process);
  const ids = { operationId: `${world.ids}`, outcomeId: `${world.ids + 1}` };
  const event: IntentEvent = {
    type: "intent",
    fence: attempt.fence,
    forced: false,
    ...resolved,
    ...ids,
    isDead: isConfirmed(model, resolved),
  };
  const seen = model.protocol.compares ? undefined : { document: process.known };
  const applied = model.protocol.writesIntent
    ? apply(model, { ...world, ids: world.ids + 2 }, event, seen)
    : withoutIntent(model, world, event);
  const { verdict } = applied;
  if (verdict.kind === "adopt") {
    const result = readDocument(
      model,
      withProcess(released(applied.world, index, attempt.fence), index, { attempt: undefined }),
      index,
    );
    return emit({ kind: "adopt", process: index }, result.world, result.broken);
  }
  if (verdict.kind !== "send") return;
  const broken = applied.broken ?? judgeNeed(model, world, resolved);
  const at = {
    base: applied.world.store.version,
    at: world.now,
    isRacing: isRacing(world, index),
    replaces: world.store.document?.credential,
  };
  const announced: Attempt = {
    ...attempt,
    ...ids,
    ...at,
    phase: "intent-written",
    outcomeId: applied.document?.outcomeId ?? ids.outcomeId,
    goal: resolved,
    intent: verdict.intent,
  };
  const next = spend(overtaken(applied.world, index), "sends");
  emit(
    { kind: "write-intent", process: index },
    withProcess(next, index, { attempt: announced }),
    broken,
  );
  if (world.left.outages > 0) {
    const given = spend(
      withProcess(released(next, index, attempt.fence), index, { attempt: undefined }),
      "outages",
    );
    emit({ kind: "intent-unacknowledged", process: index }, given, broken);
  }
}

/** The mutant that writes no intent sends at once. */
function withoutIntent(
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

/** Marks all attempts whose intents are older as overtaken. */
function overtaken(world: World, index: number): World {
  const mark = (attempt: Attempt | undefined): Attempt | undefined =>
    attempt === undefined || attempt.phase === "leased" || attempt.isOvertaken
      ? attempt
      : { ...attempt, isOvertaken: true };
  const processes = world.processes.map((process, i) => {
    const attempt = i === index ? process.attempt : mark(process.attempt);
    const pending = mark(process.pending);
    return attempt === process.attempt && pending === process.pending
      ? process
      : { ...process, attempt, pending };
  });
  return { ...world, processes };
}

function isRacing({ platform, processes }: World, index: number): boolean {
  return (
    platform.orphans.length > 0 ||
    processes.some(
      ({ attempt }, i) => i !== index && attempt?.phase === "sent" && attempt.issued === undefined,
    )
  );
}

function judgeNeed(model: Model, world: World, resolved: Goal): string | undefined {
  if (!isReached(resolved, world.store.document, storeNowMs(world, model))) return undefined;
  return `promise 1: a fetch for a credential that was already replaced (${resolved.reason})`;
}

/** The leader checks its lease a last time and sends the request, or withdraws the intent. */
export function send(model: Model, world: World, index: number, emit: Emit): void {
  const attempt = world.processes[index]?.attempt;
  if (attempt?.phase !== "intent-written") return;
  if (attempt.isHeld)
    return emit(
      { kind: "send", process: index },
      withProcess(world, index, { attempt: { ...attempt, phase: "sent" } }),
    );
  const event = {
    type: "abandon",
    operationId: attempt.operationId,
    outcomeId: `${world.ids}`,
    sentAtMs: attempt.intent?.atMs ?? 0,
    outcome: "yielded",
    code: "LOCK_LOST",
  } as const;
  const { world: next, broken } = apply(model, { ...world, ids: world.ids + 1 }, event);
  emit(
    { kind: "yield", process: index },
    withProcess(released(next, index, attempt.fence), index, { attempt: undefined }),
    broken,
  );
}

function isConfirmed({ bounds }: Model, { reason }: Goal): boolean {
  return bounds.confirms && reason === "rejected";
}
