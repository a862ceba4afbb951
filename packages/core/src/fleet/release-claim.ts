/** Gives up the claim of an environment that is gone. */
import { claimsPath } from "../cache/claims-path.ts";
import type { Cache } from "../cache/cache.ts";
import { requireCache } from "../options.ts";
import {
  decodeRegistry,
  encodeRegistry,
  endsAtMs,
  staleAfterMs,
  withoutClaim,
} from "./claim-registry.ts";

/**
 * Gives up the claim of the environment that keeps its documents under `cache` and this name. An
 * operator does this for an environment that is gone. Environments of the same name under another
 * prefix keep their claims. Resolves to true when there was such a claim.
 *
 * @param id the credential's id, as `status().id` shows it.
 * @throws {CacheUnavailableError} the store cannot be reached. @throws {UnreadableEntryError} what
 *   is stored is no registry of claims.
 */
export async function releaseClaim(
  cache: Cache,
  id: string,
  environment: string,
): Promise<boolean> {
  requireCache(cache);
  const registry = cache.at(claimsPath);
  const { path } = cache.withPrefix(environment);
  for (;;) {
    const entry = await registry.get(id);
    if (entry === undefined) return false;
    const { storeNowMs, value, version } = entry;
    const kept = withoutClaim(decodeRegistry(value, id), path, storeNowMs);
    if (kept === undefined) return false;
    const leftMs = kept.claims.map((claim) => endsAtMs(claim) - storeNowMs);
    const ttlMs = staleAfterMs + Math.max(0, ...leftMs);
    const options = { ifVersion: version, ttlMs };
    const written = await registry.set(id, encodeRegistry(kept), options);
    if (written.written) return true;
  }
}
