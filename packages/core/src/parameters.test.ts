import { describe, expect, it } from "vitest";
import type { Issuer, IssuePolicy } from "./issuer.ts";
import { parametersFor, type Parameters } from "./parameters.ts";

const issuer = (
  policy: IssuePolicy = { kind: "supersede", overlapMs: 300_000 },
  lifetimeMs = 7_200_000,
): Issuer => ({
  id: "test",
  policy,
  lifetimeMs,
  issue: () => Promise.reject(new Error("not asked")),
});

describe("parameters", () => {
  it("default to windows that fit the platform", () => {
    expect(parametersFor(issuer())).toMatchObject({
      advisoryMs: 900_000,
      mandatoryMs: 120_000,
      reconcileMs: 200_000,
      leaseMs: 10_000,
    });
    expect(parametersFor(issuer({ kind: "stable", renewWithinMs: 300_000 }))).toMatchObject({
      advisoryMs: 290_000,
      mandatoryMs: 60_000,
    });
    expect(parametersFor(issuer({ kind: "supersede", overlapMs: 0 }))).toMatchObject({
      reconcileMs: 15_000,
    });
  });

  it("clamp the estimate of the fleet's size", () => {
    expect(
      [0, -5, 1e12, 50].map(
        (fleetSize) => parametersFor(issuer(), { fleetSize: Math.max(0, fleetSize) }).fleetSize,
      ),
    ).toEqual([2, 2, 10_000_000, 50]);
  });

  const broken: readonly (readonly [string, Partial<Parameters>])[] = [
    ["P1", { leaseMs: 8_999 }],
    ["P1", { storeDeadlineMs: 2_000 }],
    ["P2", { drainMs: 12_999 }],
    ["P3", { recheckMs: 290_000 }],
    ["P3", { longestCallMs: 60_000 }],
    ["P4", { reconcileMs: 14_000 }],
    ["P4", { reconcileMs: 240_000 }],
    ["P5", { mandatoryMs: 20_000 }],
    ["P5", { advisoryMs: 60_000 }],
    ["P5", { advisoryMs: 7_200_000 }],
    ["P5", { skewMarginMs: 130_000 }],
    ["P6", { attemptsMax: 0 }],
    ["P6", { leaseMs: 2 ** 31, drainMs: 20_000 }],
    ["P6", { quotaPerDay: 19 }],
    ["P6", { quotaReserve: 0.95 }],
    ["P6", { advisoryMs: Number.NaN }],
    ["P6", { advisoryMs: Number.POSITIVE_INFINITY }],
    ["P6", { advisoryMs: -1 }],
    ["P6", { leaseMs: 10_000.5 }],
  ];

  it.each(broken)(
    "name the broken rule %s and a setting that would satisfy it: %o",
    (rule, given) => {
      expect(() => parametersFor(issuer(), given)).toThrow(
        expect.objectContaining({
          code: "CONFIGURATION",
          rule,
          message: expect.stringMatching(/Set \w+|must be/),
        }),
      );
    },
  );

  it("refuse a text instead of a number", () => {
    expect(() => parametersFor(issuer(), JSON.parse('{"leaseMs":"300"}'))).toThrow(
      "leaseMs must be a number, not a text",
    );
  });

  it("name in the error a value that does satisfy the rule", () => {
    expect(() => parametersFor(issuer(), { fetchDeadlineMs: 20_000 })).toThrow(
      "Set leaseMs to at least 21000.",
    );
    expect(
      parametersFor(issuer(), {
        fetchDeadlineMs: 20_000,
        leaseMs: 21_000,
        drainMs: 25_000,
        attemptsMax: 4,
        mandatoryMs: 120_000,
      }),
    ).toMatchObject({ leaseMs: 21_000 });
  });
});
