/** A store whose clock steps over midnight in Shanghai, where the day of WeChat's quota begins. */
import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

const hourMs = 3_600_000;
const shanghaiOffsetMs = 8 * hourMs;

/** A fleet at 23:00 in Shanghai that has used 450 of the day's 455 fetches. */
async function lateEvening() {
  const world = fleet({ quota: { perDay: 455, dayOffsetMs: shanghaiOffsetMs } });
  const { clock, node, platform } = world;
  clock.stepWall(Date.UTC(2026, 0, 1, 23) - shanghaiOffsetMs - clock.wallMs());
  const one = node();
  await within(clock, 20_000, one.get());
  await within(clock, 20_000, one.reconcileQuota({ used: 450, remaining: 5 }));
  const refresh = async (): Promise<number> => {
    await clock.advance(30_000);
    await within(clock, 20_000, one.refresh());
    return one.status().quota.used;
  };
  return { clock, one, platform, refresh };
}

describe("the day's quota", () => {
  it.each([
    ["two hours", 2 * hourMs],
    ["three days", 72 * hourMs],
    ["ten years", 87_600 * hourMs],
  ])(
    "is not exceeded by a fleet whose store's clock was %s ahead for a while",
    async (_, stepMs) => {
      const { clock, one, platform, refresh } = await lateEvening();
      expect(await refresh()).toBe(451);
      clock.stepWall(stepMs);
      const ahead = await refresh();
      expect(ahead).toBeLessThan(4);
      clock.stepWall(-stepMs);
      for (let used = 451 + ahead; used < 455; used += 1) expect(await refresh()).toBe(used + 1);
      const sent = platform.issues.length;
      await expect(refresh()).rejects.toMatchObject({ code: "QUOTA_EXHAUSTED" });
      expect(platform.issues).toHaveLength(sent);
      await clock.advance(2 * hourMs);
      expect(one.status().quota.used).toBeLessThan(10);
      await one.close();
    },
  );
});
