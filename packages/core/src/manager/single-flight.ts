/**
 * One flight at a time for all callers of the process, and a bound on how long each of them waits
 * for it.
 */
import { CredentialUnavailableError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { bounded } from "../time/wait.ts";
import type { Goal, CachedCredential, LocalCopy } from "../fleet/local-copy.ts";
import type { BlockReason, OnBlocked } from "../leader/block-reason.ts";
import type { Context } from "../fleet/context.ts";
import type { StoreClock } from "../fleet/store-clock.ts";
import type { FailedAttempt } from "./stale-cause.ts";

/**
 * Brings this process what the goal asks for, or rejects; `patient`: waits out what stands in the
 * way, up to a deadline.
 */
export type Refresh = (goal: Goal, patient: boolean, onBlocked: OnBlocked) => Promise<void>;

/**
 * A store that has answered before is worth waiting for as long as the caller waits; one that never
 * did may be failing over, but is more likely misconfigured.
 */
const firstContactMs = 3_000;

/** Flights that may end well without serving a caller before it is told that something is wrong. */
const turnsMax = 8;

interface Running {
  readonly goal: Goal;
  readonly startedMs: number;
  readonly isPatient: boolean;
  readonly done: Promise<void>;
  /** What stood in the way last. */
  block?: BlockReason;
  toError?: () => unknown;
  /**
   * Resolves when something else is known: a flight that waits, for a drain or a lease, may serve
   * before it lands.
   */
  changed: PromiseWithResolvers<void>;
  /** Settles as `done` or `changed`, whichever comes first; one promise for all who wait. */
  next: Promise<void>;
}

/** What is needed of a node to bound its callers' patience. */
interface WaitingNode {
  readonly context: Pick<Context, "clock" | "issuer" | "parameters">;
  readonly local: Pick<LocalCopy, "cachedFor">;
  readonly storeClock: Pick<StoreClock, "isSet">;
}

export class SingleFlight {
  readonly #node: WaitingNode;
  readonly #refresh: Refresh;
  readonly #closing: AbortSignal;
  #running: Running | undefined;

  constructor(node: WaitingNode, refresh: Refresh, closing: AbortSignal) {
    this.#node = node;
    this.#refresh = refresh;
    this.#closing = closing;
    // One listener for all who wait: each of them looks whether everything closes when it is woken.
    closing.addEventListener("abort", () => this.wake(), { once: true });
  }

  /**
   * A credential that serves the goal. The caller's signal and the deadline end the waiting, not
   * the work. @param waitMs what is left of `waitMs`
   */
  ensure(
    goal: Goal,
    signal?: AbortSignal,
    waitMs: number = this.#node.context.parameters.waitMs,
  ): Promise<Secret> {
    const { context, storeClock } = this.#node;
    const firstMs = storeClock.isSet ? waitMs : Math.min(waitMs, firstContactMs);
    let leftMs = waitMs - firstMs;
    const moreMs = (): number => {
      const ms = this.#isOutOfContact() ? 0 : leftMs;
      leftMs = 0;
      return ms;
    };
    const error = (): unknown => this.#running?.toError?.() ?? this.#late();
    return bounded(this.#ensure(goal), {
      deadline: { clock: context.clock, ms: firstMs, moreMs, error },
      signals: [signal],
    });
  }

  /**
   * Whether the store has never answered, and that is what stands in the way. Each caller has the
   * same patience with it, whoever came first.
   */
  #isOutOfContact(): boolean {
    const block = this.#running?.block;
    return !this.#node.storeClock.isSet && block?.kind === "pause" && block.why === "store";
  }

  #late(): Error {
    const { issuer, parameters } = this.#node.context;
    return new CredentialUnavailableError(
      `No credential "${issuer.id}" could be had within ${parameters.waitMs} ms (waitMs). The attempt goes on; the events tell what it waits for.`,
      { retryAfterMs: 1_000 },
    );
  }

  /**
   * Flies if nothing is in the air, and gives up at the first obstacle. Gives what it met, if it
   * brought nothing. Never rejects: the events tell.
   */
  async inBackground(goal: Goal): Promise<FailedAttempt | undefined> {
    if (this.#running !== undefined) return undefined;
    const running = this.#start(goal, false);
    return running.done.then(
      () => undefined,
      (error: unknown) => ({ error, block: running.block }),
    );
  }

  /** Resolves when nothing is in the air. Never rejects. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running.done.catch(() => {});
  }

  /** What is known has changed: who waits looks whether that is enough. */
  wake(): void {
    if (this.#running === undefined) return;
    this.#running.changed.resolve();
    renew(this.#running);
  }

  async #ensure(goal: Goal): Promise<Secret> {
    const cameMs = this.#node.context.clock.monotonicMs();
    for (let turns = 0; ;) {
      this.#closing.throwIfAborted();
      const cached = this.#node.local.cachedFor(goal);
      if (cached !== undefined) return use(cached);
      if (turns === turnsMax) {
        throw new CredentialUnavailableError(
          `Each credential "${this.#node.context.issuer.id}" that came was refused or ran out at once. The platform, or the clock of the store, is not in order.`,
          { retryAfterMs: 1_000 },
        );
      }
      const running = this.#running ?? this.#start(goal, true);
      await running.next.catch((error: unknown) => {
        // Whoever came later is not out of patience because those are who came first.
        const isOurs = running.startedMs >= cameMs || !isOutOfPatience(error);
        if (running.isPatient && isSame(running.goal, goal) && isOurs) throw error;
      });
      // A patient flight that ended well has brought something; if it does not serve this goal (any
      // more), the next one will tell why.
      if (this.#running !== running) turns += 1;
    }
  }

  #start(goal: Goal, isPatient: boolean): Running {
    const onBlocked: OnBlocked = (block, toError) => {
      running.block = block;
      running.toError = toError;
    };
    const done = this.#refresh(goal, isPatient, onBlocked).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    const { clock } = this.#node.context;
    const running: Running = {
      goal,
      startedMs: clock.monotonicMs(),
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

/** Counts a use and gives what to send. */
export function use(cached: CachedCredential): Secret {
  cached.uses += 1;
  return cached.secret;
}

function isOutOfPatience(error: unknown): boolean {
  return error instanceof CredentialUnavailableError && error.reason !== undefined;
}

function isSame(one: Goal, other: Goal): boolean {
  return (
    one.reason === other.reason && one.replaces === other.replaces && one.refused === other.refused
  );
}
