/** Lists who fetches what in a store, for operators. */
import { claimsPath } from "../cache/claims-path.ts";
import type { Cache } from "../cache/cache.ts";
import { UnreadableEntryError } from "../errors.ts";
import { requireCache } from "../options.ts";
import { decodeRegistry, endsAtMs } from "./claim-registry.ts";

/** One environment's claim on one credential. */
export interface ListedClaim {
  /** The credential's id. */
  readonly credential: string;
  readonly environment: string;
  /** Where the environment keeps its documents: `cache.at(path)`. */
  readonly path: readonly string[];
  /** The node that wrote the claim first. */
  readonly node: string;
  /** In store time, as are the following. */
  readonly sinceMs: number;
  readonly renewedMs: number;
  /** When it counts as given up unless it is renewed. */
  readonly lapsesAtMs: number;
  /** The store's clock when the claim was read. */
  readonly storeNowMs: number;
}

export interface ListedClaims {
  readonly claims: readonly ListedClaim[];
  /** Ids whose claims cannot be read, as text that says why. */
  readonly unreadable: readonly { readonly credential: string; readonly why: string }[];
}

/**
 * Reads all claims of the store that the cache belongs to, under every prefix, by environment and
 * id. Two environments that claim one id share an AppID.
 *
 * @throws {CacheUnavailableError} the store cannot be reached, or cannot list its keys.
 */
export async function listClaims(cache: Cache): Promise<ListedClaims> {
  requireCache(cache);
  const registry = cache.at(claimsPath);
  const claims: ListedClaim[] = [];
  const unreadable: { credential: string; why: string }[] = [];
  for await (const credential of registry.keys()) {
    try {
      const entry = await registry.get(credential);
      if (entry === undefined) continue;
      const { storeNowMs } = entry;
      for (const claim of decodeRegistry(entry.value, credential).claims) {
        const { environment, path, node, sinceMs, renewedMs } = claim;
        const lapsesAtMs = endsAtMs(claim);
        claims.push({
          credential,
          environment,
          path,
          node,
          sinceMs,
          renewedMs,
          lapsesAtMs,
          storeNowMs,
        });
      }
    } catch (error) {
      if (!(error instanceof UnreadableEntryError)) throw error;
      unreadable.push({ credential, why: error.message });
    }
  }
  return { claims: claims.toSorted(byIdThenAge), unreadable };
}

function byIdThenAge(one: ListedClaim, other: ListedClaim): number {
  if (one.credential !== other.credential) return one.credential < other.credential ? -1 : 1;
  return one.sinceMs - other.sinceMs;
}
