/** One pass over the targets' keys: reads them, and writes those that are wrong or lapsing. */
import { acquire } from "@lingpai/core";
import type { Clock, Credential, Lock, Random, Secret } from "@lingpai/core";
import { decode, encode } from "../conventions/encoding.ts";
import { errorName } from "../store/error-name.ts";
import type { MirrorEvent } from "./mirror-events.ts";
import type { ResolvedTarget } from "../conventions/target.ts";
import type { RawStore } from "../store/raw-store.ts";
import { aheadMs, isLapsing, ttlFor } from "../conventions/time-to-live.ts";
import { within } from "../store/within.ts";

/** The part of a credential that a mirror uses. */
export type MirroredCredential = Pick<
  Credential,
  "id" | "environment" | "check" | "get" | "peek" | "status" | "watch"
>;

export interface PassContext {
  readonly credential: MirroredCredential;
  readonly targets: readonly ResolvedTarget[];
  readonly store: RawStore;
  readonly lock: Lock;
  readonly clock: Clock;
  readonly random: Random;
  readonly storeDeadlineMs: number;
  readonly emit: (event: MirrorEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * Says at which step a pass failed. It drops the cause, because drivers' errors quote keys and
 * values.
 */
export class PassError extends Error {
  readonly step: "credential" | "lease" | "store";

  constructor(step: PassError["step"], error: unknown) {
    super(errorName(error));
    this.step = step;
  }
}

interface KeyState {
  readonly target: ResolvedTarget;
  readonly held: string | undefined;
  readonly leftMs: number;
  readonly isDue: boolean;
}

const leaseMs = 10_000;
const waitMs = 5_000;

/**
 * Mirrors one credential. It remembers the last credentials that it wrote, to tell its own from
 * foreign ones.
 */
export class MirrorPass {
  readonly #context: PassContext;
  /** The credentials of the last generations that this process saw, newest last. */
  readonly #ours: string[] = [];
  /** The targets whose key this process has seen with the present credential. */
  readonly #settled = new Set<ResolvedTarget>();

  constructor(context: PassContext) {
    this.#context = context;
  }

  /**
   * Reads every key, and writes those that do not contain the credential or lapse soon. It writes
   * under a lease, after a second read, so that of N nodes that find the same work one does it.
   * Returns in how many ms the next key has to be written.
   *
   * @throws {PassError}
   */
  async run(): Promise<number> {
    const secret = await this.#current();
    const states = await this.#readStates(secret);
    if (states.every(({ isDue }) => !isDue)) return untilDue(states);
    return this.#underLease(async (isHeld) => {
      const present = await this.#current();
      const seen = await this.#readStates(present);
      for (const state of seen.filter(({ isDue }) => isDue)) {
        if (!isHeld() || this.#context.credential.peek()?.fingerprint !== present.fingerprint)
          return 0;
        await this.#write(state, present);
      }
      return untilDue(await this.#readStates(present));
    });
  }

  async #current(): Promise<Secret> {
    const { credential, signal } = this.#context;
    const secret = await credential
      .get({ signal })
      .catch((error: unknown) => Promise.reject(new PassError("credential", error)));
    const text = secret.reveal();
    if (this.#ours.at(-1) !== text) {
      this.#settled.clear();
      this.#ours.push(text);
      if (this.#ours.length > 4) this.#ours.shift();
    }
    return secret;
  }

  async #underLease(work: (isHeld: () => boolean) => Promise<number>): Promise<number> {
    const { clock, credential, lock, random, signal } = this.#context;
    const view = lock.withPrefix(credential.environment).withPrefix("mirror");
    const lease = await acquire(view, credential.id, {
      ttlMs: leaseMs,
      waitMs,
      clock,
      random,
      signal,
    }).catch((error: unknown) => Promise.reject(new PassError("lease", error)));
    try {
      return await work(() => lease.isHeld());
    } finally {
      await lease.release();
    }
  }

  async #readStates(secret: Secret): Promise<readonly KeyState[]> {
    const { targets } = this.#context;
    return this.#atStore(() => Promise.all(targets.map((target) => this.#stateOf(target, secret))));
  }

  async #stateOf(target: ResolvedTarget, secret: Secret): Promise<KeyState> {
    const { credential, store } = this.#context;
    const { keys, convention } = target;
    const [first] = keys;
    if (first === undefined) throw new Error(`"${target.name}" has no key.`);
    const text = await store.get(first.key);
    const left = await Promise.all(keys.map(({ key }) => store.remainingMs(key)));
    const leftMs = Math.min(...left.map((each) => each ?? 0));
    const held = text === undefined ? undefined : decode(first.encoding, text);
    const remainingMs = credential.status().remainingMs ?? 0;
    const isRight = held === secret.reveal() && Number.isFinite(leftMs);
    if (isRight) this.#settled.add(target);
    return {
      target,
      held,
      leftMs,
      isDue: !isRight || isLapsing(leftMs, remainingMs, convention.lessMs),
    };
  }

  async #write({ target, held }: KeyState, secret: Secret): Promise<void> {
    const { clock, credential, emit, store } = this.#context;
    const { generation, remainingMs = 0 } = credential.status();
    const { convention, keys, name } = target;
    const ttlMs = ttlFor(remainingMs, convention.lessMs);
    if (ttlMs < 1) return;
    if (held !== undefined && this.#settled.has(target) && !this.#ours.includes(held)) {
      emit({ type: "overwritten", convention: name, generation });
    }
    const content = { secret: secret.reveal(), remainingMs, wallMs: clock.wallMs() };
    // The credential comes last: who finds it must find the other keys too.
    for (const { encoding, key } of keys.toReversed()) {
      await this.#atStore(() => store.set(key, encode(encoding, content), ttlMs));
    }
    emit({ type: "mirrored", convention: name, generation, ttlMs });
  }

  #atStore<T>(work: () => Promise<T>): Promise<T> {
    const { clock, storeDeadlineMs } = this.#context;
    const started = (async () => work())();
    return within(clock, storeDeadlineMs, started).catch((error: unknown) =>
      Promise.reject(new PassError("store", error)),
    );
  }
}

/** Returns in how many ms the first key has to be written again. */
function untilDue(states: readonly KeyState[]): number {
  const least = Math.min(...states.map(({ leftMs }) => leftMs));
  // A key that ends with its credential cannot be prolonged. It is read at the usual interval.
  return least <= aheadMs ? Number.POSITIVE_INFINITY : least - aheadMs;
}
