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
    await clock.advance(6_900_000);
    revision = broken;
    await clock.advance(600_000);
    const refused = platform.issues.length;
    await expect(within(clock, 1_000, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      cause: { outcome: "fatal" },
    });
    expect(platform.issues).toHaveLength(refused);
    mend();
    revision = () => "2";
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
  it("is asked for it at requests only, while no refusal stands", async () => {
    const { clock, node, platform } = fleet();
    const revision = vi.fn<() => string>(() => "1");
    const one = node({ issuer: { ...platform, revision } });
    await within(clock, 1_000, one.get());
    revision.mockClear();
    for (let minute = 0; minute < 90; minute += 10) {
      await within(clock, 1_000, one.get());
      await clock.advance(600_000);
    }
    expect(platform.issues).toHaveLength(1);
    expect(revision).not.toHaveBeenCalled();
  });
});
