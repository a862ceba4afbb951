import { describe, expect, test } from "vitest";
import { createDriverGuard, requireDeadline } from "./driver-guard.ts";
import type { DriverGuard } from "./driver-guard.ts";
import { CacheUnavailableError, ClosedError, ConfigurationError } from "../errors.ts";
import { manualClock } from "../testing/index.ts";
import type { ManualClock } from "../testing/index.ts";

const never = (): Promise<never> => new Promise(() => {});

function guarded(deadlineMs = 500): { readonly clock: ManualClock; readonly guard: DriverGuard } {
  const clock = manualClock();
  return { clock, guard: createDriverGuard({ kind: "test", clock, deadlineMs }) };
}

/** The present state of a promise, without waiting for it. */
function outcomeOf<T>(promise: Promise<T>): { value?: T; error?: unknown } {
  const outcome: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => (outcome.value = value),
    (error: unknown) => (outcome.error = error),
  );
  return outcome;
}

describe("a guarded call", () => {
  test("settles as the driver does and leaves no timer", async () => {
    const { clock, guard } = guarded();
    expect(await guard.run(async () => 7)).toBe(7);
    await expect(
      guard.run(() => Promise.reject(new ClosedError("This cache"))),
    ).rejects.toMatchObject({ code: "CLOSED" });
    expect(clock.pendingTimers).toBe(0);
  });

  test("FAULT-01 rejects at its deadline when the driver never settles, not a millisecond before", async () => {
    const { clock, guard } = guarded();
    const outcome = outcomeOf(guard.run(never));
    await clock.advance(499);
    expect(outcome).toEqual({});
    await clock.advance(1);
    expect(outcome.error).toMatchObject({
      code: "CACHE_UNAVAILABLE",
      reason: "timeout",
      retryable: true,
    });
    expect(String(outcome.error)).toContain("did not answer within 500 ms (deadlineMs");
    expect(clock.pendingTimers).toBe(0);
  });

  test("shares one timer with all others in flight, and each keeps its own deadline", async () => {
    const { clock, guard } = guarded();
    const outcomes: Array<{ error?: unknown }> = [];
    for (let begun = 0; begun < 256; begun += 1) {
      outcomes.push(outcomeOf(guard.run(never)));
      await clock.advance(1);
      expect(clock.pendingTimers).toBe(1);
    }
    const failedAfter = async (ms: number): Promise<number> => {
      await clock.advance(ms);
      return outcomes.filter(({ error }) => error !== undefined).length;
    };
    expect(await failedAfter(243)).toBe(0);
    expect(await failedAfter(1)).toBe(1);
    expect(await failedAfter(100)).toBe(101);
    expect(await failedAfter(155)).toBe(256);
    expect(clock.pendingTimers).toBe(0);
  });

  test("keeps its whole deadline when an older call settles", async () => {
    const { clock, guard } = guarded();
    const first = Promise.withResolvers<number>();
    const older = guard.run(() => first.promise);
    await clock.advance(300);
    const younger = outcomeOf(guard.run(never));
    first.resolve(1);
    await older;
    await clock.advance(499);
    expect(younger).toEqual({});
    await clock.advance(1);
    expect(younger.error).toMatchObject({ reason: "timeout" });
  });

  test("CACHE-23 releases a value that arrives too late, and drops a late rejection", async () => {
    const { clock, guard } = guarded();
    const unhandled: unknown[] = [];
    const note = (reason: unknown): number => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const value = Promise.withResolvers<string>();
    const failure = Promise.withResolvers<string>();
    const freed: string[] = [];
    const outcomes = [
      guard.run(
        () => value.promise,
        (late) => freed.push(late),
      ),
      guard.run(() => failure.promise),
    ].map(outcomeOf);
    await clock.advance(500);
    value.resolve("subscription");
    failure.reject(new Error("late"));
    await clock.settle();
    process.off("unhandledRejection", note);
    expect(outcomes.map(({ error }) => error)).toEqual([
      expect.any(CacheUnavailableError),
      expect.any(CacheUnavailableError),
    ]);
    expect(freed).toEqual(["subscription"]);
    expect(unhandled).toEqual([]);
  });

  test("gets an answer that arrived in time even if the event loop was blocked", async () => {
    const { clock, guard } = guarded();
    const answer = Promise.withResolvers<string>();
    const answered = outcomeOf(guard.run(() => answer.promise));
    const unanswered = outcomeOf(guard.run(never));
    clock.setTimer(501, () => answer.resolve("was in the socket"));
    clock.stall(5000);
    await clock.advance(0);
    expect(answered).toEqual({ value: "was in the socket" });
    expect(unanswered.error).toMatchObject({ reason: "timeout" });
  });

  test("rejects when the driver throws synchronously", async () => {
    const { clock, guard } = guarded();
    const outcome = guard.run(() => {
      throw new TypeError("not connected");
    });
    await expect(outcome).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "other" });
    expect(clock.pendingTimers).toBe(0);
  });

  test("can be abandoned together with all others, with a given error", async () => {
    const { clock, guard } = guarded();
    const outcomes = [outcomeOf(guard.run(never)), outcomeOf(guard.run(never))];
    let idle = false;
    void guard.idle().then(() => (idle = true));
    await clock.settle();
    expect(idle).toBe(false);
    guard.abandon(new ClosedError("This cache"));
    await clock.settle();
    for (const { error } of outcomes) expect(error).toMatchObject({ code: "CLOSED" });
    expect(idle).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

test("a deadline is a whole number of ms that a timer supports", () => {
  expect(requireDeadline()).toBe(500);
  expect(requireDeadline(1)).toBe(1);
  for (const deadlineMs of [0, -1, 1.5, NaN, Infinity, 2 ** 31])
    expect(() => requireDeadline(deadlineMs)).toThrow(ConfigurationError);
});

describe("a store that is silent", () => {
  function listening(): {
    readonly clock: ManualClock;
    readonly guard: DriverGuard;
    readonly silences: number[];
  } {
    const clock = manualClock();
    const silences: number[] = [];
    const onSilence = (): void => void silences.push(clock.monotonicMs());
    return {
      clock,
      silences,
      guard: createDriverGuard({ kind: "test", clock, deadlineMs: 500, onSilence }),
    };
  }

  test("is reported to the driver after three missed deadlines in a row", async () => {
    const { clock, guard, silences } = listening();
    const startMs = clock.monotonicMs();
    for (let round = 0; round < 6; round += 1) {
      outcomeOf(guard.run(never));
      await guard.run(async () => "from another primary");
      await clock.advance(500);
    }
    expect(silences.map((atMs) => atMs - startMs)).toEqual([1_500, 3_000]);
  });

  test("is not reported for many calls that miss one deadline together", async () => {
    const { clock, guard, silences } = listening();
    for (let begun = 0; begun < 100; begun += 1) {
      outcomeOf(guard.run(never));
      await clock.advance(3);
    }
    await clock.advance(500);
    expect(silences).toEqual([]);
  });

  test("is not reported for occasional missed deadlines", async () => {
    const { clock, guard, silences } = listening();
    for (let hour = 0; hour < 24; hour += 1) {
      outcomeOf(guard.run(never));
      await clock.advance(3_600_000);
    }
    expect(silences).toEqual([]);
  });
});
