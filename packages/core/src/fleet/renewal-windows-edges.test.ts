import { describe, expect, it } from "vitest";
import type { IssuePolicy } from "../issuer.ts";
import { parametersFor } from "../parameters.ts";
import { electedStart, windowsOf } from "./renewal-windows.ts";

const sentAtMs = 1_700_000_000_000;

function windows(policy: IssuePolicy, lifeMs: number): readonly number[] {
  const parameters = parametersFor({
    id: "test",
    policy,
    lifetimeMs: 7_200_000,
    issue: () => Promise.reject(new Error("not asked")),
  });
  const expiresAtMs = sentAtMs + lifeMs;
  const { advisoryAtMs, mandatoryAtMs, hardAtMs } = windowsOf(
    { sentAtMs, expiresAtMs },
    policy,
    parameters,
  );
  return [expiresAtMs - advisoryAtMs, expiresAtMs - mandatoryAtMs, expiresAtMs - hardAtMs];
}

describe("the renewal windows of a credential", () => {
  it("count its lifetime from the request", () => {
    expect(windows({ kind: "supersede", overlapMs: 300_000 }, 60_000)).toEqual([
      15_000, 3_000, 3_000,
    ]);
  });

  it("are late for a credential that is prolonged or returned again, unless its lifetime is shorter", () => {
    expect(windows({ kind: "stable", renewWithinMs: 300_000 }, 345_000)).toEqual([
      290_000, 60_000, 30_000,
    ]);
    const [advisoryMs] = windows({ kind: "sliding" }, 7_200_000);
    expect(windows({ kind: "sliding" }, advisoryMs! + 1)[0]).toBe(advisoryMs);
    expect(windows({ kind: "sliding" }, advisoryMs!)[0]).toBe(advisoryMs! / 4);
  });

  it("end the service of a short-lived one when less than a tenth of its lifetime is left", () => {
    expect(windows({ kind: "stable", renewWithinMs: 300_000 }, 1_000)).toEqual([250, 200, 100]);
  });
});

describe("the election of the node that refreshes ahead", () => {
  it("spreads a small fleet's starts widely and a large one's near the latest time", () => {
    const early = 1_000_000;
    expect(electedStart(early, early + 1_000, 1, 0)).toBe(early + 1_000);
    expect(electedStart(early, early + 1_000, 1, 0.9)).toBe(early);
    const drawn = (fleetSize: number): number =>
      electedStart(early, early + 1_000, fleetSize, 1 - Math.exp(-0.1)) - early;
    expect(drawn(1)).toBeCloseTo(1_000 - 100 / 0.577, 6);
    expect(drawn(1_000)).toBeCloseTo(1_000 - 100 / (Math.log(1_000) + 0.577), 6);
  });
});
