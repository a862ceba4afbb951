/**
 * Which environment fetches a credential, written in a registry that all environments of one store share.
 *
 * The registry lies outside every prefix, at the path `lingpai`, `claims`; it holds labels and times, no secret. A claim that was not renewed for two days
 * counts as given up.
 */
import { claimsPath } from "../claims-path.ts";
import type { Cache, Version } from "../cache.ts";
import { CredentialConflictError, UnreadableEntryError } from "../errors.ts";
import { answered } from "./document.ts";
import type { Setting } from "./setting.ts";
import type { StoreClock } from "./store-clock.ts";
import type { OnConflict } from "./types.ts";

export interface Claim {
  readonly environment: string;
  /** Where this environment keeps its documents: its identity in this store. */
  readonly path: readonly string[];
  readonly node: string;
  readonly sinceMs: number;
  readonly renewedMs: number;
}

const staleAfterMs = 2 * 86_400_000;
/** Each process looks this often, when it refreshes; a claim that the fleet renewed less long ago is left as it is. */
const lookEveryMs = 3_600_000;
const renewEveryMs = 12 * 3_600_000;
const conflictsMax = 16;

export class Claims {
  readonly #setting: Setting;
  readonly #clock: StoreClock;
  readonly #registry: Cache;
  readonly #path: readonly string[];
  readonly #onConflict: OnConflict;
  #lookAtMs = Number.NEGATIVE_INFINITY;
  #isReported = false;

  constructor(setting: Setting, clock: StoreClock, cache: Cache, onConflict: OnConflict) {
    this.#setting = setting;
    this.#clock = clock;
    this.#registry = cache.at(claimsPath);
    this.#path = cache.path;
    this.#onConflict = onConflict;
  }

  /**
   * Claims the credential for this environment; does nothing while the claim is fresh. Gives the other environment's claim when this one is to consume it.
   *
   * @throws {CredentialConflictError} another environment claimed it first. @throws {CacheUnavailableError} the registry cannot be reached.
   */
  async ensure(): Promise<Claim | undefined> {
    const { clock, issuer } = this.#setting;
    if (clock.monotonicMs() < this.#lookAtMs) return undefined;
    for (let conflicts = 0; conflicts < conflictsMax; conflicts += 1) {
      const entry = await answered(this.#setting, this.#registry.get(issuer.id));
      const nowMs = entry?.storeNowMs ?? this.#clock.nowMs();
      const claims =
        entry === undefined ? [] : decodeClaims(entry.value, issuer.id).filter((claim) => nowMs - claim.renewedMs < staleAfterMs);
      const other = claims.find((claim) => !samePath(claim.path, this.#path));
      if (other !== undefined && this.#onConflict !== "coexist") {
        const consumed = this.#resolve(other);
        if (consumed !== undefined) return consumed;
      }
      const isRenewed = claims.some((claim) => samePath(claim.path, this.#path) && nowMs - claim.renewedMs < renewEveryMs);
      if (!isRenewed && !(await this.#write(claims, nowMs, entry?.version ?? "absent"))) continue;
      this.#lookAtMs = clock.monotonicMs() + lookEveryMs;
      return undefined;
    }
    throw new CredentialConflictError(
      `The claims on "${issuer.id}" changed ${conflictsMax} times while they were being written: many environments start at once. Try again, or give each its own AppID.`,
      "several",
    );
  }

  /** False when somebody else wrote first. */
  async #write(claims: readonly Claim[], nowMs: number, ifVersion: Version | "absent"): Promise<boolean> {
    const value = JSON.stringify({ v: 1, claims: this.#renewed(claims, nowMs) });
    const options = { ifVersion, ttlMs: 2 * staleAfterMs };
    return (await answered(this.#setting, this.#registry.set(this.#setting.issuer.id, value, options))).written;
  }

  #renewed(claims: readonly Claim[], nowMs: number): readonly Claim[] {
    const { environment, node } = this.#setting;
    const own = claims.find((claim) => samePath(claim.path, this.#path));
    const renewed: Claim = { environment, path: this.#path, node, sinceMs: own?.sinceMs ?? nowMs, renewedMs: nowMs };
    return [...claims.filter((claim) => claim !== own), renewed];
  }

  #resolve(other: Claim): Claim | undefined {
    const { bus, issuer, environment } = this.#setting;
    const claimedBy = other.environment;
    if (!this.#isReported) bus.emit("claim-conflicted", { claimedBy, action: this.#onConflict });
    this.#isReported = true;
    if (this.#onConflict === "consume") return other;
    if (this.#onConflict === "warn") return undefined;
    throw new CredentialConflictError(
      `"${issuer.id}" belongs to the environment "${claimedBy}" (claimed by node ${other.node}). A fetch by "${environment}" would kill its token, so nothing was fetched. ` +
        `Use an AppID of its own for "${environment}", set onConflict to "consume" to use the token of "${claimedBy}", or use the stable token. If "${claimedBy}" is gone, call releaseClaim().`,
      claimedBy,
    );
  }
}

/** Gives up the claim that `cache`'s environment holds, an operator's act; tells whether there was one. */
export async function releaseClaim(cache: Cache, id: string, environment: string): Promise<boolean> {
  const registry = cache.at(claimsPath);
  for (;;) {
    const entry = await registry.get(id);
    if (entry === undefined) return false;
    const claims = decodeClaims(entry.value, id);
    const kept = claims.filter((claim) => claim.environment !== environment);
    if (kept.length === claims.length) return false;
    const written = await registry.set(id, JSON.stringify({ v: 1, claims: kept }), { ifVersion: entry.version, ttlMs: 2 * staleAfterMs });
    if (written.written) return true;
  }
}

function decodeClaims(text: string, id: string): readonly Claim[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  const claims: unknown = typeof document === "object" && document !== null && "claims" in document ? document.claims : undefined;
  if (!Array.isArray(claims) || !claims.every(isClaim)) {
    throw new UnreadableEntryError(
      id,
      "format",
      `The claims on "${id}" at ${claimsPath.join(":")} cannot be read. Upgrade this node if a newer release wrote them; otherwise rename the entry, and the environments claim again.`,
    );
  }
  return claims;
}

const labelPattern = /^[A-Za-z0-9._-]{1,64}$/;

function isClaim(value: unknown): value is Claim {
  if (typeof value !== "object" || value === null) return false;
  const claim = value as Record<string, unknown>;
  const isLabel = (label: unknown): boolean => typeof label === "string" && labelPattern.test(label);
  const isPath = Array.isArray(claim["path"]) && claim["path"].every((segment) => typeof segment === "string");
  return (
    isLabel(claim["environment"]) &&
    isLabel(claim["node"]) &&
    isPath &&
    Number.isFinite(claim["sinceMs"]) &&
    Number.isFinite(claim["renewedMs"])
  );
}

function samePath(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((segment, index) => segment === other[index]);
}
