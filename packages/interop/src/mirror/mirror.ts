/**
 * Writes the credential to the keys that services on other SDKs read, so that they use it and never
 * fetch.
 */
import {
  ClosedError,
  ConfigurationError,
  requireLock,
  requireOptions,
  systemClock,
  systemRandom,
} from "@lingpai/core";
import type { CancelTimer, Clock, KindsOf, Lock, Random } from "@lingpai/core";
import { MirrorChecks } from "./mirror-checks.ts";
import { MirrorPass, PassError } from "./mirror-pass.ts";
import type { MirroredCredential } from "./mirror-pass.ts";
import type { MirrorEvent } from "./mirror-events.ts";
import { resolveTarget } from "../conventions/target.ts";
import type { Target } from "../conventions/target.ts";
import type { RawStore } from "../store/raw-store.ts";
import { requireMirroredCredential, requireStore } from "../require.ts";

export interface MirrorOptions {
  /** The Redis that the targets read. */
  readonly store: RawStore;
  /** The fleet's lock. Of the nodes that find the same work, one does it. */
  readonly lock: Lock;
  readonly to: readonly Target[];
  /**
   * How often each node checks the keys, at most, in ms: from 1000. A check is two reads a key.
   * @defaultValue 30_000
   */
  readonly checkMs?: number;
  /**
   * How often one node of the fleet asks the platform whether the credential is alive, in ms: from
   * 5000, or 0 for never. A fleet that only mirrors makes no calls, so nothing else would show it a
   * dead token. WeChat is asked through `getcallbackip`, which has no side effect.
   * @defaultValue 30_000
   */
  readonly probeMs?: number;
  /**
   * How often each node reads whether another service reported the credential as refused
   * ({@link refusedTokenKey}), in ms: from 100, or 0 for never. @defaultValue 500
   */
  readonly reportMs?: number;
  /** How long one operation of the store may take, in ms. @defaultValue 2_000 */
  readonly storeDeadlineMs?: number;
  /** Called for each event. Its errors are dropped. */
  readonly onEvent?: (event: MirrorEvent) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface Mirror {
  /**
   * Writes the keys and keeps them right until `close`. Resolves after the first pass, with true if
   * every key was right at its end. It gets the credential, so it may fetch. It never rejects for a
   * store or a platform that is down: it emits `mirror-failed` and tries again.
   */
  start(): Promise<boolean>;
  /**
   * Stops the mirror and waits for the pass that is running. The keys stay until their time to live
   * ends. Closing the credential closes its mirror.
   */
  close(): Promise<void>;
}

const checkDefaultMs = 30_000;
const retryMaxMs = 30_000;
/**
 * How long a node leaves the writing to the node that fetched, in ms. It is jittered by half.
 */
const committerLeadMs = 1_000;

/**
 * Makes a mirror of this credential for these targets. Constructing it does no I/O. Start one on
 * each owner: the node that commits a credential writes at once, the others check a moment later,
 * and each checks again before a key lapses. A key that the SDK's own rule would let lapse is
 * prolonged to the credential's end.
 *
 * A failing mirror never affects the credential. In the milliseconds between a commit and the
 * write, a target reads the previous credential, which WeChat honours for five more minutes
 * (documented).
 *
 * @throws {ConfigurationError} a target's key cannot be made, or contains a secret that was not
 *   accepted: see {@link Target}.
 */
export function mirror(credential: MirroredCredential, options: MirrorOptions): Mirror {
  return new RunningMirror(credential, options);
}

class RunningMirror implements Mirror {
  readonly #credential: MirroredCredential;
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

  constructor(credential: MirroredCredential, options: MirrorOptions) {
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
    requireInterval("probeMs", probeMs, 5_000);
    requireInterval("reportMs", reportMs, 100);
    if (!(checkMs >= 1_000 && Number.isFinite(checkMs)))
      throw new ConfigurationError(`checkMs is ${checkMs}. Give 1000 or more.`, { rule: "mirror" });
    if (options.to.length === 0)
      throw new ConfigurationError('A mirror needs targets. Give at least one in "to".', {
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
        // A listener's error is not the mirror's.
      }
    };
    const signal = this.#closing.signal;
    const targets = options.to.map((target) => resolveTarget(target, "One of to"));
    const shared = { credential, store, clock, random, storeDeadlineMs, emit: this.#emit, signal };
    this.#pass = new MirrorPass({ ...shared, targets, lock });
    this.#checks = new MirrorChecks({ ...shared, probeMs, reportMs });
  }

  start(): Promise<boolean> {
    if (this.#closing.signal.aborted) return Promise.reject(new ClosedError("The mirror"));
    this.#unwatch ??= this.#credential.watch(({ type }) => {
      if (type === "refreshed" || type === "reconciled" || type === "repaired") void this.#run();
      else if (type === "adopted") this.#schedule(committerLeadMs * (0.5 + this.#random.next()));
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

  /** Runs one pass at a time. A change that is reported meanwhile causes one more. */
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

const kinds = {
  checkMs: "number",
  clock: "clock",
  lock: "lock",
  onEvent: "function",
  probeMs: "number",
  random: "random",
  reportMs: "number",
  store: "object",
  storeDeadlineMs: "whole",
  to: "list",
} satisfies KindsOf<MirrorOptions>;

function requireMirror(credential: MirroredCredential, options: MirrorOptions): void {
  requireMirroredCredential(credential);
  requireOptions("mirror()", options, kinds);
  requireStore(options.store);
  requireLock(options.lock);
  if (!Array.isArray(options.to))
    throw new ConfigurationError('"to" must be a list of targets.', { rule: "mirror" });
}

/** @throws {ConfigurationError} `mirror` */
function requireInterval(name: string, ms: number, leastMs: number): void {
  if (ms === 0 || (ms >= leastMs && Number.isFinite(ms))) return;
  throw new ConfigurationError(`${name} is ${ms}. Give ${leastMs} or more, or 0 for never.`, {
    rule: "mirror",
  });
}
