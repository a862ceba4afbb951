/**
 * Keeps the credential where services on other SDKs look for theirs, so that they use it and never
 * fetch.
 */
import {
  ClosedError,
  ConfigurationError,
  requireClock,
  requireKnown,
  requireLock,
  systemClock,
  systemRandom,
} from "@lingpai/core";
import type { CancelTimer, Clock, Lock, Random } from "@lingpai/core";
import { MirrorChecks } from "./mirror-checks.ts";
import { MirrorPass, PassError } from "./mirror-pass.ts";
import type { Mirrored } from "./mirror-pass.ts";
import type { MirrorEvent } from "./mirror-events.ts";
import { addressOf } from "../conventions/target.ts";
import type { Neighbour } from "../conventions/target.ts";
import type { RawStore } from "../store/raw-store.ts";
import { requireMirrored, requireStore } from "../require.ts";

export interface MirrorOptions {
  /** The Redis in which the neighbours look. */
  readonly store: RawStore;
  /** The fleet's lock: of the nodes that see the same work, one does it. */
  readonly lock: Lock;
  readonly to: readonly Neighbour[];
  /**
   * How often each node looks whether the keys are right, at most, in ms: from 1000. The look is
   * two reads a key. @defaultValue 30_000
   */
  readonly checkMs?: number;
  /**
   * How often one node of the fleet asks the platform whether the credential is alive, in ms: from
   * 5000, or 0 for never. A fleet that only mirrors makes no calls, so nobody else would tell it.
   * WeChat is asked through `getcallbackip`, which has no side effect. @defaultValue 30_000
   */
  readonly probeMs?: number;
  /**
   * How often each node reads whether another service reported the credential as refused
   * ({@link refusedTokenKey}), in ms: from 100, or 0 for never. @defaultValue 500
   */
  readonly reportMs?: number;
  /** How long one round of the store may take, in ms. @defaultValue 2_000 */
  readonly storeDeadlineMs?: number;
  /** Called for each event; what it throws is dropped. */
  readonly onEvent?: (event: MirrorEvent) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface Mirror {
  /**
   * Writes what has to be written and keeps it so, until `close`. Resolves after the first round,
   * true when every key was right at its end. Gets the credential, and so may fetch it. Never
   * rejects for a store or a platform that is down: it reports, and tries again.
   */
  start(): Promise<boolean>;
  /**
   * Ends it and waits for what is under way. The keys stay, and lapse by their time to live. A
   * credential that is closed ends its mirror.
   */
  close(): Promise<void>;
}

const checkDefaultMs = 30_000;
const retryMaxMs = 30_000;
/**
 * How long a node leaves the writing to the one that fetched, in ms: a random part of it is added.
 */
const courtesyMs = 1_000;

/**
 * A mirror of this credential for those neighbours. Constructing it does no I/O. Give one to each
 * owner: the node that commits a credential writes at once, the others look a moment later, and
 * each looks again before a key lapses; a key that the SDK's own rule would let lapse is kept to
 * the credential's end.
 *
 * Nothing that goes wrong here touches the credential. Between a commit and the write lie
 * milliseconds in which a neighbour reads the credential before; a platform that honours it
 * meanwhile (WeChat documents five minutes) makes that unnoticeable.
 *
 * @throws {ConfigurationError} a neighbour's key cannot be made, or is not to be made: see
 *   {@link Neighbour}.
 */
export function mirror(credential: Mirrored, options: MirrorOptions): Mirror {
  return new RunningMirror(credential, options);
}

class RunningMirror implements Mirror {
  readonly #credential: Mirrored;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #checkMs: number;
  readonly #emit: (event: MirrorEvent) => void;
  readonly #pass: MirrorPass;
  readonly #checks: MirrorChecks;
  readonly #closing = new AbortController();
  #running: Promise<boolean> | undefined;
  #again = false;
  #failures = 0;
  #cancelTimer: CancelTimer = () => {};
  #unwatch: (() => void) | undefined;

  constructor(credential: Mirrored, options: MirrorOptions) {
    requireMirror(credential, options);
    const {
      checkMs = checkDefaultMs,
      clock = systemClock,
      lock,
      onEvent,
      random = systemRandom,
      store,
      storeDeadlineMs = 2_000,
    } = options;
    const { probeMs = 30_000, reportMs = 500 } = options;
    requireRhythm("probeMs", probeMs, 5_000);
    requireRhythm("reportMs", reportMs, 100);
    if (!(checkMs >= 1_000 && Number.isFinite(checkMs)))
      throw new ConfigurationError(`checkMs is ${checkMs}. Give 1000 or more.`, { rule: "mirror" });
    if (options.to.length === 0)
      throw new ConfigurationError('A mirror needs neighbours: give at least one in "to".', {
        rule: "mirror",
      });
    this.#credential = credential;
    this.#clock = clock;
    this.#random = random;
    this.#checkMs = checkMs;
    this.#emit = (event) => {
      try {
        onEvent?.(event);
      } catch {
        // Its listener's own affair.
      }
    };
    const signal = this.#closing.signal;
    const addresses = options.to.map(addressOf);
    const shared = { credential, store, clock, random, storeDeadlineMs, emit: this.#emit, signal };
    this.#pass = new MirrorPass({ ...shared, addresses, lock });
    this.#checks = new MirrorChecks({ ...shared, probeMs, reportMs });
  }

  start(): Promise<boolean> {
    if (this.#closing.signal.aborted) return Promise.reject(new ClosedError("The mirror"));
    this.#unwatch ??= this.#credential.watch(({ type }) => {
      if (type === "refreshed" || type === "reconciled" || type === "repaired") void this.#run();
      else if (type === "adopted") this.#schedule(courtesyMs * (0.5 + this.#random.next()));
      else if (type === "closed") void this.close();
    });
    this.#checks.start();
    return this.#run();
  }

  async close(): Promise<void> {
    this.#unwatch?.();
    this.#cancelTimer();
    this.#closing.abort(new ClosedError("The mirror"));
    await this.#checks.close();
    await this.#running;
  }

  /** One round at a time; news that come meanwhile cause one more. */
  #run(): Promise<boolean> {
    if (this.#closing.signal.aborted) return Promise.resolve(false);
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#rounds().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #rounds(): Promise<boolean> {
    this.#cancelTimer();
    let isRight: boolean;
    do {
      this.#again = false;
      isRight = await this.#round();
    } while (this.#again && !this.#closing.signal.aborted);
    return isRight;
  }

  async #round(): Promise<boolean> {
    try {
      const dueMs = await this.#pass.run();
      this.#failures = 0;
      this.#schedule(
        Math.max(1_000, Math.min(dueMs, this.#checkMs) * (0.75 + this.#random.next() / 4)),
      );
      return dueMs > 0;
    } catch (error) {
      if (this.#closing.signal.aborted) return false;
      this.#failures += 1;
      const retryMs = Math.round(
        Math.min(retryMaxMs, 500 * 2 ** this.#failures) * (0.5 + this.#random.next() / 2),
      );
      this.#schedule(retryMs);
      const [step, name] =
        error instanceof PassError ? [error.step, error.message] : (["store", "unknown"] as const);
      this.#emit({ type: "mirror-failed", step, error: name, retryMs });
      return false;
    }
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer();
    if (this.#closing.signal.aborted) return;
    this.#cancelTimer = this.#clock.setTimer(delayMs, () => void this.#run(), { background: true });
  }
}

function requireMirror(credential: Mirrored, options: MirrorOptions): void {
  requireMirrored(credential);
  const names = [
    "checkMs",
    "clock",
    "lock",
    "onEvent",
    "probeMs",
    "random",
    "reportMs",
    "store",
    "storeDeadlineMs",
    "to",
  ];
  requireKnown("mirror()", options, names);
  requireStore(options.store);
  requireLock(options.lock);
  requireClock(options.clock);
  if (!Array.isArray(options.to))
    throw new ConfigurationError('"to" must be a list of neighbours.', { rule: "mirror" });
}

/** @throws {ConfigurationError} `mirror` */
function requireRhythm(name: string, ms: number, leastMs: number): void {
  if (ms === 0 || (ms >= leastMs && Number.isFinite(ms))) return;
  throw new ConfigurationError(`${name} is ${ms}. Give ${leastMs} or more, or 0 for never.`, {
    rule: "mirror",
  });
}
