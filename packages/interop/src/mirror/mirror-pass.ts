/** One look at the neighbours' keys, and what has to be written. */
import { acquire } from "@lingpai/core";
import type { Clock, Credential, Lock, Random, Secret } from "@lingpai/core";
import { decode, encode } from "../conventions/encoding.ts";
import { nameOf } from "./mirror-events.ts";
import type { MirrorEvent } from "./mirror-events.ts";
import type { Address } from "../conventions/target.ts";
import type { RawStore } from "../store/raw-store.ts";
import { aheadMs, isLapsing, ttlFor } from "../conventions/time-to-live.ts";
import { within } from "../store/within.ts";

/** What is used of a credential. */
export type Mirrored = Pick<
  Credential,
  "id" | "environment" | "check" | "get" | "peek" | "status" | "watch"
>;

export interface Surroundings {
  readonly credential: Mirrored;
  readonly addresses: readonly Address[];
  readonly store: RawStore;
  readonly lock: Lock;
  readonly clock: Clock;
  readonly random: Random;
  readonly storeDeadlineMs: number;
  readonly emit: (event: MirrorEvent) => void;
  readonly signal: AbortSignal;
}

/** Where a pass failed. The cause stays behind: drivers' errors quote keys and values. */
export class PassError extends Error {
  readonly step: "credential" | "lease" | "store";

  constructor(step: PassError["step"], error: unknown) {
    super(nameOf(error));
    this.step = step;
  }
}

interface Look {
  readonly address: Address;
  readonly held: string | undefined;
  readonly leftMs: number;
  readonly isDue: boolean;
}

const leaseMs = 10_000;
const waitMs = 5_000;

/**
 * Mirrors one credential; knows which texts it saw, by fingerprint of its own making, to tell its
 * own from foreign ones.
 */
export class MirrorPass {
  readonly #around: Surroundings;
  /** The credentials of the last generations that this process saw, newest last. */
  readonly #ours: string[] = [];
  /** The neighbours whose key this process has seen to hold the present credential. */
  readonly #settled = new Set<Address>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /**
   * Reads every key, and writes those that do not hold the credential or are about to lapse: under
   * a lease, after a second look, so that of N nodes that find the same work one does it. Returns
   * in how many ms the next of them needs attention.
   *
   * @throws {PassError}
   */
  async run(): Promise<number> {
    const secret = await this.#current();
    const looks = await this.#look(secret);
    if (looks.every(({ isDue }) => !isDue)) return untilDue(looks);
    return this.#underLease(async (isHeld) => {
      const present = await this.#current();
      const seen = await this.#look(present);
      for (const look of seen.filter(({ isDue }) => isDue)) {
        if (!isHeld() || this.#around.credential.peek()?.fingerprint !== present.fingerprint)
          return 0;
        await this.#write(look, present);
      }
      return untilDue(await this.#look(present));
    });
  }

  async #current(): Promise<Secret> {
    const { credential, signal } = this.#around;
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
    const { clock, credential, lock, random, signal } = this.#around;
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

  async #look(secret: Secret): Promise<readonly Look[]> {
    const { addresses } = this.#around;
    return this.#atStore(() =>
      Promise.all(addresses.map((address) => this.#lookAt(address, secret))),
    );
  }

  async #lookAt(address: Address, secret: Secret): Promise<Look> {
    const { credential, store } = this.#around;
    const { keys, convention } = address;
    const [first] = keys;
    if (first === undefined) throw new Error(`"${address.name}" has no key.`);
    const text = await store.get(first.key);
    const left = await Promise.all(keys.map(({ key }) => store.remainingMs(key)));
    const leftMs = Math.min(...left.map((each) => each ?? 0));
    const held = text === undefined ? undefined : decode(first.encoding, text);
    const remainingMs = credential.status().remainingMs ?? 0;
    const isRight = held === secret.reveal() && Number.isFinite(leftMs);
    if (isRight) this.#settled.add(address);
    return {
      address,
      held,
      leftMs,
      isDue: !isRight || isLapsing(leftMs, remainingMs, convention.lessMs),
    };
  }

  async #write({ address, held }: Look, secret: Secret): Promise<void> {
    const { clock, credential, emit, store } = this.#around;
    const { generation, remainingMs = 0 } = credential.status();
    const { convention, keys, name } = address;
    const ttlMs = ttlFor(remainingMs, convention.lessMs);
    if (ttlMs < 1) return;
    if (held !== undefined && this.#settled.has(address) && !this.#ours.includes(held)) {
      emit({ type: "overwritten", convention: name, generation });
    }
    const content = { secret: secret.reveal(), remainingMs, wallMs: clock.wallMs() };
    // What stands beside the credential first: who finds the credential must find that too.
    for (const { encoding, key } of keys.toReversed()) {
      await this.#atStore(() => store.set(key, encode(encoding, content), ttlMs));
    }
    emit({ type: "mirrored", convention: name, generation, ttlMs });
  }

  #atStore<T>(work: () => Promise<T>): Promise<T> {
    const { clock, storeDeadlineMs } = this.#around;
    const started = (async () => work())();
    return within(clock, storeDeadlineMs, started).catch((error: unknown) =>
      Promise.reject(new PassError("store", error)),
    );
  }
}

/** When the first key has less than it may have. */
function untilDue(looks: readonly Look[]): number {
  const least = Math.min(...looks.map(({ leftMs }) => leftMs));
  // A key that lapses with its credential cannot be helped: it is looked at in the usual rhythm.
  return least <= aheadMs ? Number.POSITIVE_INFINITY : least - aheadMs;
}
