/** How a request ends, and what the fleet is told of it. Mirrors core's `Recorder`. */
import type { CommitEvent, StoredCredential, State } from "@lingpai/core/internal/state";
import { apply, type Applied } from "./document.ts";
import { adopted, note, take, type Taken } from "./local-view.ts";
import type { Model } from "../model/model.ts";
import type { Emit } from "../model/step.ts";
import {
  fingerprintOf,
  released,
  spent,
  storeNowMs,
  withProcess,
  type Flight,
  type World,
} from "../model/world.ts";

/** An answer has come: it is stored, or kept while the store cannot be reached. */
export function commit(model: Model, world: World, index: number, emit: Emit): void {
  const flight = world.processes[index]?.flight;
  if (flight?.phase !== "sent" || flight.issued === undefined || flight.intent === undefined)
    return;
  const stored = store(model, world, index, flight);
  emit({ kind: "commit", process: index }, landed(stored.world, index, flight), stored.broken);
  if (world.left.outages === 0) return;
  const kept = serveUnstored(model, world, index, flight);
  const pending = { ...flight, isHeld: false };
  emit(
    { kind: "keep", process: index },
    withProcess(spent(landed(kept.world, index, flight), "outages"), index, { pending }),
    kept.broken,
  );
}

/** The store takes what was kept. */
export function commitKept(model: Model, world: World, index: number, emit: Emit): void {
  const pending = world.processes[index]?.pending;
  if (pending === undefined) return;
  const stored = store(model, world, index, pending);
  emit(
    { kind: "commit-kept", process: index },
    withProcess(stored.world, index, { pending: undefined }),
    stored.broken,
  );
}

function store(model: Model, world: World, index: number, flight: Flight): Taken {
  const event = { ...answerOf(model, world, flight), outcomeId: `${world.ids}` };
  const applied = apply(model, { ...world, ids: world.ids + 1 }, event);
  const broken = applied.broken ?? judgeDoubt(model, world, flight, applied);
  const isLost = !flight.isHeld && world.store.granted > flight.fence;
  const concluded = conclude(
    model,
    isLost ? { ...applied, world: { ...applied.world, noticedAt: world.now } } : applied,
    index,
  );
  return { world: concluded.world, broken: broken ?? concluded.broken };
}

function conclude(
  model: Model,
  { world, verdict, document }: Applied<CommitEvent>,
  index: number,
): Taken {
  const held = document?.credential;
  const process = world.processes[index];
  if (process === undefined || document === undefined || held === undefined)
    return { world, broken: undefined };
  if (verdict.kind === "superseded") return take(model, world, index);
  if (process.refused.includes(held.fingerprint))
    return { world: withProcess(world, index, note(process, document)), broken: undefined };
  return adopted(world, index, document, held);
}

function serveUnstored(model: Model, world: World, index: number, flight: Flight): Taken {
  const { issued, epoch, operationId } = answerOf(model, world, flight);
  const held: StoredCredential = {
    ...issued,
    generation: (flight.replaces?.generation ?? 0) + 1,
    epoch,
    commitId: operationId,
  };
  const known: State | undefined = world.processes[index]?.known ?? world.store.document;
  if (known === undefined) return { world, broken: undefined };
  const { previous: _, ...rest } = known;
  const previous = flight.replaces && {
    previous: { fingerprint: flight.replaces.fingerprint, usableUntilMs: 0 },
  };
  return adopted(world, index, { ...rest, ...previous, credential: held }, held);
}

/** Nobody looks at how long it lives: an expiry is like a rejection that needs no report. */
const foreverMs = 1_000_000_000_000;
const author = { node: "", environment: "", reason: "cold" } as const;

function answerOf(
  model: Model,
  world: World,
  { intent, operationId, outcomeId, isHeld, issued, goal }: Flight,
): CommitEvent {
  const fingerprint = fingerprintOf(issued ?? 0);
  const sentAtMs = intent?.atMs ?? 0;
  return {
    type: "commit",
    epoch: intent?.epoch ?? 0,
    operationId,
    intentOutcomeId: outcomeId,
    outcomeId: "",
    leaseHeld: isHeld,
    issued: {
      secret: fingerprint,
      fingerprint,
      sentAtMs,
      issuedAtMs: storeNowMs(world, model),
      expiresAtMs: foreverMs,
      by: { ...author, reason: goal.reason },
    },
  };
}

/** I7: two fetches that overlapped leave doubt, as soon as the later of their outcomes is known. */
function judgeDoubt(
  model: Model,
  world: World,
  flight: Flight,
  { verdict, document }: Applied<CommitEvent>,
): string | undefined {
  if (verdict.kind === "repeated" || document?.doubtSinceMs !== undefined) return undefined;
  if (flight.isOvertaken)
    return "I7: another fetch was announced during this one, and nobody is in doubt";
  const isForgotten = world.left.failovers < model.bounds.failovers;
  return flight.isRacing && !isForgotten
    ? "I7: an earlier request could still be processed when this one left, and nobody is in doubt"
    : undefined;
}

/** The platform says no: nothing was issued. */
export function refuse(model: Model, world: World, index: number, emit: Emit): void {
  const flight = world.processes[index]?.flight;
  if (flight?.phase !== "sent" || flight.issued !== undefined || world.left.refusals === 0) return;
  const told = spent(world, "refusals");
  const end = abandoned(model, told, flight, "refused", false);
  emit({ kind: "refuse", process: index }, landed(end.world, index, flight), end.broken);
  const retry = abandoned(model, told, flight, "refused", true);
  const leased: Flight = {
    ...flight,
    phase: "leased",
    base: retry.world.store.version,
    intent: undefined,
    isOvertaken: false,
    isRacing: false,
    replaces: undefined,
  };
  emit(
    { kind: "refuse-and-retry", process: index },
    withProcess(retry.world, index, { flight: leased }),
    retry.broken,
  );
}

/** The process gives up waiting. What it sent may still be processed. */
export function timeOut(world: World, index: number, emit: Emit): void {
  const flight = world.processes[index]?.flight;
  if (flight?.phase !== "sent" || world.left.timeouts === 0) return;
  const failed = withProcess(spent(world, "timeouts"), index, {
    flight: { ...flight, phase: "failed" },
  });
  emit({ kind: "time-out", process: index }, orphaned(failed, flight));
}

/** The process tells the fleet that it does not know; or cannot even do that. */
export function abandon(model: Model, world: World, index: number, emit: Emit): void {
  const flight = world.processes[index]?.flight;
  if (flight?.phase !== "failed") return;
  const end = abandoned(model, world, flight, "unknown", false);
  const process = end.world.processes[index];
  const noted =
    process && end.document
      ? withProcess(end.world, index, note(process, end.document))
      : end.world;
  emit({ kind: "abandon", process: index }, landed(noted, index, flight), end.broken);
  if (world.left.outages > 0)
    emit(
      { kind: "abandon-unheard", process: index },
      landed(spent(world, "outages"), index, flight),
    );
}

function abandoned(
  model: Model,
  world: World,
  flight: Flight,
  outcome: "refused" | "unknown",
  again: boolean,
): ReturnType<typeof apply> {
  const sentAtMs = flight.intent?.atMs ?? 0;
  return apply(
    model,
    { ...world, ids: world.ids + 1 },
    {
      type: "abandon",
      operationId: flight.operationId,
      outcomeId: `${world.ids}`,
      sentAtMs,
      outcome,
      code: "",
      again,
    },
  );
}

/** The flight is over and the lock is free. */
function landed(world: World, index: number, flight: Flight): World {
  return withProcess(released(world, index, flight.fence), index, { flight: undefined });
}

/**
 * Nobody waits for this request any more; if the platform has not processed it, it may still do so.
 */
export function orphaned(world: World, flight: Flight): World {
  if (flight.phase !== "sent" || flight.issued !== undefined) return world;
  return {
    ...world,
    platform: {
      ...world.platform,
      orphans: [...world.platform.orphans, flight.at].toSorted((a, b) => a - b),
    },
  };
}
