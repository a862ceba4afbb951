import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

describe("a platform whose credentials live for seconds only", () => {
  it.each([500, 1_000, 5_000])("is asked twice at once, then every 30 s, however many call: %d ms", async (expiresInMs) => {
    const { clock, node, platform } = fleet({ latencyMs: 50 });
    platform.script(...Array.from({ length: 1_000 }, () => ({ expiresInMs })));
    const nodes = [node(), node()];
    for (let passedMs = 0; passedMs < 600_000; passedMs += 500) {
      for (const each of nodes) each.get().catch(() => {});
      await clock.advance(500);
    }
    expect(platform.issues.length).toBeLessThanOrEqual(2 * (1 + 600 / 30));
    expect(platform.issues.length).toBeGreaterThanOrEqual(600 / 30);
  });

  it("is asked again at once after the first of them: it may be what was left of one that others use too", async () => {
    const { clock, node, platform } = fleet();
    platform.script({ expiresInMs: 1_000 });
    const one = node();
    await within(clock, 1_000, one.get());
    await clock.advance(1_000);
    expect(platform.alive(await within(clock, 1_000, one.get()))).toBe(true);
  });
});
