/** Reads what a store contains about each credential. Fetches nothing and changes nothing. */
import { listClaims, UnreadableEntryError, type Cache, type ListedClaim } from "@lingpai/core";
import { decodeState, isDead, isLive, type State } from "@lingpai/core/internal/state";
import { findingsOf, type Finding } from "./findings.ts";

export interface CredentialReport {
  readonly id: string;
  readonly environment: string;
  readonly state: "live" | "ended" | "dead" | "none" | "unreadable";
  readonly generation?: number;
  /** The first 8 characters of its fingerprint. */
  readonly fingerprint?: string;
  readonly ageMs?: number;
  readonly remainingMs?: number;
  readonly by?: { readonly node: string; readonly environment: string; readonly reason: string };
  /** The number of fetches on the last day that had any. */
  readonly fetches?: number;
  readonly findings: readonly Finding[];
}

/**
 * @param environment only the credentials of this one.
 * @throws {CacheUnavailableError} The store cannot be reached.
 */
export async function readStatus(
  cache: Cache,
  environment?: string,
): Promise<readonly CredentialReport[]> {
  const { claims, unreadable } = await listClaims(cache);
  const reports: CredentialReport[] = [];
  for (const claim of claims) {
    if (environment !== undefined && claim.environment !== environment) continue;
    if (claim.lapsesAtMs <= claim.storeNowMs) continue;
    reports.push(await reportOn(cache, claim, claims));
  }
  return [
    ...reports,
    ...unreadable.map(({ credential, why }) => unreadableReport(credential, "", why)),
  ];
}

async function reportOn(
  cache: Cache,
  claim: ListedClaim,
  claims: readonly ListedClaim[],
): Promise<CredentialReport> {
  const { credential: id, environment, path } = claim;
  try {
    const entry = await cache.at(path).get(id);
    if (entry === undefined) return { id, environment, state: "none", findings: [] };
    const { storeNowMs } = entry;
    const state = decodeState(entry.value, id);
    const sharers = claims.filter(
      (other) =>
        other.credential === id &&
        other.lapsesAtMs > storeNowMs &&
        JSON.stringify(other.path) !== JSON.stringify(path),
    );
    return {
      id,
      environment,
      ...lifeOf(state, storeNowMs),
      findings: findingsOf(state, storeNowMs, sharers),
    };
  } catch (error) {
    if (error instanceof UnreadableEntryError)
      return unreadableReport(id, environment, error.message);
    throw error;
  }
}

function unreadableReport(id: string, environment: string, text: string): CredentialReport {
  return { id, environment, state: "unreadable", findings: [{ id: "unreadable", text }] };
}

function lifeOf(
  state: State,
  nowMs: number,
): Omit<CredentialReport, "id" | "environment" | "findings"> {
  const { credential, quota } = state;
  const fetches = quota.gone?.used ?? quota.used;
  if (credential === undefined) return { state: "none", fetches };
  const { generation, fingerprint, issuedAtMs, expiresAtMs, by } = credential;
  return {
    state: isLive(state, nowMs) ? "live" : isDead(state) ? "dead" : "ended",
    generation,
    fingerprint: fingerprint.slice(0, 8),
    ageMs: nowMs - issuedAtMs,
    remainingMs: expiresAtMs - nowMs,
    by: { node: by.node, environment: by.environment, reason: by.reason },
    fetches,
  };
}
