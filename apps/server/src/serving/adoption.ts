/** Adopts the fleet's tokens before a caller asks this replica for them. */
import type { Cache, Clock, Credential } from "@lingpai/core";
import { decodeState, isLive } from "@lingpai/core/internal/state";

const lookMs = 5_000;

export interface AdoptionDependencies {
  /** The cache of the credentials' documents: the environment's part of the store. */
  readonly cache: Cache;
  readonly clock: Clock;
}

/**
 * Adopts each credential that another replica has stored, soon after the start and whenever there
 * was none. It never fetches, because a start must not replace a token.
 *
 * @param credentials returns the credentials that are served at the time of each read.
 * @returns a function that ends it.
 */
export function adoptStored(
  credentials: () => readonly Credential[],
  { cache, clock }: AdoptionDependencies,
): () => void {
  const ended = new AbortController();
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    const absent = credentials().filter((each) => each.status().state === "none");
    await Promise.all(absent.map((each) => adopt(each, cache, ended.signal)));
    if (!ended.signal.aborted) cancel = clock.setTimer(lookMs, () => void look(), background);
  };
  void look();
  return () => {
    ended.abort();
    cancel();
  };
}

const background = { background: true };

async function adopt(credential: Credential, cache: Cache, signal: AbortSignal): Promise<void> {
  try {
    const entry = await cache.get(credential.id);
    if (entry === undefined) return;
    const state = decodeState(entry.value, credential.id);
    // With less than half a minute left, the first caller has to fetch anyway, and its request
    // decides.
    const isWorth = isLive(state, entry.storeNowMs + leastMs);
    if (isWorth && !signal.aborted) await credential.get({ signal });
  } catch {
    // The store is unreachable, or the document cannot be read by this release. Each request
    // reports it.
  }
}

const leastMs = 60_000;
