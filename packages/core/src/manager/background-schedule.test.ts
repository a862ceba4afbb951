import { describe, expect, it } from "vitest";
import type { Clock } from "../time/time.ts";
import {
  dueTask,
  sleepMaxMs,
  sleepMinMs,
  sleepMs,
  pushRecheckMs,
  type DueTerms,
  retrySpreadMs,
  steppedMs,
} from "./background-schedule.ts";
import { fleet, within } from "../scenarios/fleet.fixture.ts";

const nowMs = 1_000_000;
const instants = [
  Number.NEGATIVE_INFINITY,
  nowMs - 1,
  nowMs,
  nowMs + 1,
  nowMs + 30_000,
  Number.POSITIVE_INFINITY,
];

function* combinations(): Generator<DueTerms> {
  for (const refreshAtMs of instants)
    for (const refreshNotBeforeMs of instants)
      for (const readAtMs of instants)
        for (const subscribeAtMs of instants)
          for (const reportAtMs of instants)
            yield { refreshAtMs, refreshNotBeforeMs, readAtMs, subscribeAtMs, reportAtMs };
}

describe("the choice of the next task", () => {
  it("sleeps at least the shortest pause and at most the longest, whatever is due", () => {
    for (const terms of combinations()) {
      const afterWaking = sleepMs(terms, nowMs, nowMs);
      expect(afterWaking).toBeGreaterThanOrEqual(sleepMinMs);
      expect(afterWaking).toBeLessThanOrEqual(sleepMaxMs);
      expect(sleepMs(terms, nowMs, Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(0);
    }
  });

  it("returns a task that is due, the refresh first, and otherwise nothing", () => {
    for (const terms of combinations()) {
      const { subscribeAtMs, readAtMs, refreshAtMs, refreshNotBeforeMs } = terms;
      const due = [
        refreshAtMs <= nowMs && refreshNotBeforeMs <= nowMs ? "refresh" : undefined,
        readAtMs <= nowMs ? "read" : undefined,
        subscribeAtMs <= nowMs ? "subscribe" : undefined,
      ].find((task) => task !== undefined);
      expect(dueTask(terms, nowMs)).toBe(due);
      if (due !== undefined) expect(sleepMs(terms, nowMs, nowMs - 1_000)).toBe(0);
    }
  });
});

describe("the pause between reads of a store that pushes changes", () => {
  it("is longer by a quarter, and keeps P3: re-check, longest call and 10 s end within the overlap", () => {
    expect(pushRecheckMs({ longestCallMs: 30_000, recheckMs: 240_000 }, 300_000)).toBe(260_000);
    expect(pushRecheckMs({ longestCallMs: 50_000, recheckMs: 240_000 }, 300_000)).toBe(240_000);
    expect(
      pushRecheckMs({ longestCallMs: 30_000, recheckMs: 240_000 }, Number.POSITIVE_INFINITY),
    ).toBe(300_000);
    expect(pushRecheckMs({ longestCallMs: 30_000, recheckMs: 240_000 }, 0)).toBe(240_000);
  });
});

const faults = ["none", "unreachable", "frozen"] as const;
const steps = ["never", "before the first use", "after the first use", "an hour later"] as const;
const cases = faults.flatMap((fault) =>
  steps.flatMap((step) =>
    [true, false].flatMap((pushesChanges) =>
      (["owner", "consumer"] as const).map((role) => ({ fault, step, pushesChanges, role })),
    ),
  ),
);

describe("the background", () => {
  it.each(cases)(
    "wakes and reads rarely: store $fault, clock set $step, messages $pushesChanges, $role",
    async ({ fault, step, pushesChanges, role }) => {
      const { clock, node, platform } = fleet({ pushesChanges });
      const wakes = { count: 0 };
      const counting: Clock = {
        monotonicMs: () => clock.monotonicMs(),
        wallMs: () => clock.wallMs(),
        setTimer: (ms, fire, options) =>
          clock.setTimer(
            ms,
            () => {
              wakes.count += 1;
              fire();
            },
            options,
          ),
      };
      await within(clock, 3_000, node().get());
      const one = node({ role, clock: counting });
      if (step === "before the first use") clock.stepWall(3_600_000);
      await within(clock, 3_000, one.get());
      if (step === "after the first use") {
        await clock.advance(50);
        clock.stepWall(3_600_000);
      }
      if (step === "an hour later") {
        await clock.advance(3_600_000);
        clock.stepWall(-3_600_000);
      }
      if (fault !== "none") one.faults[fault] = true;
      const [reads, before] = [one.faults.calls("get"), wakes.count];
      await clock.advance(600_000);
      // A check of the clock every 20 s, and at most one failing read a minute, with the two timers
      // of its deadlines.
      expect(one.faults.calls("get") - reads).toBeLessThanOrEqual(25);
      expect(wakes.count - before).toBeLessThanOrEqual(250);
      expect(platform.issues.length).toBeLessThanOrEqual(2);
    },
  );
});

describe("the pause after a failed attempt", () => {
  it("grows like the fleet's back-off while no credential can be served, and is longer while one can", () => {
    expect([1, 2, 3, 4, 40].map((failures) => steppedMs(failures, true))).toEqual([
      1_000, 2_000, 4_000, 8_000, 60_000,
    ]);
    expect([1, 2, 3, 4, 40].map((failures) => steppedMs(failures))).toEqual([
      5_000, 10_000, 20_000, 40_000, 60_000,
    ]);
    expect(retrySpreadMs(true)).toBeLessThan(retrySpreadMs(false));
  });
});
