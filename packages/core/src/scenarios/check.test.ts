import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

describe("a credential that is checked", () => {
  it("is kept when the platform calls it alive, and reports nothing", async () => {
    const { clock, node, platform } = fleet({ probes: true });
    const one = node();
    expect(await within(clock, 2_000, one.check())).toBe("alive");
    expect(platform.issues).toHaveLength(1);
    expect(one.typesOf()).not.toContain("rejected");
  });

  it("is replaced once for the whole fleet when the platform calls it dead", async () => {
    const { clock, node, platform } = fleet({ probes: true });
    const nodes = [node(), node(), node()];
    await within(clock, 2_000, Promise.all(nodes.map((each) => each.get())));
    await clock.advance(3_600_000);
    platform.issueElsewhere();
    platform.issueElsewhere();
    expect(await within(clock, 5_000, Promise.all(nodes.map((each) => each.check())))).toEqual([
      "replaced",
      "replaced",
      "replaced",
    ]);
    expect(platform.issues).toHaveLength(2);
    expect(nodes.every((each) => platform.alive(each.peek()!))).toBe(true);
  });

  it('is replaced after one answer "dead" of the platform, even if the next probe is not answered', async () => {
    const { clock, node, platform } = fleet();
    const answers = ["dead", "unknown"] as const;
    let asked = 0;
    const one = node({
      issuer: { ...platform, probe: async () => answers[Math.min(asked++, 1)]! },
    });
    await within(clock, 2_000, one.get());
    platform.revoke(one.peek()!.reveal());
    expect(await within(clock, 5_000, one.check())).toBe("replaced");
    expect(platform.alive(one.peek()!)).toBe(true);
  });

  it("is left alone if the issuer cannot probe", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    platform.issueElsewhere();
    platform.issueElsewhere();
    expect(await within(clock, 2_000, one.check())).toBe("unknown");
    expect(platform.issues).toHaveLength(1);
  });
});
