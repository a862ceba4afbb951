import { describe, expect, it } from "vitest";
import { openContention, runFleets, naive, ours, type Contention } from "./fleets.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const defaults = {
  mode: "plain",
  overlapMs: 0,
  everyMs: hourMs,
  forMs: 2 * hourMs,
  callEveryMs: 25_000,
} as const satisfies Contention;

const intervals = [
  { everyMs: 35_000, forMs: 2 * hourMs },
  { everyMs: 120_000, forMs: 2 * hourMs },
  { everyMs: 300_000, forMs: 2 * hourMs },
  { everyMs: 600_000, forMs: 2 * hourMs },
  { everyMs: 10_000, forMs: 3 * minuteMs, callEveryMs: 2_000 },
];

describe("a plain fleet of three nodes", () => {
  it.each(intervals)(
    "whose token is killed every $everyMs ms for $forMs ms fails no call, and fetches once for each kill",
    async (interval) => {
      const field = openContention({ ...defaults, ...interval, attack: "kill" });
      const [outcome] = await runFleets(field, [ours(field, "fleet", 3)]);
      const kills = interval.forMs / interval.everyMs;
      expect(outcome).toMatchObject({ failed: 0, fetches: 1 + Math.floor(kills) });
    },
  );

  it.each(
    [0, 300_000].flatMap((overlapMs) => intervals.map((interval) => ({ ...interval, overlapMs }))),
  )(
    "beside another system that fetches every $everyMs ms for $forMs ms, with an overlap of $overlapMs ms, fails no call, and fetches once for each dead token",
    async (interval) => {
      const field = openContention({ ...defaults, ...interval, attack: "replace" });
      const [outcome] = await runFleets(field, [ours(field, "fleet", 3)]);
      expect(outcome?.failed).toBe(0);
      expect(outcome?.fetches).toBe(1 + (outcome?.deaths ?? 0));
    },
  );
});

describe("a stable fleet of three nodes", () => {
  it.each([35_000, 300_000])(
    "whose token another system replaces by force 20 times, every %d ms, fails no call, and fetches once each time",
    async (everyMs) => {
      const field = openContention({
        ...defaults,
        mode: "stable",
        attack: "replace",
        everyMs,
        forMs: 20 * everyMs,
      });
      const [outcome] = await runFleets(field, [ours(field, "fleet", 3)]);
      expect(outcome).toMatchObject({ failed: 0, fetches: 21 });
    },
  );
});

describe("two Lingpai fleets that fetch with one AppID", () => {
  it.each([0, 300_000])(
    "stay within their budgets, with an overlap of %d ms, and each reports the other",
    async (overlapMs) => {
      const field = openContention({
        ...defaults,
        overlapMs,
        everyMs: 24 * hourMs,
        forMs: overlapMs === 0 ? hourMs / 2 : hourMs,
        callEveryMs: overlapMs === 0 ? 1_000 : 20_000,
      });
      const outcomes = await runFleets(field, [ours(field, "one", 2), ours(field, "two", 2)]);
      for (const { fetches, contended, failed } of outcomes) {
        // A tenth of the quota at once, and in an hour a twenty-fourth of half of it.
        expect(fetches).toBeLessThanOrEqual(1 + 200 + 42);
        expect(contended).toMatchObject({
          state: "confirmed",
          remedy: expect.stringContaining("stable"),
        });
        if (overlapMs > 0) expect(failed).toBe(0);
      }
    },
  );
});

it("a plain fleet with onContention stable uses the stable token once the contention is confirmed, and no call fails from then on", async () => {
  const field = openContention({
    ...defaults,
    attack: "kill",
    everyMs: 10_000,
    forMs: 30 * minuteMs,
    callEveryMs: 5_000,
  });
  const fleet = ours(field, "fleet", 3, { onContention: "stable" });
  const [outcome] = await runFleets(field, [fleet]);
  // The first token, a killed one, and the stable one.
  expect(outcome).toMatchObject({ failed: 0, fetches: 3, contended: { state: "confirmed" } });
  expect(fleet.events.filter(({ type }) => type === "switched")).toMatchObject([
    { to: "fallback", cause: "contended" },
  ]);
});

it("a simple fleet of three nodes fetches once for each node", async () => {
  const field = openContention({
    ...defaults,
    attack: "kill",
    everyMs: minuteMs,
    forMs: 10 * minuteMs,
  });
  const [outcome] = await runFleets(field, [naive(field, "naive", 3)]);
  expect(outcome?.fetches).toBeGreaterThan(20);
});
