import { describe, expect, it } from "vitest";
import { emptyState, type State } from "@lingpai/core/internal/state";
import { heardWithinMs, ResetAudit } from "./reset-audit.ts";

const credential = {
  ...{ generation: 1, epoch: 5, commitId: "c", secret: "T1", fingerprint: "f" },
  ...{ sentAtMs: 0, issuedAtMs: 0, expiresAtMs: 7_200_000 },
  by: { node: "n", environment: "production", reason: "cold" },
};
const before: State = { ...emptyState, credential };

function forgotten() {
  const time = { nowMs: 0 };
  const resets = new ResetAudit(
    () => time.nowMs,
    () => true,
  );
  expect(resets.written(undefined, before)).toEqual([]);
  expect(resets.written(before, { ...emptyState, minEpoch: 5 })).toEqual([]);
  time.nowMs = heardWithinMs + 1;
  return resets;
}

describe("a token that an operator reset", () => {
  it("must be out of use once every node has read of the reset", () => {
    const resets = forgotten();
    expect([resets.isForgotten("T1"), resets.mustBeUnused("T1")]).toEqual([true, true]);
    expect([resets.isForgotten("T2"), resets.mustBeUnused("T2")]).toEqual([false, false]);
  });

  it("is forgotten also if the store had lost it before", () => {
    const resets = new ResetAudit(
      () => 0,
      () => true,
    );
    resets.written(undefined, before);
    expect(resets.isForgotten("T1")).toBe(false);
    resets.written(undefined, { ...emptyState, minEpoch: 5 });
    expect(resets.isForgotten("T1")).toBe(true);
  });

  it("may be served again after the store has lost the reset", () => {
    const resets = forgotten();
    resets.lostWrites();
    expect([resets.isForgotten("T1"), resets.mustBeUnused("T1")]).toEqual([true, false]);
  });

  it("counts as any other token once the platform has returned it again", () => {
    const resets = forgotten();
    resets.written({ ...emptyState, minEpoch: 5 }, { ...before, minEpoch: 4 });
    expect(resets.isForgotten("T1")).toBe(false);
  });
});
