/**
 * Finds the age of a credential that the platform returns again and again, with the same text and
 * always the whole lifetime as `expires_in`. The answer does not say when the credential ends, so
 * the fleet remembers when it first saw each text, and counts the lifetime from there.
 */
import { createHash } from "node:crypto";
import { delay } from "@lingpai/core";
import type { Clock, Issued, IssueRequest, Secret } from "@lingpai/core";
import type { TokenResponse } from "../transport/platform-answer.ts";

/** A token response, and the two instants of the platform's clock between which it was made. */
export interface DatedToken extends TokenResponse {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** The fleet's knowledge of one text, in ms since the Unix epoch by the platform's clock. */
interface Sighting {
  readonly hash: string;
  /**
   * At this instant the platform still returned the text before, so this text was issued later.
   * Undefined: its age is unknown.
   */
  readonly bornAfterMs?: number;
  /** The first answer with this text was made between these two instants. */
  readonly firstEarliestMs: number;
  readonly firstLatestMs: number;
  /** The newest answer with this text was made no earlier. */
  readonly lastSeenMs: number;
  /** The lifetime, counted from the issue. */
  readonly lifeMs: number;
}

interface Memory {
  readonly v: 1;
  readonly present: Sighting;
  /** The text before. A platform that answers from several machines may return it once more. */
  readonly earlier?: Sighting;
}

/** A shorter rest of a lifetime is not worth storing: wait for the next answer instead. */
const leastMs = 1_000;
/** The largest uncertainty, in ms, that is waited out instead of served through. */
const waitedOutMs = 2_000;
const waitsMax = 6;

export interface RepeatedAnswers {
  readonly request: Pick<IssueRequest, "signal" | "current">;
  readonly clock: Clock;
  /** How often to ask again, in ms, while it is unknown when the credential ends. */
  readonly confirmMs: number;
  /** Asks the platform once. */
  requestToken(): Promise<DatedToken>;
}

/**
 * Asks the platform, and counts the lifetime of the answer from when its text was first seen. Near
 * the end, when the same text comes once more, it waits up to some seconds for the next one: a
 * caller that waits is better off than a caller with a dead credential.
 */
export async function issueOfKnownAge({
  request,
  clock,
  confirmMs,
  requestToken,
}: RepeatedAnswers): Promise<Issued> {
  let memory = memoryOf(request.current);
  for (let waits = 0; ; waits += 1) {
    const grant = await requestToken();
    if (grant.expiresInMs <= 2 * leastMs)
      return { secret: grant.secret, expiresInMs: grant.expiresInMs };
    memory = remembered(memory, grant);
    const { present } = memory;
    const servedMs = Math.min(grant.expiresInMs, lifeLeftMs(present, grant.latestMs, confirmMs));
    if (servedMs >= leastMs || waits === waitsMax)
      return issued(memory, grant.secret, Math.max(leastMs, servedMs));
    if (grant.latestMs >= present.firstLatestMs + present.lifeMs + leastMs) {
      // The text outlives the lifetime that the platform states, so its end is unknown.
      return issued({ v: 1, present: firstSight(grant) }, grant.secret, confirmMs);
    }
    await delay(clock, leastMs, request.signal);
  }
}

function issued(memory: Memory, secret: Secret, expiresInMs: number): Issued {
  const isAgeUnknown = memory.present.bornAfterMs === undefined;
  return {
    secret,
    expiresInMs,
    nextInput: JSON.stringify(memory),
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
 * How long the text may be served from now on, in ms. It certainly lives until `bornAfterMs` plus
 * its lifetime. After that, until `firstEarliestMs` plus its lifetime, only an answer tells; an
 * answer holds for a part of the uncertainty.
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
 * For a platform that counts `expires_in` down: the rest of a text's lifetime is never longer than
 * its first answer stated.
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
  const nextInput = JSON.stringify({ v: 1, present: { ...present, lastSeenMs: earliestMs } });
  return {
    secret,
    expiresInMs: Math.min(expiresInMs, leftMs >= leastMs ? leftMs : confirmMs),
    nextInput,
  };
}

function hashOf(secret: Secret): string {
  return createHash("sha256").update(secret.reveal()).digest("base64url");
}

/**
 * The memory stored with the present credential. Undefined: it belongs to another credential, or
 * has another format.
 */
function memoryOf(current: IssueRequest["current"]): Memory | undefined {
  if (current?.nextInput === undefined) return undefined;
  try {
    const memory: unknown = JSON.parse(current.nextInput.reveal());
    return isMemory(memory) && memory.present.hash === hashOf(current.secret) ? memory : undefined;
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
