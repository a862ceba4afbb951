/**
 * Claims a credential for this environment in a registry that all environments of one store share.
 * `claim-decision.ts` decides.
 *
 * The registry lies outside every prefix, at the path `lingpai`, `claims`. It holds no secret. The
 * earliest claim that holds is never refused or made a consumer because of a later one. A claim
 * that was not renewed for two days is given up, unless the credential lives longer.
 */
import type { Cache, Version } from "../cache/cache.ts";
import type { OnConflict } from "../credential.ts";
import { CacheUnavailableError } from "../errors.ts";
import {
  coversMs,
  decideAgain,
  decideClaim,
  endsAtMs,
  validClaims,
  isReadable,
  renewedBy,
  storedClaim,
  type ClaimConflict,
  type ClaimDecision,
  type ClaimedCredential,
  type ClaimFacts,
  type Claimant,
  type ClaimVerdict,
  type ReadableFacts,
  type Renewal,
} from "./claim-decision.ts";
import {
  conflictWith,
  decodeRegistry,
  encodeRegistry,
  noClaims,
  samePath,
  unreadableClaims,
  type Claim,
  type Registry,
} from "./claim-registry.ts";
import { answered } from "./store-deadline.ts";
import type { Context } from "./context.ts";
import type { StoreClock } from "./store-clock.ts";
import { isUnavailable } from "./store-health.ts";
import { claimsView } from "./shared-per-store.ts";

/**
 * Each process checks the registry this often, when it refreshes. A claim that was renewed more
 * recently is left as it is.
 */
const checkEveryMs = 3_600_000;
/** A consumer without a credential checks this often whether the other environment still exists. */
const reconsiderEveryMs = 10_000;
const conflictsMax = 16;

/** The registry as it was read. */
interface Reading {
  /** Undefined: what is stored is no registry. */
  readonly registry: Registry | undefined;
  readonly nowMs: number;
  readonly version: Version | "absent";
}

type AllowingVerdict = Extract<ClaimVerdict, { readonly kind: "own" | "consume" }>;

export class Ownership {
  readonly #context: Context;
  readonly #clock: StoreClock;
  readonly #cache: Cache;
  readonly #onConflict: OnConflict;
  #checkAtMs: number | undefined;
  #reconsiderAtMs: number | undefined;
  /**
   * Since when this environment's claim holds, by the oldest one that this process saw or wrote,
   * and until when the last one does. A registry that was lost no longer has it.
   */
  #ownSinceMs: number | undefined;
  #ownEndsMs: number | undefined;
  /** The claim to which this environment had to yield when this process looked last. */
  #earlier: Claim | undefined;
  /** When the credential that this environment fetched ends, in store time. */
  #coveredMs = 0;
  #otherClaimant: string | undefined;
  /** The conflict that was reported last. */
  #reported: string | undefined;

  constructor(context: Context, clock: StoreClock, cache: Cache, onConflict: OnConflict) {
    this.#context = context;
    this.#clock = clock;
    this.#cache = cache;
    this.#onConflict = onConflict;
  }

  /** Created at each use. Keeping it would take a sixtieth of a credential's memory. */
  get #claimant(): Claimant {
    const { environment, issuer, node } = this.#context;
    const { lifetimeMs } = issuer;
    return { environment, path: this.#cache.path, node, onConflict: this.#onConflict, lifetimeMs };
  }

  get #registry(): Cache {
    return claimsView(this.#cache);
  }

  get #isChecked(): boolean {
    return this.#checkAtMs !== undefined && this.#context.clock.monotonicMs() < this.#checkAtMs;
  }

  /**
   * The other environment that claims the credential in this store, as far as this process has
   * seen.
   */
  get otherClaimant(): string | undefined {
    return this.#otherClaimant;
  }

  /**
   * Since when this environment claims the credential, in store time, as far as this process knows.
   */
  get sinceMs(): number | undefined {
    const sinceMs = this.#ownSinceMs ?? -1;
    return Number.isSafeInteger(sinceMs) && sinceMs >= 0 ? sinceMs : undefined;
  }

  /**
   * Looks up which other environments exist now. Never fails: only a report depends on it.
   */
  async readOthers(): Promise<void> {
    await this.#read(false).catch(() => {});
  }

  /**
   * Claims the credential for this environment. Does nothing while the claim is fresh. Resolves to
   * the other environment's claim when this one must consume it.
   *
   * @param stored the newest credential that this environment has stored.
   * @param isNew true when no credential is known. Claims are then unlikely, so one is written
   *   without reading first.
   * @throws {CredentialConflictError} another environment claimed it first. @throws
   *   {CacheUnavailableError} the registry cannot be reached.
   * @throws {UnreadableEntryError} there are claims that cannot be read, and this environment has
   *   no credential yet.
   */
  async claim(
    stored: Promise<ClaimedCredential | undefined>,
    isNew = false,
  ): Promise<Claim | undefined> {
    if (this.#isChecked) return undefined;
    if (isNew && this.#ownSinceMs === undefined) {
      const first = renewedBy(this.#claimant, this.#unreadFacts());
      if (await this.#write(first, "absent")) return this.#checkLater();
    }
    let standing: Claim | undefined;
    for (let conflicts = 0; conflicts < conflictsMax; conflicts += 1) {
      const reading = await this.#read();
      const facts = this.#factsOf(reading, await stored);
      const verdict = this.#obeyed(decideClaim(this.#claimant, facts), facts);
      if (verdict.kind === "consume") return verdict.by;
      if (verdict.renewal === undefined) return this.#checkLater();
      if (await this.#write(verdict.renewal, reading.version)) return this.#checkLater();
      standing = storedClaim(this.#claimant, facts);
    }
    // The claim stands, and another node keeps writing. The renewal can wait.
    if (standing !== undefined) return undefined;
    throw new CacheUnavailableError(
      `The claims on "${this.#context.issuer.id}" changed ${conflictsMax} times while we wrote: many environments start. Try again.`,
    );
  }

  /**
   * As {@link Ownership.claim} while the store refuses writes: reads, and claims nothing. If reads
   * fail too, the last claim that this process saw counts.
   *
   * @throws as {@link Ownership.claim}.
   */
  async checkClaim(stored: ClaimedCredential | undefined): Promise<Claim | undefined> {
    if (this.#onConflict === "coexist" || this.#isChecked) return undefined;
    const { health } = this.#context;
    const reading = health.refusesWrites ? await this.#read().catch(ifUnavailable) : "none";
    const facts =
      reading === "none" ? this.#unreadFacts(this.#earlier) : this.#factsOf(reading, stored);
    const verdict = this.#obeyed(decideClaim(this.#claimant, facts), facts);
    return verdict.kind === "consume" ? verdict.by : undefined;
  }

  /**
   * Extends the claim to the end of this credential, if it lives longer than its issuer announced.
   */
  async extendClaim(credential: ClaimedCredential | undefined): Promise<void> {
    this.#coveredMs = Math.max(this.#coveredMs, credential?.expiresAtMs ?? 0);
    const announcedMs = Math.max(coversMs, this.#context.issuer.lifetimeMs);
    if (this.#coveredMs <= this.#clock.nowMs() + announcedMs) return;
    this.#checkAtMs = undefined;
    await this.claim(Promise.resolve(credential));
  }

  /**
   * For a consumer: resolves to the claim to which it yields now, or to `gone` when none is left
   * and it may fetch for itself. Reads at most every ten seconds. Resolves to undefined in between,
   * and while some claims are unreadable.
   */
  async recheckClaims(): Promise<Claim | "gone" | undefined> {
    const { clock } = this.#context;
    const nowMs = clock.monotonicMs();
    if (nowMs < (this.#reconsiderAtMs ?? nowMs)) return undefined;
    this.#reconsiderAtMs = nowMs + reconsiderEveryMs;
    return decideAgain(this.#claimant, this.#factsOf(await this.#read(), undefined));
  }

  async #read(isWatched = true): Promise<Reading> {
    const { health, issuer } = this.#context;
    const readRegistry = () => answered(this.#context, this.#registry.get(issuer.id));
    const entry = await (isWatched ? health.watched("claims-get", readRegistry) : readRegistry());
    const nowMs = entry?.storeNowMs ?? this.#clock.nowMs();
    const version = entry?.version ?? "absent";
    const registry = entry === undefined ? noClaims : decodedOr(entry.value, issuer.id);
    if (registry !== undefined) this.#learn(validClaims({ registry, nowMs }));
    return { registry, nowMs, version };
  }

  #learn(claims: readonly Claim[]): void {
    const { path } = this.#cache;
    const own = claims.find((claim) => samePath(claim.path, path));
    if (own !== undefined) this.#remember(own);
    const others = claims.filter((claim) => !samePath(claim.path, path));
    this.#otherClaimant = others[0]?.environment;
    const isConflict = this.#onConflict === "error" || this.#onConflict === "warn";
    this.#context.bus.measure({ kind: "claims", conflicts: isConflict ? others.length : 0 });
  }

  #factsOf({ registry, nowMs }: Reading, credential: ClaimedCredential | undefined): ClaimFacts {
    const remembered =
      this.#ownSinceMs === undefined || this.#ownEndsMs === undefined
        ? undefined
        : { sinceMs: this.#ownSinceMs, endsMs: this.#ownEndsMs };
    return { registry, remembered, credential, coveredMs: this.#coveredMs, nowMs };
  }

  #remember(own: Claim): void {
    const isHeld = this.#ownEndsMs !== undefined && this.#clock.nowMs() < this.#ownEndsMs;
    this.#ownSinceMs = Math.min(
      own.sinceMs,
      (isHeld ? this.#ownSinceMs : undefined) ?? own.sinceMs,
    );
    this.#ownEndsMs = endsAtMs(own);
  }

  /**
   * Decides without a read: only the claim counts to which this environment yielded before, if any.
   */
  #unreadFacts(earlier?: Claim): ReadableFacts {
    const claims = earlier === undefined ? [] : [earlier];
    return {
      registry: { ...noClaims, claims },
      coveredMs: this.#coveredMs,
      nowMs: this.#clock.nowMs(),
    };
  }

  #checkLater(): undefined {
    this.#checkAtMs = this.#context.clock.monotonicMs() + checkEveryMs;
    return undefined;
  }

  /** Reports what was decided, and throws where this environment must not fetch. */
  #obeyed({ conflict, earlier, verdict }: ClaimDecision, facts: ClaimFacts): AllowingVerdict {
    const { bus, environment, issuer } = this.#context;
    if (!isReadable(facts)) bus.emit("unreadable", { reason: "format" });
    if (verdict.kind === "unreadable") throw unreadableClaims(issuer.id);
    this.#earlier = earlier;
    if (conflict !== undefined) this.#report(conflict);
    if (verdict.kind === "refused") throw conflictWith(verdict.by, issuer.id, environment);
    return verdict;
  }

  /** Reports each conflict once, until another one takes its place. */
  #report({ other: { environment, path }, action }: ClaimConflict): void {
    const reported = JSON.stringify([action, path]);
    if (this.#reported !== reported)
      this.#context.bus.emit("claim-conflicted", { claimedBy: environment, action });
    this.#reported = reported;
  }

  /** Resolves to false when another node wrote first. */
  async #write({ own, registry, ttlMs }: Renewal, ifVersion: Version | "absent"): Promise<boolean> {
    const { health, issuer } = this.#context;
    const { written } = await health.watched("claims-set", () =>
      answered(
        this.#context,
        this.#registry.set(issuer.id, encodeRegistry(registry), { ifVersion, ttlMs }),
      ),
    );
    if (written) this.#remember(own);
    return written;
  }
}

function decodedOr(text: string, id: string): Registry | undefined {
  try {
    return decodeRegistry(text, id);
  } catch {
    return undefined;
  }
}

function ifUnavailable(error: unknown): "none" {
  if (!isUnavailable(error)) throw error;
  return "none";
}
