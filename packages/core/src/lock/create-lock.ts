/** Turns a driver into a lock: prefixes, validation and deadlines, the same for every store. */
import type { Unsubscribe } from "../driver/subscriptions.ts";
import { createDriverGuard, requireDeadline } from "../driver/driver-guard.ts";
import type { DriverGuard } from "../driver/driver-guard.ts";
import { ConfigurationError } from "../errors.ts";
import { requireOptions, requireShape, type KindsOf } from "../options.ts";
import { releasingLateGrants } from "./late-grants.ts";
import type { Busy, Granted, Lock } from "./lock.ts";
import type { LockDriver } from "./lock-driver.ts";
import { nameIn, scopeOf } from "../cache/prefix.ts";
import { createSubscriptions } from "../driver/subscriptions.ts";
import type { Subscriptions } from "../driver/subscriptions.ts";
import { systemClock } from "../time/time.ts";
import type { Clock } from "../time/time.ts";
import { createWaitQueue } from "./wait-queue.ts";
import type { WaitQueue } from "./wait-queue.ts";

export interface LockOptions {
  /** Measures the deadline. @defaultValue the machine's clock */
  readonly clock?: Clock;
  /**
   * How long one call of the store may take, in ms: a whole number from 1 to 2^31 − 1.
   * @defaultValue 500
   */
  readonly deadlineMs?: number;
}

/**
 * A lock over a driver. All views made from it by `withPrefix` and `at` share its wait queue.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a deadline out of range, an unknown option, or a
 *   value that is no driver.
 */
export function createLock(driver: LockDriver, options: LockOptions = {}): Lock {
  requireShape(
    "The lock's driver",
    driver,
    ["tryAcquire", "extend", "release"],
    "Implement LockDriver, or use an adapter.",
  );
  requireOptions("The lock's options", options, kinds);
  const { clock = systemClock } = options;
  const deadlineMs = requireDeadline(options.deadlineMs);
  const guard = createDriverGuard({
    kind: driver.kind,
    clock,
    deadlineMs,
    onSilence: driver.recover?.bind(driver),
  });
  return new View(
    {
      driver: releasingLateGrants(driver),
      deadlineMs,
      guard,
      subscriptions: createSubscriptions(guard),
      queue: createWaitQueue(),
    },
    [],
  );
}

const kinds = { clock: "clock", deadlineMs: "number" } satisfies KindsOf<LockOptions>;
const leaseMaxMs = 2 ** 31 - 1;

/**
 * Visible ASCII, which no store alters or trims. The empty text marks a free lock in some stores,
 * so it is no owner.
 */
const ownerPattern = /^[!-~]{1,128}$/;

/** What all views of one lock share. */
interface Shared {
  readonly driver: LockDriver;
  readonly deadlineMs: number;
  readonly guard: DriverGuard;
  readonly subscriptions: Subscriptions;
  readonly queue: WaitQueue;
}

class View implements Lock {
  readonly path: readonly string[];
  readonly deadlineMs: number;
  readonly queue: WaitQueue;
  readonly onRelease?: (name: string, listener: () => void) => Promise<Unsubscribe>;
  readonly #shared: Shared;
  readonly #scope: string;

  constructor(shared: Shared, path: readonly string[]) {
    this.#shared = shared;
    this.#scope = scopeOf(path);
    this.path = Object.freeze([...path]);
    this.deadlineMs = shared.deadlineMs;
    this.queue = shared.queue;
    if (shared.driver.onRelease)
      this.onRelease = (name, listener) => this.#onRelease(name, listener);
  }

  tryAcquire(name: string, owner: string, ttlMs: number): Promise<Granted | Busy> {
    const { driver, guard } = this.#shared;
    return guard.run(() => {
      const physical = nameIn(this.#scope, name);
      requireLease(ttlMs);
      if (!ownerPattern.test(owner)) {
        throw new ConfigurationError(
          "A lock's owner must be 1 to 128 visible ASCII characters. Draw it with random.id().",
        );
      }
      return driver.tryAcquire(physical, owner, ttlMs);
    });
  }

  async extend(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const { driver, guard } = this.#shared;
    const physical = nameIn(this.#scope, name);
    requireLease(ttlMs);
    return ownerPattern.test(owner) && guard.run(() => driver.extend(physical, owner, ttlMs));
  }

  async release(name: string, owner: string): Promise<boolean> {
    const { driver, guard } = this.#shared;
    const physical = nameIn(this.#scope, name);
    return ownerPattern.test(owner) && guard.run(() => driver.release(physical, owner));
  }

  withPrefix(segment: string): Lock {
    return new View(this.#shared, [...this.path, segment]);
  }

  at(path: readonly string[]): Lock {
    return new View(this.#shared, path);
  }

  async #onRelease(name: string, listener: () => void): Promise<Unsubscribe> {
    const { driver, subscriptions } = this.#shared;
    const physical = nameIn(this.#scope, name);
    return subscriptions.open<void>(listener, (deliver) => driver.onRelease!(physical, deliver));
  }
}

function requireLease(ttlMs: number): void {
  if (Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= leaseMaxMs) return;
  throw new ConfigurationError(
    `A lease's ttlMs must be a whole number of ms from 1 to ${leaseMaxMs}, not ${String(ttlMs)}.`,
  );
}
