import assert from "node:assert/strict";
import { acquire, sealed, systemRandom, tryLease, withLease, type Lock } from "@lingpai/core";
import { createSingleFlight } from "@lingpai/core/driver";
import type { Backend, Client, Core, Fixture } from "../backend.ts";
import type { Trial, TrialClient } from "../clause.ts";
import { roomMs } from "./timing.ts";
import type { UncaughtLog } from "./uncaught.ts";

export interface OpenTrial {
  readonly trial: Trial;
  readonly lostData: () => boolean;
  close(): Promise<void>;
}

/** Core's own functions. */
export const soundCore: Core = { acquire, tryLease, withLease, createSingleFlight, sealed };

/**
 * Opens the view of one clause: gives it its own prefix, and closes all clients afterwards, the
 * last one first and the fixture itself at the end.
 */
export function openTrial(backend: Backend, fixture: Fixture, uncaught: UncaughtLog): OpenTrial {
  const path = [...fixture.cache.path, shortName()];
  const clients: Client[] = [fixture];
  const uncaughtBefore = uncaught.errors.length;
  let lostData = false;

  const adopt = (client: Client): TrialClient => {
    clients.push(client);
    return viewAt(client, path);
  };
  const own = viewAt(fixture, path);
  const trial: Trial = {
    facts: backend.facts,
    clock: fixture.clock,
    random: systemRandom,
    path,
    cache: own.cache,
    lock: own.lock,
    rootCache: fixture.cache,
    core: fixture.core ?? soundCore,
    get raw() {
      return provided(fixture.raw, "raw");
    },
    get server() {
      return provided(fixture.server, "server");
    },
    get cluster() {
      return provided(fixture.cluster, "cluster");
    },
    second: async (options) => adopt(await fixture.second(options)),
    again: async () => adopt(await fixture.again()),
    prefixed: async (prefix) => adopt(await provided(fixture.prefixed?.(prefix), "prefixed()")),
    demandFencing: async () => provided(fixture.demandFencing, "demandFencing()")(),
    async connect(options) {
      assert(fixture.connect, "the fixture has no connect()");
      const client = await fixture.connect(options);
      return {
        ...adopt(client),
        deadlineMs: client.deadlineMs,
        link: client.link,
        census: () => client.census(),
      };
    },
    adopt,
    elapse: (ms) => fixture.elapse(ms),
    settle: (promise, withinMs) => settle(backend, fixture, promise, withinMs),
    until: (what, condition, withinMs) => until(backend, fixture, what, condition, withinMs),
    uncaught: () => uncaught.errors.slice(uncaughtBefore),
    expectDataLoss: () => {
      lostData = true;
    },
  };
  return {
    trial,
    lostData: () => lostData,
    async close() {
      for (const client of clients.toReversed())
        await settle(backend, fixture, client.close(), closeWithinMs);
    },
  };
}

/** How long closing may wait for calls in flight, which end at the adapter's deadline. */
const closeWithinMs = 15_000;

/**
 * Eight lower-case letters: short enough for any store, and different in case from its own upper
 * case.
 */
function shortName(): string {
  return Array.from({ length: 8 }, () =>
    String.fromCharCode(97 + Math.floor(systemRandom.next() * 26)),
  ).join("");
}

function viewAt(client: Client, path: readonly string[]): TrialClient {
  return {
    cache: client.cache.at(path),
    lock: client.lock?.at(path) ?? absentLock(path),
    close: () => client.close(),
  };
}

/**
 * The lock of a backend without locks. Each of its operations fails the clause.
 */
function absentLock(path: readonly string[]): Lock {
  const fail = (): never => assert.fail("the fixture has no lock");
  return { path, tryAcquire: fail, extend: fail, release: fail, withPrefix: fail, at: fail };
}

function provided<T>(member: T | undefined, name: string): T {
  assert(member !== undefined, `the fixture has no ${name}, although the declared facts say so`);
  return member;
}

/** A manual clock advances in single milliseconds, so that measurements are exact. */
function stepMs(backend: Backend): number {
  return backend.facts.toleranceMs === 0 ? 1 : 5;
}

/**
 * Reports whether the time is up, with room for a slow machine. It uses a timer on the same clock
 * and in the same process: a machine that delays timers delays this one too, after those due before
 * it.
 */
function timeLimit(
  backend: Backend,
  fixture: Fixture,
  withinMs: number,
): { isUp(): boolean; end(): void } {
  let up = false;
  const end = fixture.clock.setTimer(roomMs(backend.facts, withinMs) + stepMs(backend), () => {
    up = true;
  });
  return { isUp: () => up, end };
}

async function settle<T>(
  backend: Backend,
  fixture: Fixture,
  promise: Promise<T>,
  withinMs: number,
): Promise<T> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  const limit = timeLimit(backend, fixture, withinMs);
  try {
    await fixture.elapse(0);
    while (!settled) {
      assert(!limit.isUp(), `still pending after the ${withinMs} ms that it had`);
      await Promise.race([promise.then(mark, mark), fixture.elapse(stepMs(backend))]);
    }
  } finally {
    limit.end();
  }
  return promise;
}

async function until(
  backend: Backend,
  fixture: Fixture,
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const limit = timeLimit(backend, fixture, withinMs);
  try {
    while (!(await condition())) {
      assert(!limit.isUp(), `${what}: not within ${withinMs} ms`);
      await fixture.elapse(stepMs(backend));
    }
  } finally {
    limit.end();
  }
}
