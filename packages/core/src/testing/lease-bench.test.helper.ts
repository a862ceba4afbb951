/**
 * A small store with locks, a network that breaks on demand, and a clock, for the tests of leases.
 */
import { deepEqual } from "node:assert/strict";
import { createLock } from "../lock/create-lock.ts";
import type { AcquireOptions } from "../lease/lease.ts";
import type { Lock } from "../lock/lock.ts";
import type { LockDriver } from "../lock/lock-driver.ts";
import type { Random } from "../random.ts";
import { faultPlan, faultyLock, manualClock, seededRandom } from "./index.ts";
import type { FaultPlan, ManualClock } from "./index.ts";

export interface Bench {
  readonly clock: ManualClock;
  readonly random: Random;
  readonly plan: FaultPlan;
  /** This process's lock, behind the fault plan. */
  readonly lock: Lock;
  /** Another process's lock over the same store, without faults. */
  elsewhere(): Lock;
  /** Lease of 1000 ms, wait of 5000 ms, unless changed. */
  options(change?: Partial<AcquireOptions>): AcquireOptions;
  /** Returns the holder that the store has now. */
  holder(name: string): string | undefined;
  /** How many subscriptions the store serves. */
  readonly listeners: number;
  /** Asserts that the clock has no timer and the store no subscription left. */
  expectNothingLeft(): void;
}

interface Row {
  owner: string;
  fence: number;
  endsAtMs: number;
}

export function bench(settings: { readonly pushes?: boolean } = {}): Bench {
  const clock = manualClock();
  const random = seededRandom("bench");
  const plan = faultPlan({ clock });
  const rows = new Map<string, Row>();
  const listeners = new Set<{ readonly name: string; readonly call: () => void }>();

  const held = (name: string): Row | undefined => {
    const row = rows.get(name);
    return row !== undefined && clock.worldMs() < row.endsAtMs ? row : undefined;
  };

  const driver: LockDriver = {
    kind: "toy",
    async tryAcquire(name, owner, ttlMs) {
      const row = held(name);
      if (row !== undefined && row.owner !== owner)
        return { acquired: false, remainingMs: row.endsAtMs - clock.worldMs() };
      const fence = row?.fence ?? (rows.get(name)?.fence ?? 0) + 1;
      rows.set(name, { owner, fence, endsAtMs: clock.worldMs() + ttlMs });
      return { acquired: true, fence, storeNowMs: clock.worldMs() };
    },
    async extend(name, owner, ttlMs) {
      const row = held(name);
      if (row?.owner !== owner) return false;
      row.endsAtMs = clock.worldMs() + ttlMs;
      return true;
    },
    async release(name, owner) {
      const row = held(name);
      if (row?.owner !== owner) return false;
      row.endsAtMs = 0;
      for (const listener of [...listeners]) if (listener.name === name) listener.call();
      return true;
    },
    ...(settings.pushes !== false && {
      async onRelease(name: string, call: () => void) {
        const listener = { name, call };
        listeners.add(listener);
        return async () => {
          listeners.delete(listener);
        };
      },
    }),
  };

  return {
    clock,
    random,
    plan,
    lock: faultyLock(createLock(driver, { clock }), plan),
    elsewhere: () => createLock(driver, { clock }),
    options: (change) => ({ ttlMs: 1000, waitMs: 5000, clock, random, ...change }),
    holder: (name) => held(`{${name}}`)?.owner,
    get listeners() {
      return listeners.size;
    },
    expectNothingLeft() {
      deepEqual(
        { timers: clock.pendingTimers, listeners: listeners.size },
        { timers: 0, listeners: 0 },
      );
    },
  };
}

/** The state of a promise so far. */
export type Outcome<T> =
  | { readonly state: "pending" }
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "failed"; readonly error: unknown };

/** Watches a promise without waiting for it. Its rejection is handled. */
export function watched<T>(promise: Promise<T>): { readonly now: Outcome<T> } {
  let now: Outcome<T> = { state: "pending" };
  promise.then(
    (value) => {
      now = { state: "done", value };
    },
    (error: unknown) => {
      now = { state: "failed", error };
    },
  );
  return {
    get now() {
      return now;
    },
  };
}
