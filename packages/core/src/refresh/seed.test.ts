/** How a seeded credential is stored, and what callers get. */
import { describe, expect, it } from "vitest";
import { fleet, within } from "../scenarios/fleet.fixture.ts";

const lifetimeMs = 7_200_000;
const ageMaxMs = 366 * 86_400_000;
const given = { secret: "S", expiresInMs: lifetimeMs };

describe("a credential that is seeded", () => {
  it("is stored with its present age, and served until its own end", async () => {
    const { clock, document, node } = fleet();
    const one = node();
    const nowMs = clock.worldMs();
    const secret = await within(clock, 2_000, one.seed(given, { ageMs: 600_000.5 }));
    expect(secret.reveal()).toBe("S");
    const stored = (await document())?.credential;
    expect(stored).toMatchObject({
      secret: "S",
      by: { node: "node-1", environment: "production", reason: "manual" },
    });
    const sentAtMs = nowMs - 600_001;
    expect(stored).toMatchObject({
      sentAtMs,
      issuedAtMs: sentAtMs,
      expiresAtMs: sentAtMs + lifetimeMs,
    });
    expect(stored).not.toHaveProperty("nextInput");
    expect(one.peek()?.reveal()).toBe("S");
  });

  it("is reported like an operator's refresh", async () => {
    const { clock, node } = fleet();
    const one = node();
    await clock.advance(12_345);
    await within(clock, 2_000, one.seed(given));
    expect(one.events.filter(({ type }) => type === "refreshed")).toMatchObject([
      {
        type: "refreshed",
        generation: 1,
        reason: "manual",
        durationMs: 0,
        remainingMs: lifetimeMs,
        unchanged: false,
      },
    ]);
  });

  it("costs one read and one write, and is served without another command", async () => {
    const { clock, node } = fleet();
    const one = node();
    await within(clock, 2_000, one.seed(given));
    expect([one.faults.calls("get"), one.faults.calls("set")]).toEqual([1, 1]);
  });

  it("is adopted by the other nodes, and replaces their credential", async () => {
    const { clock, node, platform } = fleet();
    const [one, two] = [node(), node()];
    await within(clock, 2_000, two.get());
    await within(clock, 2_000, one.seed(given));
    await clock.advance(500);
    expect((await within(clock, 2_000, two.get())).reveal()).toBe("S");
    expect(platform.issues).toHaveLength(1);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, ageMaxMs + 1])(
    "is refused with an age of %s ms by an error that states the allowed range, and nothing changes",
    async (ageMs) => {
      const { clock, document, node } = fleet();
      await expect(within(clock, 2_000, node().seed(given, { ageMs }))).rejects.toMatchObject({
        code: "CONFIGURATION",
        message: `ageMs must be a number of ms from 0 to 366 days, not ${ageMs}.`,
      });
      expect(await document()).toBeUndefined();
    },
  );

  it("may be as old as the longest lifetime: callers then get the next one", async () => {
    const { clock, node, platform } = fleet();
    const secret = await within(clock, 2_000, node().seed(given, { ageMs: ageMaxMs }));
    expect(platform.alive(secret)).toBe(true);
  });

  it("is refused with the shape that it must have", async () => {
    await expect(
      fleet().node().seed({ secret: "", expiresInMs: lifetimeMs }),
    ).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringMatching(
        /^seed\(\) was given no credential for "test:plain:wx0123456789abcdef"\. One has a secret and /,
      ),
    });
  });

  it("passes on what a getter of the given object throws", async () => {
    const hostile = {
      expiresInMs: lifetimeMs,
      get secret(): string {
        throw new Error("its own");
      },
    };
    await expect(fleet().node().seed(hostile)).rejects.toThrow("its own");
  });
});
