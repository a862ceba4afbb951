/** Lets a replica know what the fleet holds before anybody asks this one for it. */
import type { Cache, Clock, Credential } from "@lingpai/core";
import { decodeState, isLive } from "@lingpai/core/internal/state";

const lookMs = 5_000;

export interface AdoptionDependencies {
  /** Where the credentials' documents are: the environment's part of the store. */
  readonly cache: Cache;
  readonly clock: Clock;
}

/**
 * Takes over each credential that another replica has stored, soon after the start and after each
 * time that there was none. Never fetches: a server that merely starts must not replace a token.
 *
 * @param credentials what is served at the moment of each look. Returns what ends it.
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
    // With half a minute left the first caller would have to fetch anyway, and decides that.
    const isWorth = isLive(state, entry.storeNowMs + leastMs);
    if (isWorth && !signal.aborted) await credential.get({ signal });
  } catch {
    // The store is away, or the document is none that this release reads: each request says so.
  }
}

const leastMs = 60_000;
