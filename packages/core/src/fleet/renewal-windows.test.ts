import { describe, expect, it } from "vitest";
import type { IssuePolicy } from "../issuer.ts";
import { parametersFor } from "../parameters.ts";
import { seededRandom } from "../testing/index.ts";
import { electedStart, windowsOf } from "./renewal-windows.ts";

const supersede: IssuePolicy = { kind: "supersede", overlapMs: 300_000 };
const stable: IssuePolicy = { kind: "stable", renewWithinMs: 300_000 };

function windows(
  policy: IssuePolicy,
  lifeMs: number,
): { advisory: number; mandatory: number; hard: number } {
  const parameters = parametersFor({
    id: "test",
    policy,
    lifetimeMs: 7_200_000,
    issue: () => Promise.reject(new Error("not asked")),
  });
  const { advisoryAtMs, mandatoryAtMs, hardAtMs } = windowsOf(
    { sentAtMs: 0, expiresAtMs: lifeMs },
    policy,
    parameters,
  );
  return {
    advisory: lifeMs - advisoryAtMs,
    mandatory: lifeMs - mandatoryAtMs,
    hard: lifeMs - hardAtMs,
  };
}

describe("the renewal windows of a credential", () => {
  it("follow the parameters for the documented lifetime", () => {
    expect(windows(supersede, 7_200_000)).toEqual({
      advisory: 900_000,
      mandatory: 120_000,
      hard: 30_000,
    });
    expect(windows(stable, 7_200_000)).toEqual({
      advisory: 290_000,
      mandatory: 60_000,
      hard: 30_000,
    });
  });

  it("shrink with a shorter lifetime, and keep their order", () => {
    expect(windows(supersede, 60_000)).toEqual({ advisory: 15_000, mandatory: 3_000, hard: 3_000 });
    expect(windows(stable, 345_000)).toEqual({
      advisory: 290_000,
      mandatory: 60_000,
      hard: 30_000,
    });
    for (const policy of [supersede, stable]) {
      for (const life of [1, 10, 1_000, 100_000, 1e6, 1e8]) {
        const { advisory, mandatory, hard } = windows(policy, life);
        expect(hard).toBeLessThanOrEqual(mandatory);
        expect(mandatory).toBeLessThanOrEqual(advisory);
        expect(advisory).toBeLessThan(life);
      }
    }
  });
});

describe("the election of the node that refreshes ahead", () => {
  it.each([2, 10, 100, 1_000])(
    "lets about one of %i nodes start before the others are notified",
    (fleetSize) => {
      const random = seededRandom(`election-${fleetSize}`);
      const rounds = 2_000;
      let starters = 0;
      let earliest = 0;
      for (let round = 0; round < rounds; round += 1) {
        const starts = Array.from({ length: fleetSize }, () =>
          electedStart(0, 780_000, fleetSize, random.next()),
        );
        const first = Math.min(...starts);
        earliest += first / rounds;
        starters += starts.filter((start) => start > 0 && start <= first + 1_000).length / rounds;
      }
      expect(starters).toBeLessThan(1.25);
      expect(earliest).toBeLessThan(390_000);
    },
  );

  it("never starts before the early edge or after the late one", () => {
    expect(electedStart(100, 200, 10, 0)).toBe(200);
    expect(electedStart(100, 200, 10, 1 - Number.EPSILON)).toBe(100);
    expect(electedStart(100, 100, 10, 0.5)).toBe(100);
  });
});
