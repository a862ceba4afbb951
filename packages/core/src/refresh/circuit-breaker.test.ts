import { describe, expect, it, vi } from "vitest";
import { fleet, within } from "../scenarios/fleet.fixture.ts";

describe("an issuer that cannot say whether its configuration has changed", () => {
  const broken = (): string => {
    throw new Error("the file is gone");
  };

  it("is not asked again before the next attempt, unless it says that its configuration has changed", async () => {
    const { clock, node, platform } = fleet();
    let revision = (): string => "1";
    const one = node({ issuer: { ...platform, revision: () => revision() } });
    await within(clock, 1_000, one.get());
    const mend = platform.refuse({ outcome: "fatal" });
    await clock.advance(7_100_000);
    revision = broken;
    await clock.advance(400_000);
    const refused = platform.issues.length;
    await expect(within(clock, 1_000, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      cause: { outcome: "fatal" },
    });
    expect(platform.issues).toHaveLength(refused);
    mend();
    revision = () => "2";
    await clock.advance(1_000);
    expect(platform.alive(await within(clock, 1_000, one.get()))).toBe(true);
  });

  it("still reports the refusal", async () => {
    const { clock, node, platform } = fleet();
    platform.script("fatal");
    const one = node({ issuer: { ...platform, revision: broken } });
    const refused = { code: "CREDENTIAL_UNAVAILABLE", cause: { outcome: "fatal" } };
    await expect(within(clock, 1_000, one.get())).rejects.toMatchObject(refused);
    await expect(within(clock, 1_000, one.get())).rejects.toMatchObject(refused);
    expect(platform.issues).toHaveLength(1);
  });
});

describe("an issuer whose configuration is costly to read", () => {
  it("is never asked for it while no refusal stands, at requests neither", async () => {
    const { clock, node, platform } = fleet();
    const revision = vi.fn<() => string>(() => "1");
    const one = node({ issuer: { ...platform, revision } });
    for (let hour = 0; hour < 10; hour += 1) {
      await within(clock, 1_000, one.get());
      await clock.advance(3_600_000);
    }
    platform.script("busy", "busy", "busy", "unsent");
    await within(
      clock,
      30_000,
      one.refresh().catch(() => undefined),
    );
    expect(platform.issues.length).toBeGreaterThan(5);
    expect(revision).not.toHaveBeenCalled();
  });

  it("is asked for it once a second while a refusal stands, however many callers there are", async () => {
    const { clock, node, platform } = fleet();
    let present = "1";
    const revision = vi.fn<() => string>(() => present);
    const one = node({ issuer: { ...platform, revision } });
    const mend = platform.refuse({ outcome: "fatal" });
    await expect(within(clock, 1_000, one.get())).rejects.toThrow(/refuses/);
    revision.mockClear();
    for (let call = 0; call < 500; call += 1) {
      await expect(one.get()).rejects.toThrow(/refuses/);
      await clock.advance(20);
    }
    expect(revision.mock.calls.length).toBeLessThanOrEqual(11);
    mend();
    present = "2";
    await clock.advance(1_000);
    expect(platform.alive(await within(clock, 1_000, one.get()))).toBe(true);
  });
});
