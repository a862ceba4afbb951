/**
 * The age of a credential that the platform hands out again and again, with the same text and
 * always its whole life as `expires_in`. The answer does not say when it ends, so the fleet
 * remembers when it saw which text: the life counts from there, whoever asked for it first.
 */
import { createHash } from "node:crypto";
import { delay } from "@lingpai/core";
import type { Clock, Issued, IssueRequest } from "@lingpai/core";
import type { TokenResponse } from "../transport/platform-answer.ts";

/** An answer, and between which instants of the platform's clock it was made. */
export interface DatedToken extends TokenResponse {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** What the fleet knows of one text, in ms since the Unix epoch by the platform's clock. */
interface Sighting {
  readonly hash: string;
  /**
   * The one before was still handed out then, so this one was issued later. Undefined: its age is
   * unknown.
   */
  readonly bornAfterMs?: number;
  /** The first answer that had it was made no sooner and no later. */
  readonly firstEarliestMs: number;
  readonly firstLatestMs: number;
  /** The newest answer that had it was made no sooner. */
  readonly lastSeenMs: number;
  /** How long it lives from its issue on. */
  readonly lifeMs: number;
}

interface Memory {
  readonly v: 1;
  readonly present: Sighting;
  /** The one before: a platform that answers from several machines may hand it out once more. */
  readonly earlier?: Sighting;
}

/** Below this nothing is worth storing: the next answer is waited for instead. */
const leastMs = 1_000;
/** An uncertainty up to here is waited out rather than served through. */
const waitedOutMs = 2_000;
const waitsMax = 6;

export interface RepeatedAnswers {
  readonly request: Pick<IssueRequest, "signal" | "current">;
  readonly clock: Clock;
  /**
   * While it is unknown when the credential ends, it is asked for again about this often, in ms.
   */
  readonly confirmMs: number;
  /** Asks the platform once. */
  ask(): Promise<DatedToken>;
}

/**
 * Asks, and counts the answer's life from when its text was first seen. Near the end, where the
 * same text comes once more, it waits for the next one for at most some seconds: a caller that
 * waits is better off than one with a dead credential.
 */
export async function issueOfKnownAge({
  request,
  clock,
  confirmMs,
  ask,
}: RepeatedAnswers): Promise<Issued> {
  let memory = memoryOf(request.current);
  for (let waits = 0; ; waits += 1) {
    const grant = await ask();
    if (grant.expiresInMs <= 2 * leastMs)
      return { secret: grant.secret, expiresInMs: grant.expiresInMs };
    memory = remembered(memory, grant);
    const { present } = memory;
    const servedMs = Math.min(grant.expiresInMs, lifeLeftMs(present, grant.latestMs, confirmMs));
    if (servedMs >= leastMs || waits === waitsMax)
      return issued(memory, grant.secret, Math.max(leastMs, servedMs));
    if (grant.latestMs >= present.firstLatestMs + present.lifeMs + leastMs) {
      // It outlives the life that the platform claims: nothing is known of its end.
      return issued({ v: 1, present: firstSight(grant) }, grant.secret, confirmMs);
    }
    await delay(clock, leastMs, request.signal);
  }
}

function issued(memory: Memory, secret: string, expiresInMs: number): Issued {
  const isAgeUnknown = memory.present.bornAfterMs === undefined;
  return {
    secret,
    expiresInMs,
    carry: JSON.stringify(memory),
    ...(isAgeUnknown && { isAgeUnknown }),
  };
}

function remembered(memory: Memory | undefined, grant: DatedToken): Memory {
  const hash = hashOf(grant.secret);
  const again = (known: Sighting): Sighting => ({
    ...known,
    lastSeenMs: Math.max(known.lastSeenMs, grant.earliestMs),
  });
  if (memory === undefined) return { v: 1, present: firstSight(grant) };
  const { present, earlier } = memory;
  if (present.hash === hash) return { ...memory, present: again(present) };
  if (earlier?.hash === hash) return { v: 1, present: again(earlier), earlier: present };
  return {
    v: 1,
    present: { ...firstSight(grant), bornAfterMs: present.lastSeenMs },
    earlier: present,
  };
}

function firstSight({ secret, expiresInMs, earliestMs, latestMs }: DatedToken): Sighting {
  return {
    hash: hashOf(secret),
    firstEarliestMs: earliestMs,
    firstLatestMs: latestMs,
    lastSeenMs: earliestMs,
    lifeMs: expiresInMs,
  };
}

/**
 * How long it may be served from now on, in ms. Up to `bornAfterMs` and its life it lives for
 * certain; between that and `firstEarliestMs` and its life only an answer tells, and holds for a
 * part of the uncertainty.
 */
function lifeLeftMs(
  { bornAfterMs, firstEarliestMs, lifeMs }: Sighting,
  nowMs: number,
  confirmMs: number,
): number {
  const bornMs = bornAfterMs ?? Number.NEGATIVE_INFINITY;
  const certainMs = bornMs + lifeMs - nowMs;
  if (certainMs >= leastMs) return certainMs;
  const uncertaintyMs = firstEarliestMs - bornMs;
  if (uncertaintyMs <= waitedOutMs) return 0;
  return Math.min(
    firstEarliestMs + lifeMs - nowMs,
    Math.max(leastMs, Math.min(confirmMs, uncertaintyMs / 20)),
  );
}

/**
 * For a platform that does count down: what a text has left is never more than its first answer
 * said.
 */
export function issueWithinFirstClaim(
  current: IssueRequest["current"],
  grant: DatedToken,
  confirmMs: number,
): Issued {
  const { secret, expiresInMs, earliestMs, latestMs } = grant;
  const memory = memoryOf(current);
  const present = memory?.present.hash === hashOf(secret) ? memory.present : firstSight(grant);
  const leftMs = present.firstLatestMs + present.lifeMs - latestMs;
  const carry = JSON.stringify({ v: 1, present: { ...present, lastSeenMs: earliestMs } });
  return {
    secret,
    expiresInMs: Math.min(expiresInMs, leftMs >= leastMs ? leftMs : confirmMs),
    carry,
  };
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/**
 * What was stored with the present credential; undefined where that is another's, or not what this
 * file writes.
 */
function memoryOf(current: IssueRequest["current"]): Memory | undefined {
  if (current?.carry === undefined) return undefined;
  try {
    const memory: unknown = JSON.parse(current.carry.reveal());
    return isMemory(memory) && memory.present.hash === hashOf(current.secret.reveal())
      ? memory
      : undefined;
  } catch {
    return undefined;
  }
}

function isMemory(value: unknown): value is Memory {
  if (
    typeof value !== "object" ||
    value === null ||
    !("v" in value) ||
    value.v !== 1 ||
    !("present" in value)
  )
    return false;
  return isSighting(value.present) && (!("earlier" in value) || isSighting(value.earlier));
}

const instants = ["firstEarliestMs", "firstLatestMs", "lastSeenMs", "lifeMs"];

function isSighting(value: unknown): value is Sighting {
  if (typeof value !== "object" || value === null) return false;
  const { hash, bornAfterMs, ...rest } = value as Record<string, unknown>;
  const isInstant = (instant: unknown): boolean => Number.isFinite(instant);
  return (
    typeof hash === "string" &&
    (bornAfterMs === undefined || isInstant(bornAfterMs)) &&
    instants.every((name) => isInstant(rest[name]))
  );
}
