/**
 * This process's copy: the credential that it hands out, and those that it must never hand out
 * again.
 */
import type { RefreshReason } from "../issuer.ts";
import { Secret } from "../secret.ts";
import { isDead, owedSinceMs, type StoredCredential, type State } from "../state/state.ts";
import { CachedCredential } from "./cached-credential.ts";
import { termsOn, type Context } from "./context.ts";
import type { StoreClock } from "./store-clock.ts";
import { windowsOf, type Windows } from "./renewal-windows.ts";

/** A caller's goal: a live credential, other than the one that must be replaced. */
export interface Goal {
  readonly reason: RefreshReason;
  /** The commit to replace, if the goal is to replace one. */
  readonly replaces?: string | undefined;
  /** With `rejected`: the fingerprint that the platform refused. */
  readonly refused?: string | undefined;
  /** With `rejected`: true when the platform calls it dead, or cannot be asked. */
  readonly isDead?: boolean | undefined;
  /**
   * True when this process itself was refused, and the platform cannot be asked. It then stops
   * handing out the credential that is being replaced.
   */
  readonly isFirstHand?: boolean | undefined;
  /**
   * With `rejected`: when the platform was asked about it, on the monotonic clock. Undefined if it
   * was not.
   */
  readonly askedAtMs?: number | undefined;
}

type Facts = Pick<StoredCredential, "by" | "expiresAtMs" | "sentAtMs">;

const rememberedMax = 16;
const none: readonly string[] = Object.freeze([]);

export interface LocalCopyListener {
  /** Called after each change, synchronously. */
  onLocalChange(): void;
}

export class LocalCopy {
  readonly #context: Context;
  readonly #clock: StoreClock;
  readonly #listener: LocalCopyListener;
  /** Fingerprints that this process saw refused, and those that it saw replaced; newest last. */
  #refused: readonly string[] = none;
  #replaced: readonly string[] = none;
  /** The credential that the fleet forgot on purpose, and the epoch up to which it did. */
  #dismissed: { readonly fingerprint: string; readonly minEpoch: number } | undefined;
  /** See {@link LocalCopy.latest}. */
  #retired: Facts | undefined;
  #cached: CachedCredential | undefined;
  #state: State | undefined;
  /** See {@link LocalCopy.continued}. Made in the first outage. */
  #continued: WeakMap<State, readonly string[]> | undefined;
  #uses = 0;
  #isClosed = false;

  constructor(context: Context, clock: StoreClock, listener: LocalCopyListener) {
    this.#context = context;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** How often this process has handed out any credential. */
  get uses(): number {
    return this.#uses + (this.#cached?.uses ?? 0);
  }

  /** The cached credential, whether or not it may still be sent. */
  get cached(): CachedCredential | undefined {
    return this.#cached;
  }

  /** The newest document that this process has adopted or written. */
  get state(): State | undefined {
    return this.#state;
  }

  /**
   * When and how the fleet came by the last credential that this process had of the present
   * document, also of one that was refused or forgotten since.
   */
  get latest(): Facts | undefined {
    return this.#cached?.stored ?? this.#retired;
  }

  get isUsable(): boolean {
    return (
      this.#cached !== undefined && this.#context.clock.monotonicMs() < this.#cached.serveUntilMs
    );
  }

  cachedFor(goal: Goal): CachedCredential | undefined {
    const cached = this.#cached;
    if (cached === undefined || !this.isUsable) return undefined;
    switch (goal.reason) {
      case "rejected":
        return cached.stored.fingerprint === goal.refused ? undefined : cached;
      case "reconcile":
        return owedSinceMs(this.#state) === undefined ? cached : undefined;
      default:
        return cached.stored.commitId === goal.replaces ? undefined : cached;
    }
  }

  wasRefused(fingerprint: string): boolean {
    return this.#refused.includes(fingerprint);
  }

  wasReplaced(fingerprint: string): boolean {
    return this.#replaced.includes(fingerprint);
  }

  /**
   * Returns true when the fleet forgot it on purpose, and the platform has handed it out again
   * since.
   */
  wasReissued({ fingerprint, epoch }: StoredCredential): boolean {
    const dismissed = this.#dismissed;
    return dismissed?.fingerprint === fingerprint && epoch > dismissed.minEpoch;
  }

  /** Fingerprints of the last credentials that this process saw replaced. */
  get replaced(): readonly string[] {
    return this.#replaced;
  }

  /**
   * Never hands this one out again, unless {@link LocalCopy.clearRefused} allows it. Call it only
   * for credentials that this process had or found in the store: unknown ones would waste memory.
   */
  markRefused(fingerprint: string): void {
    this.#refused = withNewest(this.#refused, fingerprint);
    if (this.#cached?.stored.fingerprint === fingerprint) this.#keepFactsAndRetire();
  }

  /** Allows it again, because the platform calls it alive or hands it out again. */
  clearRefused(fingerprint: string): void {
    this.#refused = this.#refused.filter((other) => other !== fingerprint);
  }

  /** Records a newer document of the same credential: doubt, suspicion, the ledger. */
  updateState(state: State): void {
    if (this.#isClosed) return;
    this.#state = state;
    const cached = this.#cached;
    if (cached !== undefined && state.credential?.fingerprint === cached.stored.fingerprint)
      cached.serveUntilMs = this.#serveUntilMs(state, cached.windows);
    this.#listener.onLocalChange();
  }

  /**
   * Records a document that only this process has, because it cannot reach the store.
   *
   * @param from the document that it continues
   * @param mayBeStored true when it was sent to the store, and the answer was lost.
   */
  continueState(state: State, from: State | undefined, mayBeStored = false): void {
    const before = from && (this.#continued?.get(from) ?? [from.outcomeId]);
    if (before !== undefined) {
      this.#continued ??= new WeakMap();
      this.#continued.set(state, mayBeStored ? [...before, state.outcomeId] : before);
    }
    this.updateState(state);
  }

  /**
   * The outcome ids of the stored documents that the present one continues. Undefined when the
   * present one is stored itself.
   */
  get continued(): readonly string[] | undefined {
    return this.#state && this.#continued?.get(this.#state);
  }

  /**
   * The fleet has forgotten the held one on purpose: it is not handed out or written back again.
   */
  dismiss(state: State): void {
    const fingerprint = this.#cached?.stored.fingerprint;
    if (fingerprint !== undefined) {
      this.#replaced = withNewest(this.#replaced, fingerprint);
      this.#dismissed = { fingerprint, minEpoch: state.minEpoch };
    }
    this.#keepFactsAndRetire();
    this.updateState(state);
  }

  /** Stops handing out the cached credential, which may be another document's. */
  forget(): void {
    this.#retire();
    this.#retired = undefined;
  }

  /** Hands out nothing from now on, whatever is still in flight. */
  close(): void {
    this.#isClosed = true;
    this.#retire();
  }

  /** Hands out this document's credential from now on. The caller has made sure that it may. */
  adopt(
    state: State,
    stored: StoredCredential,
    { isUnstored = false }: { readonly isUnstored?: boolean } = {},
  ): void {
    if (this.#isClosed) return;
    const terms = termsOn(this.#context, state);
    const current = this.#cached;
    this.#state = state;
    if (this.wasReissued(stored)) {
      this.#replaced = this.#replaced.filter((other) => other !== stored.fingerprint);
      this.#dismissed = undefined;
    }
    // This process never had the previous one. If the store falls back to it, it must not count as
    // new.
    const goneBefore = state.previous?.fingerprint;
    if (goneBefore !== undefined && goneBefore !== stored.fingerprint)
      this.#replaced = withNewest(this.#replaced, goneBefore);
    const windows = windowsOf(stored, terms.issuer.policy, terms.parameters);
    const serveUntilMs = this.#serveUntilMs(state, windows);
    if (
      current?.stored.commitId === stored.commitId &&
      current.stored.expiresAtMs === stored.expiresAtMs
    ) {
      current.stored = stored;
      current.serveUntilMs = serveUntilMs;
      current.isUnstored = isUnstored;
      return this.#listener.onLocalChange();
    }
    const same = current?.stored.fingerprint === stored.fingerprint ? current : undefined;
    if (current !== undefined && same === undefined) {
      this.#replaced = withNewest(this.#replaced, current.stored.fingerprint);
      this.#retire();
    }
    const secret = same?.secret ?? new Secret(stored.secret, stored.fingerprint);
    const promise = same?.promise ?? Promise.resolve(secret);
    this.#cached = new CachedCredential({
      secret,
      promise,
      stored,
      terms,
      serveUntilMs,
      isUnstored,
      hasStoreTime: this.#clock.isSet,
      uses: same?.uses ?? 0,
    });
    this.#listener.onLocalChange();
  }

  /**
   * On the monotonic clock. What the document calls dead by the platform's word is out of use,
   * until the mark is taken back.
   */
  #serveUntilMs(state: State, { hardAtMs }: Windows): number {
    return this.#context.rules.canAsk && isDead(state)
      ? Number.NEGATIVE_INFINITY
      : this.#clock.monotonicAt(hardAtMs);
  }

  #keepFactsAndRetire(): void {
    const stored = this.#cached?.stored;
    if (stored !== undefined) {
      const { by, expiresAtMs, sentAtMs } = stored;
      this.#retired = { by, expiresAtMs, sentAtMs };
    }
    this.#retire();
  }

  #retire(): void {
    const cached = this.#cached;
    if (cached === undefined) return;
    this.#cached = undefined;
    this.#uses += cached.uses;
    this.#context.bus.emit("retired", {
      generation: cached.stored.generation,
      fingerprint: cached.stored.fingerprint,
      uses: cached.uses,
      ageMs: this.#clock.nowMs() - cached.stored.issuedAtMs,
    });
  }
}

function withNewest(fingerprints: readonly string[], newest: string): readonly string[] {
  return [...fingerprints.filter((other) => other !== newest), newest].slice(-rememberedMax);
}
