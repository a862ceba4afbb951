/**
 * What this process knows: the credential that it hands out, and those that it must never hand out
 * again.
 */
import type { RefreshReason } from "../issuer.ts";
import { Secret } from "../secret.ts";
import { isDead, owedSinceMs, type StoredCredential, type State } from "../state/state.ts";
import { termsOn, type Context } from "./context.ts";
import type { StoreClock } from "./store-clock.ts";
import { windowsOf, type Windows } from "./windows.ts";

/** What a caller wants: a live credential, other than the one that it wants replaced. */
export interface Goal {
  readonly reason: RefreshReason;
  /** The commit to be replaced, where the goal is to replace one. */
  readonly replaces?: string | undefined;
  /** With `rejected`: the fingerprint that the platform refused. */
  readonly refused?: string | undefined;
  /** With `rejected`: whether the platform, asked, calls it dead; or cannot be asked. */
  readonly isDead?: boolean | undefined;
  /**
   * Whether this process itself was refused, by a platform that cannot be asked: then it hands out
   * no longer what is being replaced.
   */
  readonly isFirstHand?: boolean | undefined;
  /**
   * With `rejected`: when the platform was asked about it, on the monotonic clock. Undefined where
   * it was not.
   */
  readonly askedAtMs?: number | undefined;
}

export interface CachedCredential {
  readonly secret: Secret;
  /** Resolved already, and the same for every caller: a fresh `get` allocates nothing. */
  readonly promise: Promise<Secret>;
  readonly stored: StoredCredential;
  readonly windows: Windows;
  /**
   * On the monotonic clock; moves when the store's time turns out to be another than it was taken
   * for.
   */
  hardUntilMs: number;
  /** Issued to this process and not stored yet: this copy is the only one. */
  isUnstored: boolean;
  /**
   * Whether its times are the store's. Without a store's answer they are this node's, and hold for
   * this node only.
   */
  readonly isAnchored: boolean;
  uses: number;
  isStaleReported: boolean;
}

const rememberedMax = 16;

export class LocalCopy {
  readonly #context: Context;
  readonly #clock: StoreClock;
  readonly #onChange: () => void;
  /** Fingerprints that this process saw refused, and those that it saw replaced; newest last. */
  readonly #refused = new Set<string>();
  readonly #replaced = new Set<string>();
  #cached: CachedCredential | undefined;
  #state: State | undefined;
  #uses = 0;
  #isClosed = false;

  /** @param onChange called after each change of what is known, synchronously. */
  constructor(context: Context, clock: StoreClock, onChange: () => void) {
    this.#context = context;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** How often this process has handed out any credential. */
  get uses(): number {
    return this.#uses + (this.#cached?.uses ?? 0);
  }

  /** What is held, whether or not it may still be sent. */
  get cached(): CachedCredential | undefined {
    return this.#cached;
  }

  /** The newest document that this process has taken over or made. */
  get state(): State | undefined {
    return this.#state;
  }

  get isUsable(): boolean {
    return (
      this.#cached !== undefined && this.#context.clock.monotonicMs() < this.#cached.hardUntilMs
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
    return this.#refused.has(fingerprint);
  }

  wasReplaced(fingerprint: string): boolean {
    return this.#replaced.has(fingerprint);
  }

  /** Fingerprints of the last credentials that this process saw replaced. */
  get replaced(): readonly string[] {
    return [...this.#replaced];
  }

  /**
   * Never hands this one out again, unless it is {@link LocalCopy.readmit}ted. Only what this process
   * held or found stored: a stranger's text is not worth the memory.
   */
  refuse(fingerprint: string): void {
    remember(this.#refused, fingerprint);
    if (this.#cached?.stored.fingerprint === fingerprint) this.#retire();
  }

  /** It is alive after all: the platform says so, or hands it out again. */
  readmit(fingerprint: string): void {
    this.#refused.delete(fingerprint);
  }

  /**
   * Takes note of a newer document of the credential that is held: doubt, suspicion, the ledger.
   */
  note(state: State): void {
    if (this.#isClosed) return;
    this.#state = state;
    const cached = this.#cached;
    if (cached !== undefined && state.credential?.fingerprint === cached.stored.fingerprint)
      cached.hardUntilMs = this.#hardUntilMs(state, cached.windows);
    this.#onChange();
  }

  /** Hands out nothing any more. */
  forget(): void {
    this.#retire();
  }

  /** Hands out nothing from now on, whatever is still under way. */
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
    const { issuer, parameters } = termsOn(this.#context, state);
    const current = this.#cached;
    this.#state = state;
    // Replaced before this process ever held it: a store that falls back to it must not pass it off
    // as new.
    const goneBefore = state.previous?.fingerprint;
    if (goneBefore !== undefined && goneBefore !== stored.fingerprint)
      remember(this.#replaced, goneBefore);
    const windows = windowsOf(stored, issuer.policy, parameters);
    const hardUntilMs = this.#hardUntilMs(state, windows);
    if (
      current?.stored.commitId === stored.commitId &&
      current.stored.expiresAtMs === stored.expiresAtMs
    ) {
      current.hardUntilMs = hardUntilMs;
      current.isUnstored = isUnstored;
      return this.#onChange();
    }
    const same = current?.stored.fingerprint === stored.fingerprint ? current : undefined;
    if (current !== undefined && same === undefined) {
      remember(this.#replaced, current.stored.fingerprint);
      this.#retire();
    }
    const secret = same?.secret ?? new Secret(stored.secret, stored.fingerprint);
    const promise = same?.promise ?? Promise.resolve(secret);
    this.#cached = {
      secret,
      promise,
      stored,
      windows,
      hardUntilMs,
      isUnstored,
      isAnchored: this.#clock.isSet,
      uses: same?.uses ?? 0,
      isStaleReported: false,
    };
    this.#onChange();
  }

  /**
   * On the monotonic clock. What the document calls dead by the platform's word is out of use, until
   * the mark is taken back.
   */
  #hardUntilMs(state: State, { hardAtMs }: Windows): number {
    return this.#context.rules.canAsk && isDead(state)
      ? Number.NEGATIVE_INFINITY
      : this.#clock.monotonicAt(hardAtMs);
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

function remember(set: Set<string>, fingerprint: string): void {
  set.delete(fingerprint);
  set.add(fingerprint);
  if (set.size > rememberedMax) {
    const oldest = set.values().next().value;
    if (oldest !== undefined) set.delete(oldest);
  }
}
