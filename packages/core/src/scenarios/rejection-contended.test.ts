/**
 * A day in which another system keeps replacing one credential. It has a file of its own because it
 * takes seconds.
 */
import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

describe("a credential that the platform refuses", () => {
  it.each([
    [2_000, 1_200],
    [100, 60],
  ])(
    "of a quota of %d costs %d fetches at most in 24 h, when another system replaces it every 10 s",
    { timeout: 240_000 },
    async (perDay, most) => {
      const { clock, node, platform } = fleet({
        policy: { kind: "supersede", overlapMs: 0 },
        probes: true,
      });
      const one = node({ parameters: { waitMs: 1_000, quotaPerDay: perDay } });
      await within(clock, 2_000, one.get());
      for (let second = 0; second < 86_400; second += 10) {
        platform.issueElsewhere();
        const stored = one.peek();
        if (stored !== undefined) one.reject(stored).catch(() => {});
        else one.get().catch(() => {});
        await clock.advance(10_000);
      }
      const refusals = platform.issues.filter(({ reason }) => reason === "rejected");
      expect(refusals.length).toBeLessThanOrEqual(most);
      expect(refusals.length).toBeGreaterThan(0.9 * most);
      // An operator is not limited by it.
      platform.issueElsewhere();
      expect(platform.alive(await within(clock, 2_000, one.refresh()))).toBe(true);
    },
  );
});
