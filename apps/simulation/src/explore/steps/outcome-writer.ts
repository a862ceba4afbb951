/** Ends a request, and writes its outcome. Mirrors the outcome writer in core. */
import type { CommitEvent, StoredCredential, State } from "@lingpai/core/internal/state";
import { apply, type Applied } from "./document.ts";
import { adopted, withKnown, readDocument, type ReadResult } from "./local-view.ts";
import { storeNowMs, type Model } from "../model/model.ts";
import type { Emit } from "../model/step.ts";
import {
  fingerprintOf,
  released,
  spend,
  withProcess,
  type Attempt,
  type World,
} from "../model/world.ts";

/** The answer arrives. It is stored, or kept while the store is unreachable. */
export function commit(model: Model, world: World, index: number, emit: Emit): void {
  const attempt = world.processes[index]?.attempt;
  if (attempt?.phase !== "sent" || attempt.issued === undefined || attempt.intent === undefined)
    return;
  const stored = store(model, world, index, attempt);
  emit({ kind: "commit", process: index }, ended(stored.world, index, attempt), stored.broken);
  if (world.left.outages === 0) return;
  const kept = serveUnstored(model, world, index, attempt);
  const pending = { ...attempt, isHeld: false };
  emit(
    { kind: "keep", process: index },
    withProcess(spend(ended(kept.world, index, attempt), "outages"), index, { pending }),
    kept.broken,
  );
}

/** The kept answer is stored. */
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

function store(model: Model, world: World, index: number, attempt: Attempt): ReadResult {
  const event = { ...answerOf(model, world, attempt), outcomeId: `${world.ids}` };
  const applied = apply(model, { ...world, ids: world.ids + 1 }, event);
  const broken = applied.broken ?? judgeDoubt(model, world, attempt, applied);
  const isLost = !attempt.isHeld && world.store.granted > attempt.fence;
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
): ReadResult {
  const cached = document?.credential;
  const process = world.processes[index];
  if (process === undefined || document === undefined || cached === undefined)
    return { world, broken: undefined };
  if (verdict.kind === "superseded") return readDocument(model, world, index);
  if (process.refused.includes(cached.fingerprint))
    return { world: withProcess(world, index, withKnown(process, document)), broken: undefined };
  return adopted(world, index, document, cached);
}

function serveUnstored(model: Model, world: World, index: number, attempt: Attempt): ReadResult {
  const { issued, epoch, operationId } = answerOf(model, world, attempt);
  const cached: StoredCredential = {
    ...issued,
    generation: (attempt.replaces?.generation ?? 0) + 1,
    epoch,
    commitId: operationId,
  };
  const known: State | undefined = world.processes[index]?.known ?? world.store.document;
  if (known === undefined) return { world, broken: undefined };
  const { previous: _, ...rest } = known;
  const previous = attempt.replaces && {
    previous: { fingerprint: attempt.replaces.fingerprint },
  };
  return adopted(world, index, { ...rest, ...previous, credential: cached }, cached);
}

/** No step reads the lifetime: an expiry is like a rejection without a report. */
const lifetimeMs = 1_000_000_000_000;
const author = { node: "", environment: "", reason: "cold" } as const;

function answerOf(
  model: Model,
  world: World,
  { intent, operationId, outcomeId, isHeld, issued, goal }: Attempt,
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
      expiresAtMs: lifetimeMs,
      by: { ...author, reason: goal.reason },
    },
  };
}

/**
 * I7: two fetches that overlapped leave a doubt as soon as the later of their outcomes is
 * known.
 */
function judgeDoubt(
  model: Model,
  world: World,
  attempt: Attempt,
  { verdict, document }: Applied<CommitEvent>,
): string | undefined {
  if (verdict.kind === "repeated" || document?.doubtSinceMs !== undefined) return undefined;
  if (attempt.isOvertaken)
    return "I7: another intent was written during this fetch, and the document is not in doubt";
  const isForgotten = world.left.failovers < model.bounds.failovers;
  return attempt.isRacing && !isForgotten
    ? "I7: an earlier request could still be processed when this one left, and the document is not in doubt"
    : undefined;
}

/** The platform refuses and issues nothing. */
export function refuse(model: Model, world: World, index: number, emit: Emit): void {
  const attempt = world.processes[index]?.attempt;
  if (attempt?.phase !== "sent" || attempt.issued !== undefined || world.left.refusals === 0)
    return;
  const told = spend(world, "refusals");
  const end = abandoned(model, told, attempt, "refused", false);
  emit({ kind: "refuse", process: index }, ended(end.world, index, attempt), end.broken);
  const retry = abandoned(model, told, attempt, "refused", true);
  const leased: Attempt = {
    ...attempt,
    phase: "leased",
    base: retry.world.store.version,
    intent: undefined,
    isOvertaken: false,
    isRacing: false,
    replaces: undefined,
  };
  emit(
    { kind: "refuse-and-retry", process: index },
    withProcess(retry.world, index, { attempt: leased }),
    retry.broken,
  );
}

/** The process times out. Its request may still be processed. */
export function timeOut(world: World, index: number, emit: Emit): void {
  const attempt = world.processes[index]?.attempt;
  if (attempt?.phase !== "sent" || world.left.timeouts === 0) return;
  const failed = withProcess(spend(world, "timeouts"), index, {
    attempt: { ...attempt, phase: "failed" },
  });
  emit({ kind: "time-out", process: index }, orphaned(failed, attempt));
}

/** The process records that the outcome is unknown, or cannot reach the store to do so. */
export function abandon(model: Model, world: World, index: number, emit: Emit): void {
  const attempt = world.processes[index]?.attempt;
  if (attempt?.phase !== "failed") return;
  const end = abandoned(model, world, attempt, "unknown", false);
  const process = end.world.processes[index];
  const noted =
    process && end.document
      ? withProcess(end.world, index, withKnown(process, end.document))
      : end.world;
  emit({ kind: "abandon", process: index }, ended(noted, index, attempt), end.broken);
  if (world.left.outages > 0)
    emit(
      { kind: "abandon-unacknowledged", process: index },
      ended(spend(world, "outages"), index, attempt),
    );
}

function abandoned(
  model: Model,
  world: World,
  attempt: Attempt,
  outcome: "refused" | "unknown",
  again: boolean,
): ReturnType<typeof apply> {
  const sentAtMs = attempt.intent?.atMs ?? 0;
  return apply(
    model,
    { ...world, ids: world.ids + 1 },
    {
      type: "abandon",
      operationId: attempt.operationId,
      outcomeId: `${world.ids}`,
      sentAtMs,
      outcome,
      code: "",
      again,
    },
  );
}

/** The attempt has ended and the lock is free. */
function ended(world: World, index: number, attempt: Attempt): World {
  return withProcess(released(world, index, attempt.fence), index, { attempt: undefined });
}

/** Abandons the request of this attempt. If the platform has not processed it yet, it still may. */
export function orphaned(world: World, attempt: Attempt): World {
  if (attempt.phase !== "sent" || attempt.issued !== undefined) return world;
  return {
    ...world,
    platform: {
      ...world.platform,
      orphans: [...world.platform.orphans, attempt.at].toSorted((a, b) => a - b),
    },
  };
}
