/** Reads everything that a store has about each credential. It never writes. */
import { CacheUnavailableError, listClaims, UnreadableEntryError } from "@lingpai/core";
import type { Cache, Clock, ListedClaim } from "@lingpai/core";
import { decodeState } from "@lingpai/core/internal/state";
import type { State } from "@lingpai/core/internal/state";
import { factsOf } from "./platform-facts.ts";
import type { PlatformFacts } from "./platform-facts.ts";
import { isGone } from "./redis-sight.ts";

export interface SeenCredential {
  readonly id: string;
  readonly environment: string;
  readonly path: readonly string[];
  readonly facts: PlatformFacts;
  /** Undefined if nothing is stored, or it cannot be read. */
  readonly state: State | undefined;
  /** The reason why the document cannot be read. */
  readonly unreadable:
    | { readonly reason: UnreadableEntryError["reason"]; readonly text: string }
    | undefined;
  /** The store's clock when the document was read, in ms since the Unix epoch. */
  readonly storeNowMs: number;
}

/** The store's clock minus this machine's, in ms, and its uncertainty. */
export interface ClockSighting {
  readonly aheadMs: number;
  readonly uncertainMs: number;
}

export interface SeenCredentials {
  readonly credentials: readonly SeenCredential[];
  readonly unreadableClaims: readonly string[];
  /** Undefined if no entry showed the store's time. */
  readonly clock: ClockSighting | undefined;
}

/** A part of the data: what was read, or why it was not. */
export type Seen<T> = { readonly known: T } | { readonly unknown: string };

/**
 * @throws {CacheUnavailableError} The store cannot be reached. A store that refuses is no error:
 *   the data is then unknown.
 */
export async function seeCredentials(
  cache: Cache,
  clock: Clock,
  only: string | undefined,
  given: Readonly<Record<string, Partial<PlatformFacts>>>,
): Promise<Seen<SeenCredentials>> {
  try {
    const { claims, unreadable } = await listClaims(cache);
    const live = claims.filter(
      ({ environment, lapsesAtMs, storeNowMs }) =>
        lapsesAtMs > storeNowMs && (only === undefined || environment === only),
    );
    const credentials: SeenCredential[] = [];
    let sighting: ClockSighting | undefined;
    for (const claim of live) {
      const seen = await seeOne(cache, clock, claim, given[claim.credential]);
      credentials.push(seen.credential);
      if (seen.clock !== undefined && !(sighting && sighting.uncertainMs < seen.clock.uncertainMs))
        sighting = seen.clock;
    }
    const unreadableClaims = unreadable.map(({ why }) => why);
    return { known: { credentials, unreadableClaims, clock: sighting } };
  } catch (error) {
    if (!(error instanceof CacheUnavailableError) || isGone(error)) throw error;
    return { unknown: `The credentials cannot be listed: ${error.message}` };
  }
}

async function seeOne(
  cache: Cache,
  clock: Clock,
  claim: ListedClaim,
  given: Partial<PlatformFacts> | undefined,
): Promise<{ readonly credential: SeenCredential; readonly clock: ClockSighting | undefined }> {
  const { credential: id, environment, path } = claim;
  const facts = { ...factsOf(id), ...given };
  const whole = { id, environment, path, facts };
  const none = { ...whole, state: undefined, unreadable: undefined, storeNowMs: claim.storeNowMs };
  const before = clock.wallMs();
  try {
    const entry = await cache.at(path).get(id);
    const after = clock.wallMs();
    if (entry === undefined) return { credential: none, clock: undefined };
    const { storeNowMs } = entry;
    const sighting = {
      aheadMs: storeNowMs - (before + after) / 2,
      uncertainMs: Math.abs(after - before) / 2,
    };
    const state = decodeState(entry.value, id);
    return { credential: { ...none, state, storeNowMs }, clock: sighting };
  } catch (error) {
    if (!(error instanceof UnreadableEntryError)) throw error;
    const unreadable = { reason: error.reason, text: error.message };
    return { credential: { ...none, unreadable }, clock: undefined };
  }
}
