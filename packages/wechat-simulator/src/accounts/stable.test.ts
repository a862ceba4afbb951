import { describe, expect, test } from "vitest";
import { appId, credentials, hourMs, minuteMs, world } from "../world.fixture.ts";

describe("the stable token", () => {
  test("is the same until its last five minutes, and expires_in is its remaining lifetime", async () => {
    const { platform, clock, stable } = world(300_000);
    const token = stable();
    await clock.advance(2 * hourMs - 5 * minuteMs);
    expect(platform.official.issueStable(credentials).body).toEqual({
      access_token: token,
      expires_in: 300,
    });
  });

  test("is replaced in its last five minutes, and the old one works until it expires", async () => {
    const { clock, stable, call } = world(0);
    const first = stable();
    await clock.advance(2 * hourMs - 5 * minuteMs + 1);
    const second = stable();
    expect(second).not.toBe(first);
    expect([call(first), call(second)]).toEqual([0, 0]);
    await clock.advance(5 * minuteMs - 1);
    expect([call(first), call(second)]).toEqual([42001, 0]);
  });

  test("never affects the plain token, and is never affected by it", () => {
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

  test("is returned unchanged when a refresh is forced within 30 s of the last", async () => {
    const { clock, stable } = world(0);
    stable();
    const token = stable(true);
    await clock.advance(29_999);
    expect(stable(true)).toBe(token);
    await clock.advance(1);
    expect(stable(true)).not.toBe(token);
  });

  test("is returned unchanged from the 21st forced refresh of a Shanghai day on", async () => {
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

  test("that leaked is dead after two forced refreshes 30 s apart, even with an overlap", async () => {
    const { clock, stable, call } = world(300_000);
    const leaked = stable();
    stable(true);
    expect(call(leaked)).toBe(0);
    await clock.advance(30_000);
    stable(true);
    expect(call(leaked)).toBe(40001);
  });
});
