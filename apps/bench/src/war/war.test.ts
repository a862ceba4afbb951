import { describe, expect, it } from "vitest";
import { battlefield, fight, naive, ours, type War } from "./world.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const calm = {
  mode: "plain",
  overlapMs: 0,
  everyMs: hourMs,
  forMs: 2 * hourMs,
  callEveryMs: 25_000,
} as const satisfies War;

const paces = [
  { everyMs: 35_000, forMs: 2 * hourMs },
  { everyMs: 120_000, forMs: 2 * hourMs },
  { everyMs: 300_000, forMs: 2 * hourMs },
  { everyMs: 600_000, forMs: 2 * hourMs },
  { everyMs: 10_000, forMs: 3 * minuteMs, callEveryMs: 2_000 },
];

describe("a plain fleet of three nodes", () => {
  it.each(paces)(
    "whose token is killed every $everyMs ms for $forMs ms fails no call, and fetches once a kill",
    async (pace) => {
      const field = battlefield({ ...calm, ...pace, attack: "kill" });
      const [outcome] = await fight(field, [ours(field, "fleet", 3)]);
      const kills = pace.forMs / pace.everyMs;
      expect(outcome).toMatchObject({ failed: 0, fetches: 1 + Math.floor(kills) });
    },
  );

  it.each([0, 300_000].flatMap((overlapMs) => paces.map((pace) => ({ ...pace, overlapMs }))))(
    "beside somebody who fetches every $everyMs ms for $forMs ms, with an overlap of $overlapMs ms, fails no call, and fetches once for each that died",
    async (pace) => {
      const field = battlefield({ ...calm, ...pace, attack: "replace" });
      const [outcome] = await fight(field, [ours(field, "fleet", 3)]);
      expect(outcome?.failed).toBe(0);
      expect(outcome?.fetches).toBe(1 + (outcome?.deaths ?? 0));
    },
  );
});

describe("a stable fleet of three nodes", () => {
  it.each([35_000, 300_000])(
    "whose token somebody replaces by force 20 times, every %d ms, fails no call, and fetches once each time",
    async (everyMs) => {
      const field = battlefield({
        ...calm,
        mode: "stable",
        attack: "replace",
        everyMs,
        forMs: 20 * everyMs,
      });
      const [outcome] = await fight(field, [ours(field, "fleet", 3)]);
      expect(outcome).toMatchObject({ failed: 0, fetches: 21 });
    },
  );
});

describe("two fleets of ours that fetch with one AppID", () => {
  it.each([0, 300_000])(
    "stay within their budgets, with an overlap of %d ms, and each names the other",
    async (overlapMs) => {
      const field = battlefield({
        ...calm,
        overlapMs,
        everyMs: 24 * hourMs,
        forMs: overlapMs === 0 ? hourMs / 2 : hourMs,
        callEveryMs: overlapMs === 0 ? 1_000 : 20_000,
      });
      const outcomes = await fight(field, [ours(field, "one", 2), ours(field, "two", 2)]);
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

it("a plain fleet takes the stable token when the war is confirmed, where it was told to, and no call fails from then on", async () => {
  const field = battlefield({
    ...calm,
    attack: "kill",
    everyMs: 10_000,
    forMs: 30 * minuteMs,
    callEveryMs: 5_000,
  });
  const fleet = ours(field, "fleet", 3, { onContention: "stable" });
  const [outcome] = await fight(field, [fleet]);
  // The first, one that was killed, and the stable one.
  expect(outcome).toMatchObject({ failed: 0, fetches: 3, contended: { state: "confirmed" } });
  expect(fleet.events.filter(({ type }) => type === "switched")).toMatchObject([
    { to: "fallback", cause: "contended" },
  ]);
});

it("measures as it should: a naive fleet of three fetches for each node", async () => {
  const field = battlefield({ ...calm, attack: "kill", everyMs: minuteMs, forMs: 10 * minuteMs });
  const [outcome] = await fight(field, [naive(field, "naive", 3)]);
  expect(outcome?.fetches).toBeGreaterThan(20);
});
