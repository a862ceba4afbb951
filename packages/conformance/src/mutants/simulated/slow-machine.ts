/**
 * A correct adapter on a slow machine: answers, connections and timers are late, within
 * `toleranceMs` and four times the usual time.
 *
 * Time passes by itself as on a real machine, but is simulated, so the clauses take little real
 * time.
 */
import { delay, type Random } from "@lingpai/core";
import { manualClock, type ManualClock } from "@lingpai/core/testing";
import type { Backend, Fixture } from "../../backend.ts";
import { openFixture, simulatedFacts, type Change } from "./simulated-backend.ts";

const latencyMaxMs = 120;
const connectMaxMs = 900;
/** Longer than any deadline that follows from the length of a short lease. */
const pauseMs = 3_000;
const pauseWithinCalls = 12;
const stallMaxMs = 150;
/** The time between two stalls of the whole process. */
const stallEveryMs = 400;

export function slowBackend(random: Random, change: Change = {}): Backend {
  const facts = { ...simulatedFacts, toleranceMs: 200, ...change.facts };
  const late: Change = {
    linkedDeadlineMs: 500,
    ...change,
    habits: (sound) => ({
      latencyMs: (isFirst) => random.next() * (isFirst ? connectMaxMs : latencyMaxMs),
      ...change.habits?.(sound),
    }),
  };
  return {
    adapter: "simulated",
    backend: "a slow machine",
    facts,
    start: async () => ({
      open: async () => passing(openFixture(late, facts, manualClock()), random),
      stop: async () => {},
    }),
  };
}

/** The same machine. In addition, one of the first answers in each clause is extremely late. */
export function pausingBackend(random: Random): Backend {
  return {
    ...slowBackend(random, {
      habits: () => {
        let callsBefore = Math.floor(random.next() * pauseWithinCalls);
        return {
          latencyMs: (isFirst) =>
            callsBefore-- === 0 ? pauseMs : random.next() * (isFirst ? connectMaxMs : latencyMaxMs),
        };
      },
    }),
    backend: "a slow machine that pauses",
  };
}

/** The fixture. Its clock runs from now until it is closed. */
function passing(fixture: Fixture, random: Random): Fixture {
  const clock = fixture.clock as ManualClock; // the argument of `openFixture`
  let isOpen = true;
  const run = async (): Promise<void> => {
    while (isOpen) {
      await clock.advance(Math.ceil(random.next() * stallEveryMs));
      clock.stall(Math.ceil(random.next() * stallMaxMs));
    }
  };
  void run();
  return {
    ...fixture,
    elapse: (ms) => delay(clock, ms),
    async close() {
      await fixture.close();
      isOpen = false;
    },
  };
}
