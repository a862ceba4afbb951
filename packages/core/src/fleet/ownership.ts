/**
 * Decides which environment fetches a credential, by a registry that all environments of one store
 * share.
 *
 * The registry lies outside every prefix, at the path `lingpai`, `claims`. It holds no secret. The
 * earliest claim that holds is never refused or made a consumer because of a later one. A claim
 * that was not renewed for two days is given up, unless the credential lives longer.
 */
import type { Cache, Version } from "../cache/cache.ts";
import { CacheUnavailableError } from "../errors.ts";
import {
  conflictWith,
  decodeRegistry,
  encodeRegistry,
  endsAtMs,
  isEarlier,
  mayHold,
  samePath,
  staleAfterMs,
  unreadableClaims,
  type Claim,
  type Registry,
} from "./claim-registry.ts";
import { answered } from "./store-deadline.ts";
import type { Context } from "./context.ts";
import type { StoreClock } from "./store-clock.ts";
import { isUnavailable } from "./store-health.ts";
import { claimsView } from "./shared-per-store.ts";
import type { OnConflict } from "../credential.ts";

/**
 * Each process checks the registry this often, when it refreshes. A claim that was renewed more
 * recently is left as it is.
 */
const checkEveryMs = 3_600_000;
const renewEveryMs = 12 * 3_600_000;
/** A consumer that waits in vain checks this often whether the other environment still exists. */
const reconsiderEveryMs = 10_000;
const conflictsMax = 16;

interface Reading extends Registry {
  /** This environment's own, if it holds. */
  readonly own: Claim | undefined;
  readonly others: readonly Claim[];
  readonly nowMs: number;
  readonly version: Version | "absent";
}

export class Ownership {
  readonly #context: Context;
  readonly #clock: StoreClock;
  readonly #registry: Cache;
  readonly #path: readonly string[];
  readonly #onConflict: OnConflict;
  #checkAtMs = Number.NEGATIVE_INFINITY;
  #reconsiderAtMs = Number.NEGATIVE_INFINITY;
  /**
   * This environment's claim as this process saw or wrote it last. A registry that was lost no
   * longer has it.
   */
  #own: Claim | undefined;
  /** The claim to which this environment had to yield when this process looked last. */
  #earlier: Claim | undefined;
  /** When the credential that this environment fetched ends, in store time. */
  #coveredMs = 0;
  #otherClaimant: string | undefined;
  /** The conflict that was reported last. */
  #reported = "";

  constructor(context: Context, clock: StoreClock, cache: Cache, onConflict: OnConflict) {
    this.#context = context;
    this.#clock = clock;
    this.#registry = claimsView(cache);
    this.#path = cache.path;
    this.#onConflict = onConflict;
  }

  /**
   * The other environment that claims the credential in this store, as far as this process has
   * seen.
   */
  get otherClaimant(): string | undefined {
    return this.#otherClaimant;
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
   * @param isEstablished true when this environment has stored a credential before. Unreadable
   *   claims stop only an environment that has not.
   * @param isNew true when no credential is known. Claims are then unlikely, so one is written
   *   without reading first.
   * @throws {CredentialConflictError} another environment claimed it first. @throws
   *   {CacheUnavailableError} the registry cannot be reached.
   * @throws {UnreadableEntryError} there are claims that cannot be read, and this environment has
   *   no credential yet.
   */
  async claim(isEstablished: Promise<boolean>, isNew = false): Promise<Claim | undefined> {
    const { clock, issuer } = this.#context;
    if (clock.monotonicMs() < this.#checkAtMs) return undefined;
    const none = {
      claims: [],
      unreadable: [],
      own: undefined,
      others: [],
      nowMs: this.#clock.nowMs(),
      version: "absent",
    } as const;
    if (isNew && this.#own === undefined && (await this.#write(none))) return this.#checkLater();
    for (let conflicts = 0; conflicts < conflictsMax; conflicts += 1) {
      const reading = await this.#read();
      await this.#requireReadable(reading, isEstablished);
      if (reading === undefined) return this.#checkLater();
      const consumed = this.#judge(reading);
      if (consumed !== undefined) return consumed;
      const { own, nowMs } = reading;
      const isRenewed =
        own !== undefined &&
        nowMs - own.renewedMs < renewEveryMs &&
        endsAtMs(own) >= this.#coveredMs;
      if (isRenewed || (await this.#write(reading))) return this.#checkLater();
      // The claim stands, and another node keeps writing. The renewal can wait.
      if (own !== undefined && conflicts === conflictsMax - 1) return undefined;
    }
    throw new CacheUnavailableError(
      `The claims on "${issuer.id}" changed ${conflictsMax} times while we wrote: many environments start. Try again.`,
    );
  }

  /**
   * As {@link Ownership.claim} while the store refuses writes: reads, and claims nothing. If reads
   * fail too, the last claim that this process saw counts.
   *
   * @throws as {@link Ownership.claim}.
   */
  async checkClaim(isEstablished: boolean): Promise<Claim | undefined> {
    const { clock, health } = this.#context;
    if (this.#onConflict === "coexist" || clock.monotonicMs() < this.#checkAtMs) return undefined;
    const reading = health.refusesWrites ? await this.#read().catch(ifUnavailable) : "none";
    if (reading === "none") {
      const first = this.#earlier;
      return first !== undefined && this.#clock.nowMs() < endsAtMs(first)
        ? this.#yieldTo(first)
        : undefined;
    }
    await this.#requireReadable(reading, Promise.resolve(isEstablished));
    return reading && this.#judge(reading);
  }

  /**
   * Unreadable claims stop an environment that has no credential yet, because they may be valid.
   */
  async #requireReadable(
    reading: Reading | undefined,
    isEstablished: Promise<boolean>,
  ): Promise<void> {
    if (reading !== undefined && reading.unreadable.length === 0) return;
    const { bus, issuer } = this.#context;
    bus.emit("unreadable", { reason: "format" });
    const yields = this.#onConflict === "error" || this.#onConflict === "consume";
    if (yields && reading?.own === undefined && !(await isEstablished))
      throw unreadableClaims(issuer.id);
  }

  /**
   * Extends the claim to the end of this credential, if it lives longer than its issuer announced.
   */
  async extendClaim(expiresAtMs: number): Promise<void> {
    this.#coveredMs = Math.max(this.#coveredMs, expiresAtMs);
    if (
      this.#coveredMs <=
      this.#clock.nowMs() + Math.max(staleAfterMs - renewEveryMs, this.#context.issuer.lifetimeMs)
    )
      return;
    this.#checkAtMs = Number.NEGATIVE_INFINITY;
    await this.claim(Promise.resolve(true));
  }

  /**
   * For a consumer: resolves to the claim to which it yields now, or to `gone` when none is left
   * and it may fetch for itself. Reads at most every ten seconds. Resolves to undefined in between,
   * and while some claims are unreadable.
   */
  async recheckClaims(): Promise<Claim | "gone" | undefined> {
    const { clock } = this.#context;
    if (clock.monotonicMs() < this.#reconsiderAtMs) return undefined;
    this.#reconsiderAtMs = clock.monotonicMs() + reconsiderEveryMs;
    const reading = await this.#read();
    if (reading === undefined || reading.unreadable.length > 0) return undefined;
    return this.#earlierIn(reading) ?? "gone";
  }

  /** Resolves to the valid claims, or to undefined when the entry is no registry. */
  async #read(isWatched = true): Promise<Reading | undefined> {
    const { health, issuer } = this.#context;
    const readRegistry = () => answered(this.#context, this.#registry.get(issuer.id));
    const entry = await (isWatched ? health.watched("claims-get", readRegistry) : readRegistry());
    const nowMs = entry?.storeNowMs ?? this.#clock.nowMs();
    const version = entry?.version ?? "absent";
    let registry: Registry;
    try {
      registry =
        entry === undefined
          ? { claims: [], unreadable: [] }
          : decodeRegistry(entry.value, issuer.id);
    } catch {
      return undefined;
    }
    const claims = registry.claims.filter((claim) => nowMs < endsAtMs(claim));
    const own = claims.find(({ path }) => samePath(path, this.#path));
    this.#own = own ?? this.#own;
    const others = claims.filter((claim) => claim !== own);
    this.#otherClaimant = others[0]?.environment;
    return { claims, unreadable: registry.unreadable, own, others, nowMs, version };
  }

  #checkLater(): undefined {
    this.#checkAtMs = this.#context.clock.monotonicMs() + checkEveryMs;
    return undefined;
  }

  /** Returns this environment's claim, even if the registry was lost. */
  #heldIn({ own, nowMs }: Reading): Claim | undefined {
    return own ?? (this.#own !== undefined && nowMs < endsAtMs(this.#own) ? this.#own : undefined);
  }

  /**
   * Returns the first claim that came before this environment's, or the first of all when this one
   * has none.
   */
  #earlierIn(reading: Reading): Claim | undefined {
    const first = reading.others.toSorted((one, other) => (isEarlier(one, other) ? -1 : 1))[0];
    const stored = this.#heldIn(reading);
    return first === undefined || (stored !== undefined && isEarlier(stored, first))
      ? undefined
      : first;
  }

  /** Decides what the other claims mean for this environment. */
  #judge(reading: Reading): Claim | undefined {
    if (this.#onConflict === "coexist") return undefined;
    const earlier = this.#earlierIn(reading);
    this.#earlier = earlier;
    const later = reading.others[0];
    if (earlier === undefined) return void (later && this.#report(later, "keep"));
    return this.#yieldTo(earlier);
  }

  /** Applies `onConflict` to an earlier claim. */
  #yieldTo(earlier: Claim): Claim | undefined {
    const { environment, issuer } = this.#context;
    const action = this.#onConflict;
    if (action === "coexist") return undefined;
    this.#report(earlier, action);
    if (action === "consume") return earlier;
    if (action === "warn") return undefined;
    throw conflictWith(earlier, issuer.id, environment);
  }

  /** Reports each conflict once, until another one takes its place. */
  #report({ environment, path }: Claim, action: Exclude<OnConflict, "coexist"> | "keep"): void {
    const reported = JSON.stringify([action, path]);
    if (this.#reported !== reported)
      this.#context.bus.emit("claim-conflicted", { claimedBy: environment, action });
    this.#reported = reported;
  }

  /** Resolves to false when another node wrote first. */
  async #write(reading: Reading): Promise<boolean> {
    const { environment, health, issuer, node } = this.#context;
    const { nowMs, others, own, version } = reading;
    const afterAllMs = Math.max(nowMs, ...others.map(({ sinceMs }) => sinceMs + 1));
    const sinceMs = this.#heldIn(reading)?.sinceMs ?? afterAllMs;
    const untilMs = Math.max(
      nowMs + staleAfterMs,
      Math.ceil(nowMs + issuer.lifetimeMs),
      this.#coveredMs,
    );
    const renewed = { environment, path: this.#path, node, sinceMs, renewedMs: nowMs, untilMs };
    const claims = [...others, renewed];
    // Only an established environment may drop unreadable entries: it knows that no valid claim is
    // lost with them.
    const unreadable =
      own === undefined
        ? reading.unreadable
        : reading.unreadable.filter((entry) => mayHold(entry, nowMs));
    const ttlMs = staleAfterMs + Math.max(...claims.map((claim) => endsAtMs(claim) - nowMs));
    const options = { ifVersion: version, ttlMs };
    const text = encodeRegistry({ claims, unreadable });
    const { written } = await health.watched("claims-set", () =>
      answered(this.#context, this.#registry.set(issuer.id, text, options)),
    );
    if (written) this.#own = renewed;
    return written;
  }
}

function ifUnavailable(error: unknown): "none" {
  if (!isUnavailable(error)) throw error;
  return "none";
}
