/**
 * Runs one refresh at a time for all callers of the process, and limits how long each of them waits
 * for it.
 */
import { CredentialUnavailableError } from "../errors.ts";
import { refreshChannelName, traced } from "../events/tracing.ts";
import type { Secret } from "../secret.ts";
import type { Closing } from "../time/closing.ts";
import { waitFor } from "../time/wait.ts";
import type { CachedCredential } from "../fleet/cached-credential.ts";
import type { Goal, LocalCopy } from "../fleet/local-copy.ts";
import type { BlockReason, OnBlocked } from "../leader/block-reason.ts";
import type { Context } from "../fleet/context.ts";
import type { StoreClock } from "../fleet/store-clock.ts";
import type { FailedAttempt } from "./stale-cause.ts";

export interface Refresher {
  /**
   * Gets this process what the goal asks for, or rejects. `patient`: waits for block reasons to
   * pass, up to a deadline.
   */
  refresh(goal: Goal, patient: boolean, onBlocked: OnBlocked): Promise<void>;
}

/**
 * How long a caller waits for a store that has never answered: it may be failing over, but is more
 * likely misconfigured.
 */
const firstContactMs = 3_000;

/** Callers who come within this time of each other share one wait: no timer is more exact. */
const sameMomentMs = 1;

/** How many refreshes may succeed without serving a caller before it gets an error. */
const turnsMax = 8;

interface Running {
  readonly goal: Goal;
  readonly startedMs: number;
  readonly isPatient: boolean;
  readonly done: Promise<void>;
  /** The last block reason. */
  block?: BlockReason;
  toError?: () => unknown;
  /**
   * Resolves when the local copy changes: a refresh that waits, for a drain or a lease, may serve a
   * goal before it ends.
   */
  changed: PromiseWithResolvers<void>;
  /** Settles as `done` or `changed`, whichever comes first; one promise for all who wait. */
  next: Promise<void>;
  /** The last wait that began with this refresh. */
  newest?: { readonly wait: SharedWait; readonly secret: Promise<Secret> };
}

/** One wait, with one timer, of all callers who came at the same moment for the same goal. */
interface SharedWait {
  readonly goal: Goal;
  readonly cameMs: number;
  readonly waitMs: number;
  callers: number;
  isServed: boolean;
}

/** The parts of a node that limit its callers' waits. */
interface WaitingNode {
  readonly context: Pick<Context, "clock" | "environment" | "issuer" | "node" | "parameters">;
  readonly local: Pick<LocalCopy, "cachedFor">;
  readonly storeClock: Pick<StoreClock, "isSet">;
}

export class SingleFlight {
  readonly #node: WaitingNode;
  readonly #refresher: Refresher;
  readonly #closing: Closing;
  #running: Running | undefined;

  constructor(node: WaitingNode, refresher: Refresher, closing: Closing) {
    this.#node = node;
    this.#refresher = refresher;
    this.#closing = closing;
  }

  /**
   * Resolves to a credential that serves the goal. The caller's signal and the deadline end the
   * waiting, not the work. `waitMs` is what is left of the parameter.
   */
  ensure(
    goal: Goal,
    signal?: AbortSignal,
    waitMs: number = this.#node.context.parameters.waitMs,
  ): Promise<Secret> {
    const secret = this.#shared(goal, waitMs);
    return signal === undefined ? secret : waitFor(secret, { signals: [signal] });
  }

  /** Joins the wait of those who came at this moment, or begins another. */
  #shared(goal: Goal, waitMs: number): Promise<Secret> {
    const cameMs = this.#node.context.clock.monotonicMs();
    const newest = this.#running?.newest;
    if (newest !== undefined && isJoinable(newest.wait, goal, cameMs, waitMs)) {
      newest.wait.callers += 1;
      return newest.secret;
    }
    const wait: SharedWait = { goal, cameMs, waitMs, callers: 1, isServed: false };
    const secret = this.#limited(wait);
    if (this.#running !== undefined) this.#running.newest = { wait, secret };
    return secret;
  }

  #limited(wait: SharedWait): Promise<Secret> {
    const { context, storeClock } = this.#node;
    const { waitMs } = wait;
    const firstMs = storeClock.isSet ? waitMs : Math.min(waitMs, firstContactMs);
    let leftMs = waitMs - firstMs;
    const moreMs = (): number => {
      const ms = this.#isOutOfContact() ? 0 : leftMs;
      leftMs = 0;
      return ms;
    };
    const onLate = (): never => {
      throw this.#running?.toError?.() ?? this.#late();
    };
    return waitFor(this.#ensure(wait), {
      deadline: { clock: context.clock, ms: firstMs, moreMs, onLate },
    });
  }

  /**
   * Returns true when the block reason is a store that has never answered. Each caller waits for it
   * equally long, whoever came first.
   */
  #isOutOfContact(): boolean {
    const block = this.#running?.block;
    return !this.#node.storeClock.isSet && block?.kind === "pause" && block.why === "store";
  }

  #late(): Error {
    const { issuer, parameters } = this.#node.context;
    return new CredentialUnavailableError(
      `No credential "${issuer.id}" came within ${parameters.waitMs} ms (waitMs). The refresh goes on, and the events report what it waits for.`,
      { retryAfterMs: 1_000 },
    );
  }

  /**
   * Starts a refresh that stops at the first block reason, or joins the one that is running.
   * Resolves to what it met, if it failed. Never rejects: events report the failure.
   */
  async inBackground(goal: Goal): Promise<FailedAttempt | undefined> {
    const running = this.#running ?? this.#start(goal, false);
    return running.done.then(
      () => undefined,
      (error: unknown) => ({ error, block: running.block }),
    );
  }

  /** Resolves when no refresh is running. Never rejects. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running.done.catch(() => {});
  }

  /** Wakes the waiters after a change of the local copy, or after the closing. */
  wake(): void {
    if (this.#running === undefined) return;
    this.#running.changed.resolve();
    renew(this.#running);
  }

  async #ensure(wait: SharedWait): Promise<Secret> {
    const { goal, cameMs } = wait;
    for (let turns = 0; ;) {
      this.#closing.throwIfClosed();
      const cached = this.#node.local.cachedFor(goal);
      if (cached !== undefined) {
        wait.isServed = true;
        return use(cached, wait.callers);
      }
      if (turns === turnsMax) {
        throw new CredentialUnavailableError(
          `Each credential "${this.#node.context.issuer.id}" that came was refused or ran out at once. The platform, or the clock of the store, is not in order.`,
          { retryAfterMs: 1_000 },
        );
      }
      const running = this.#running ?? this.#start(goal, true);
      await running.next.catch((error: unknown) => {
        // A caller that came later does not share the deadline of those that came first.
        const isOurs = running.startedMs >= cameMs || !isTimeout(error);
        if (running.isPatient && isSame(running.goal, goal) && isOurs) throw error;
      });
      // A patient refresh that succeeded brought something. If it does not serve this goal, the
      // next one will report why.
      if (this.#running !== running) turns += 1;
    }
  }

  #start(goal: Goal, isPatient: boolean): Running {
    const onBlocked: OnBlocked = (block, toError) => {
      running.block = block;
      running.toError = toError;
    };
    const { context } = this.#node;
    const done = traced(refreshChannelName, context, { reason: goal.reason }, () =>
      this.#refresher.refresh(goal, isPatient, onBlocked),
    ).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    const running: Running = {
      goal,
      startedMs: context.clock.monotonicMs(),
      isPatient,
      done,
      changed: Promise.withResolvers(),
      next: done,
    };
    renew(running);
    this.#running = running;
    return running;
  }
}

function renew(running: Running): void {
  running.changed = Promise.withResolvers();
  running.next = Promise.race([running.done, running.changed.promise]);
  // Nobody may be waiting.
  running.next.catch(() => {});
}

/** Counts the uses and returns the secret. */
export function use(cached: CachedCredential, uses = 1): Secret {
  cached.uses += uses;
  return cached.secret;
}

function isTimeout(error: unknown): boolean {
  return error instanceof CredentialUnavailableError && error.reason !== undefined;
}

function isJoinable(wait: SharedWait, goal: Goal, nowMs: number, waitMs: number): boolean {
  return (
    !wait.isServed &&
    nowMs < wait.cameMs + sameMomentMs &&
    wait.waitMs === waitMs &&
    isSame(wait.goal, goal)
  );
}

function isSame(one: Goal, other: Goal): boolean {
  return (
    one.reason === other.reason && one.replaces === other.replaces && one.refused === other.refused
  );
}
