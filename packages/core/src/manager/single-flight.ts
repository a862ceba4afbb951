/**
 * One flight at a time for all callers of the process, and a bound on how long each of them waits
 * for it.
 */
import { CredentialUnavailableError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { bounded } from "../time/wait.ts";
import type { Goal, Holding, Local } from "../fleet/local.ts";
import type { Obstacle, OnObstacle } from "../leader/block-reason.ts";
import type { Setting } from "../fleet/context.ts";
import type { StoreClock } from "../fleet/store-clock.ts";
import type { Fruitless } from "./stale-cause.ts";

/**
 * Brings this process what the goal asks for, or rejects; `patient`: waits out what stands in the
 * way, up to a deadline.
 */
export type Journey = (goal: Goal, patient: boolean, onObstacle: OnObstacle) => Promise<void>;

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
  obstacle?: Obstacle;
  explain?: () => unknown;
  /**
   * Resolves when something else is known: a flight that waits, for a drain or a lease, may serve
   * before it lands.
   */
  changed: PromiseWithResolvers<void>;
  /** Settles as `done` or `changed`, whichever comes first; one promise for all who wait. */
  next: Promise<void>;
}

/** What is needed of a node to bound its callers' patience. */
interface FlightsParts {
  readonly setting: Pick<Setting, "clock" | "issuer" | "parameters">;
  readonly local: Pick<Local, "serves">;
  readonly storeClock: Pick<StoreClock, "isSet">;
}

export class Flights {
  readonly #parts: FlightsParts;
  readonly #journey: Journey;
  readonly #closing: AbortSignal;
  #running: Running | undefined;

  constructor(parts: FlightsParts, journey: Journey, closing: AbortSignal) {
    this.#parts = parts;
    this.#journey = journey;
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
    waitMs: number = this.#parts.setting.parameters.waitMs,
  ): Promise<Secret> {
    const { setting, storeClock } = this.#parts;
    const firstMs = storeClock.isSet ? waitMs : Math.min(waitMs, firstContactMs);
    let leftMs = waitMs - firstMs;
    const moreMs = (): number => {
      const ms = this.#isOutOfContact() ? 0 : leftMs;
      leftMs = 0;
      return ms;
    };
    const error = (): unknown => this.#running?.explain?.() ?? this.#late();
    return bounded(this.#ensure(goal), {
      deadline: { clock: setting.clock, ms: firstMs, moreMs, error },
      signals: [signal],
    });
  }

  /**
   * Whether the store has never answered, and that is what stands in the way. Each caller has the
   * same patience with it, whoever came first.
   */
  #isOutOfContact(): boolean {
    const obstacle = this.#running?.obstacle;
    return !this.#parts.storeClock.isSet && obstacle?.kind === "pause" && obstacle.why === "store";
  }

  #late(): Error {
    const { issuer, parameters } = this.#parts.setting;
    return new CredentialUnavailableError(
      `No credential "${issuer.id}" could be had within ${parameters.waitMs} ms (waitMs). The attempt goes on; the events tell what it waits for.`,
      { retryAfterMs: 1_000 },
    );
  }

  /**
   * Flies if nothing is in the air, and gives up at the first obstacle. Gives what it met, if it
   * brought nothing. Never rejects: the events tell.
   */
  async inBackground(goal: Goal): Promise<Fruitless | undefined> {
    if (this.#running !== undefined) return undefined;
    const running = this.#start(goal, false);
    return running.done.then(
      () => undefined,
      (error: unknown) => ({ error, obstacle: running.obstacle }),
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
    const cameMs = this.#parts.setting.clock.monotonicMs();
    for (let turns = 0; ;) {
      this.#closing.throwIfAborted();
      const holding = this.#parts.local.serves(goal);
      if (holding !== undefined) return use(holding);
      if (turns === turnsMax) {
        throw new CredentialUnavailableError(
          `Each credential "${this.#parts.setting.issuer.id}" that came was refused or ran out at once. The platform, or the clock of the store, is not in order.`,
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
    const onObstacle: OnObstacle = (obstacle, explain) => {
      running.obstacle = obstacle;
      running.explain = explain;
    };
    const done = this.#journey(goal, isPatient, onObstacle).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    const { clock } = this.#parts.setting;
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
export function use(holding: Holding): Secret {
  holding.uses += 1;
  return holding.secret;
}

function isOutOfPatience(error: unknown): boolean {
  return error instanceof CredentialUnavailableError && error.reason !== undefined;
}

function isSame(one: Goal, other: Goal): boolean {
  return (
    one.reason === other.reason && one.replaces === other.replaces && one.refused === other.refused
  );
}
