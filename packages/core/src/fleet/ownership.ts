/**
 * Which environment fetches a credential, written in a registry that all environments of one store
 * share.
 *
 * The registry lies outside every prefix, at the path `lingpai`, `claims`; it holds labels and
 * times, no secret. The earliest claim that holds is never refused or made a consumer because of a
 * later one. A claim that was not renewed for two days counts as given up, unless the credential
 * lives longer.
 */
import { claimsPath } from "../cache/claims-path.ts";
import type { Cache, Version } from "../cache/cache.ts";
import { CacheUnavailableError, CredentialConflictError } from "../errors.ts";
import {
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
import { answered } from "./document.ts";
import type { Context } from "./context.ts";
import type { StoreClock } from "./store-clock.ts";
import { isUnavailable } from "./store-health.ts";
import type { OnConflict } from "../credential.ts";

/**
 * Each process looks this often, when it refreshes; a claim that the fleet renewed less long ago is
 * left as it is.
 */
const lookEveryMs = 3_600_000;
const renewEveryMs = 12 * 3_600_000;
/** A consumer that waits in vain looks this often whether the other one is still there. */
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
  #lookAtMs = Number.NEGATIVE_INFINITY;
  #reconsiderAtMs = Number.NEGATIVE_INFINITY;
  /**
   * This environment's claim as this process saw or wrote it last: a registry that was lost forgets
   * it.
   */
  #own: Claim | undefined;
  /** The claim to which this environment had to yield when this process looked last. */
  #earlier: Claim | undefined;
  /** When the credential that this environment fetched ends, in store time. */
  #coveredMs = 0;
  #rival: string | undefined;
  /** The conflict that was reported last. */
  #reported = "";

  constructor(context: Context, clock: StoreClock, cache: Cache, onConflict: OnConflict) {
    this.#context = context;
    this.#clock = clock;
    this.#registry = cache.at(claimsPath);
    this.#path = cache.path;
    this.#onConflict = onConflict;
  }

  /**
   * Which other environment claims the credential in this store, as far as this process has seen.
   */
  get rival(): string | undefined {
    return this.#rival;
  }

  /** Sees which other environments there are now. Never fails: only a name depends on it. */
  async seeOthers(): Promise<void> {
    await this.#read(false).catch(() => {});
  }

  /**
   * Claims the credential for this environment; does nothing while the claim is fresh. Gives the
   * other environment's claim when this one is to consume it.
   *
   * @param isEstablished whether this environment has stored a credential before. Claims that
   *   cannot be read stop only one that has not.
   * @param isNew whether nothing is known of a credential: then there are hardly any claims either,
   *   and one is written without a look.
   * @throws {CredentialConflictError} another environment claimed it first. @throws
   *   {CacheUnavailableError} the registry cannot be reached.
   * @throws {UnreadableEntryError} there are claims that cannot be read, and this environment has
   *   no credential yet.
   */
  async ensure(isEstablished: Promise<boolean>, isNew = false): Promise<Claim | undefined> {
    const { clock, issuer } = this.#context;
    if (clock.monotonicMs() < this.#lookAtMs) return undefined;
    const none = {
      claims: [],
      unreadable: [],
      own: undefined,
      others: [],
      nowMs: this.#clock.nowMs(),
      version: "absent",
    } as const;
    if (isNew && this.#own === undefined && (await this.#write(none))) return this.#lookLater();
    for (let conflicts = 0; conflicts < conflictsMax; conflicts += 1) {
      const reading = await this.#read();
      await this.#requireReadable(reading, isEstablished);
      if (reading === undefined) return this.#lookLater();
      const consumed = this.#judge(reading);
      if (consumed !== undefined) return consumed;
      const { own, nowMs } = reading;
      const isRenewed =
        own !== undefined &&
        nowMs - own.renewedMs < renewEveryMs &&
        endsAtMs(own) >= this.#coveredMs;
      if (isRenewed || (await this.#write(reading))) return this.#lookLater();
      // It stands, and somebody else keeps writing: renewing it can wait.
      if (own !== undefined && conflicts === conflictsMax - 1) return undefined;
    }
    throw new CacheUnavailableError(
      `The claims on "${issuer.id}" changed ${conflictsMax} times while we wrote: many environments start. Try again.`,
    );
  }

  /**
   * As {@link Ownership.ensure} while the store takes no writes: looks, and claims nothing. Where it
   * answers no reading either, what this process saw last counts.
   *
   * @throws as {@link Ownership.ensure}.
   */
  async look(isEstablished: boolean): Promise<Claim | undefined> {
    const { clock, health } = this.#context;
    if (this.#onConflict === "coexist" || clock.monotonicMs() < this.#lookAtMs) return undefined;
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
   * Claims that cannot be read stop an environment that has no credential yet: they may be
   * somebody's.
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
   * Lets the claim hold as long as this credential lives, whatever life its issuer was said to
   * give.
   */
  async cover(expiresAtMs: number): Promise<void> {
    this.#coveredMs = Math.max(this.#coveredMs, expiresAtMs);
    if (
      this.#coveredMs <=
      this.#clock.nowMs() + Math.max(staleAfterMs - renewEveryMs, this.#context.issuer.lifetimeMs)
    )
      return;
    this.#lookAtMs = Number.NEGATIVE_INFINITY;
    await this.ensure(Promise.resolve(true));
  }

  /**
   * For one that consumes: the claim to which it yields now, or `gone` when there is none any more,
   * so that it may fetch itself. Looks at most every ten seconds; undefined in between, and while
   * there are claims that cannot be read.
   */
  async reconsider(): Promise<Claim | "gone" | undefined> {
    const { clock } = this.#context;
    if (clock.monotonicMs() < this.#reconsiderAtMs) return undefined;
    this.#reconsiderAtMs = clock.monotonicMs() + reconsiderEveryMs;
    const reading = await this.#read();
    if (reading === undefined || reading.unreadable.length > 0) return undefined;
    return this.#earlierIn(reading) ?? "gone";
  }

  /** The claims that hold; undefined when what is stored is no registry. */
  async #read(isWatched = true): Promise<Reading | undefined> {
    const { health, issuer } = this.#context;
    const look = () => answered(this.#context, this.#registry.get(issuer.id));
    const entry = await (isWatched ? health.watched("claims-get", look) : look());
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
    this.#rival = others[0]?.environment;
    return { claims, unreadable: registry.unreadable, own, others, nowMs, version };
  }

  #lookLater(): undefined {
    this.#lookAtMs = this.#context.clock.monotonicMs() + lookEveryMs;
    return undefined;
  }

  /** This environment's claim, also where a registry that was lost no longer shows it. */
  #heldIn({ own, nowMs }: Reading): Claim | undefined {
    return own ?? (this.#own !== undefined && nowMs < endsAtMs(this.#own) ? this.#own : undefined);
  }

  /**
   * The first claim that came before this environment's; the first of all, when this one has none.
   */
  #earlierIn(reading: Reading): Claim | undefined {
    const first = reading.others.toSorted((one, other) => (isEarlier(one, other) ? -1 : 1))[0];
    const stored = this.#heldIn(reading);
    return first === undefined || (stored !== undefined && isEarlier(stored, first))
      ? undefined
      : first;
  }

  /** What the other claims mean for this environment. */
  #judge(reading: Reading): Claim | undefined {
    if (this.#onConflict === "coexist") return undefined;
    const earlier = this.#earlierIn(reading);
    this.#earlier = earlier;
    const later = reading.others[0];
    if (earlier === undefined) return void (later && this.#report(later, "keep"));
    return this.#yieldTo(earlier);
  }

  /** What an earlier claim means for this environment. */
  #yieldTo(earlier: Claim): Claim | undefined {
    const { environment, issuer } = this.#context;
    const action = this.#onConflict;
    if (action === "coexist") return undefined;
    this.#report(earlier, action);
    if (action === "consume") return earlier;
    if (action === "warn") return undefined;
    const claimedBy = earlier.environment;
    throw new CredentialConflictError(
      `"${issuer.id}" belongs to the environment "${claimedBy}" (claimed by node ${earlier.node}). A fetch by "${environment}" would kill its token, so nothing was fetched. ` +
        `Use an AppID of its own for "${environment}", set onConflict to "consume" to use the token of "${claimedBy}", or use the stable token. ` +
        `If "${claimedBy}" is gone, call releaseClaim(), or wait until its claim lapses.`,
      claimedBy,
    );
  }

  /** Once for each conflict, until another takes its place. */
  #report({ environment, path }: Claim, action: Exclude<OnConflict, "coexist"> | "keep"): void {
    const reported = JSON.stringify([action, path]);
    if (this.#reported !== reported)
      this.#context.bus.emit("claim-conflicted", { claimedBy: environment, action });
    this.#reported = reported;
  }

  /** False when somebody else wrote first. */
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
    // Only an environment that is there already knows that nobody's claim is lost with what nobody
    // can read.
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
