import { describe, expect, test } from "vitest";
import { appId, credentials, hourMs, minuteMs, world } from "../world.fixture.ts";

describe("the stable token", () => {
  test("is the same until its last five minutes, and the answer says what is left of it", async () => {
    const { platform, clock, stable } = world(300_000);
    const token = stable();
    await clock.advance(2 * hourMs - 5 * minuteMs);
    expect(platform.official.issueStable(credentials).body).toEqual({
      access_token: token,
      expires_in: 300,
    });
  });

  test("is replaced in its last five minutes, and both work until the old one's end, whatever the overlap of the plain token", async () => {
    const { clock, stable, call } = world(0);
    const first = stable();
    await clock.advance(2 * hourMs - 5 * minuteMs + 1);
    const second = stable();
    expect(second).not.toBe(first);
    expect([call(first), call(second)]).toEqual([0, 0]);
    await clock.advance(5 * minuteMs - 1);
    expect([call(first), call(second)]).toEqual([42001, 0]);
  });

  test("is never touched by the plain token, nor the plain one by it", () => {
    const { plain, stable, call } = world(0);
    const token = stable();
    const other = plain();
    plain();
    stable(true);
    const stableAgain = stable();
    expect(call(token)).toBe(40001);
    expect(call(other)).toBe(40001);
    expect(call(stableAgain)).toBe(0);
  });

  test("is superseded by a forced refresh", async () => {
    const { clock, stable, call } = world(300_000);
    const first = stable();
    const second = stable(true);
    expect(second).not.toBe(first);
    expect(call(first)).toBe(0);
    await clock.advance(5 * minuteMs);
    expect([call(first), call(second)]).toEqual([40001, 0]);
  });

  test("comes back unrefreshed when it is forced within 30 s of the last time", async () => {
    const { clock, stable } = world(0);
    stable();
    const token = stable(true);
    await clock.advance(29_999);
    expect(stable(true)).toBe(token);
    await clock.advance(1);
    expect(stable(true)).not.toBe(token);
  });

  test("comes back unrefreshed from the 21st forced refresh of a day on, until midnight in Shanghai", async () => {
    const { clock, stable, platform } = world(0);
    stable();
    for (let refresh = 0; refresh < 20; refresh += 1) {
      stable(true);
      await clock.advance(30_000);
    }
    expect(platform.log.issues(appId)).toHaveLength(21);
    const token = stable();
    expect(stable(true)).toBe(token);
    await clock.advance(16 * hourMs - 20 * 30_000);
    stable();
    const next = stable(true);
    expect(platform.operator.latest(appId, "stable")?.id).toBe("T23");
    expect(next).not.toBe(token);
  });

  test("that leaked is dead after two forced refreshes 30 s apart, also with an overlap", async () => {
    const { clock, stable, call } = world(300_000);
    const leaked = stable();
    stable(true);
    expect(call(leaked)).toBe(0);
    await clock.advance(30_000);
    stable(true);
    expect(call(leaked)).toBe(40001);
  });
});
