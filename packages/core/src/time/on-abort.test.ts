/** The listeners that callers put on a signal that they share. */
import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { createSingleFlight } from "../lease/keyed-single-flight.ts";
import { createWaitQueue } from "../lock/wait-queue.ts";
import { credential } from "../manager/manager.ts";
import { manualClock, seededRandom, simulatedStore } from "../testing/index.ts";
import { onAbort } from "./on-abort.ts";
import { delay } from "./time.ts";
import { createWaitLimit, waitFor } from "./wait.ts";

const callers = 2_000;
const clock = manualClock();
const listenersOf = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

/** Each waits with one signal, and returns how its wait is ended without the signal. */
const waits: Readonly<Record<string, (signal: AbortSignal) => Wait>> = {
  waitFor: (signal) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return { waiting: waitFor(promise, { signals: [signal] }), end: () => resolve() };
  },
  delay: (signal) => ({ waiting: delay(clock, 1_000, signal), end: () => clock.advance(1_000) }),
  createWaitLimit: (signal) => {
    const timeoutError = () => new Error("late");
    const limit = createWaitLimit({ clock, waitMs: 1_000, signal, timeoutError });
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = waitFor(promise, { signals: [limit.signal] }).finally(() => limit.dispose());
    return { waiting, end: () => resolve() };
  },
  "a joined flight": (signal) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return { waiting: createSingleFlight<void>().run("a", () => promise, signal), end: resolve };
  },
  "a turn in the queue": (signal) => {
    const queue = createWaitQueue();
    const first = queue.turn("a");
    const waiting = queue.turn("a", signal).then((end) => end());
    return { waiting, end: () => void first.then((end) => end()) };
  },
};

interface Wait {
  readonly waiting: Promise<unknown>;
  readonly end: () => unknown;
}

describe("callers that share one signal", () => {
  it.each(Object.entries(waits))(
    "put one listener on it, and none is left: %s",
    async (_, wait) => {
      const { signal } = new AbortController();
      const added = vi.spyOn(signal, "addEventListener");
      const warned = vi.spyOn(process, "emitWarning");
      const all = Array.from({ length: callers }, () => wait(signal));
      expect([listenersOf(signal), added.mock.calls.length]).toEqual([1, 1]);
      for (const { end } of all) await end();
      await Promise.all(all.map(({ waiting }) => waiting));
      expect([listenersOf(signal), warned.mock.calls]).toEqual([0, []]);
    },
  );

  it.each(Object.entries(waits))("are all rejected when it aborts: %s", async (_, wait) => {
    const controller = new AbortController();
    const all = Array.from({ length: 3 }, () => wait(controller.signal).waiting);
    controller.abort(new Error("over"));
    expect(await Promise.all(all.map((one) => one.catch(({ message }: Error) => message)))).toEqual(
      ["over", "over", "over"],
    );
    expect(listenersOf(controller.signal)).toBe(0);
  });

  it("put one listener on it while they wait for one credential", async () => {
    const { signal } = new AbortController();
    const answer = Promise.withResolvers<{ secret: string; expiresInMs: number }>();
    const random = seededRandom("shared");
    const store = simulatedStore({ clock, random });
    const one = credential({
      issuer: {
        id: "shared",
        policy: { kind: "supersede", overlapMs: 0 },
        lifetimeMs: 7_200_000,
        issue: () => answer.promise,
      },
      cache: store.cache(),
      lock: store.lock(),
      environment: "production",
      clock,
      random,
    });
    const all = Array.from({ length: callers }, () => one.get({ signal }));
    await clock.advance(10);
    expect(listenersOf(signal)).toBe(1);
    answer.resolve({ secret: "S1", expiresInMs: 7_200_000 });
    await clock.advance(10);
    await Promise.all(all);
    expect(listenersOf(signal)).toBe(0);
    await one.close();
  });

  it("are called once each, except those that left", () => {
    const controller = new AbortController();
    const heard: string[] = [];
    onAbort(controller.signal, () => heard.push("first"));
    const leave = onAbort(controller.signal, () => heard.push("second"));
    onAbort(controller.signal, () => heard.push("third"));
    leave();
    controller.abort();
    leave();
    expect(heard).toEqual(["first", "third"]);
  });
});
