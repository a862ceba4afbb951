import { describe, expect, it } from "vitest";
import { FaultLedger } from "./fault-ledger.ts";

function ledger(): { faults: FaultLedger; time: { nowMs: number } } {
  const time = { nowMs: 1_000 };
  return { faults: new FaultLedger(() => time.nowMs), time };
}

describe("the ledger of injected faults", () => {
  it("excuses only the node that a fault hit, until 2 s after the end of the fault", () => {
    const { faults, time } = ledger();
    faults.add({ name: "store cut off", node: "node-1", forMs: 5_000 });
    expect([999, 1_000, 8_000, 8_001].map((atMs) => faults.excuse("node-1", atMs)?.name)).toEqual([
      undefined,
      "store cut off",
      "store cut off",
      undefined,
    ]);
    expect(faults.excuse("node-2", 2_000)).toBeUndefined();
    time.nowMs = 8_000;
    expect([faults.isHit("node-1"), faults.isHit("node-2")]).toEqual([true, false]);
    time.nowMs = 8_001;
    expect(faults.isHit("node-1")).toBe(false);
  });

  it("knows which nodes do not reach the store", () => {
    const { faults, time } = ledger();
    faults.add({ name: "process paused", node: "node-1", forMs: 60_000 });
    expect(faults.isCutOff("node-1")).toBe(false);
    faults.add({ name: "store cut off", node: "node-1", forMs: 5_000 });
    expect([faults.isCutOff("node-1"), faults.isCutOff("node-2")]).toEqual([true, false]);
    time.nowMs = 8_001;
    expect(faults.isCutOff("node-1")).toBe(false);
    faults.add({ name: "store out of reach", forMs: 5_000 });
    expect(faults.isCutOff("node-2")).toBe(true);
  });

  it("knows when a node reached the store again", () => {
    const { faults } = ledger();
    faults.add({ name: "store cut off", node: "node-1", forMs: 5_000 });
    expect(faults.reachedAgain("node-1", 1_000, 5_999)).toBe(false);
    expect(faults.reachedAgain("node-1", 1_000, 6_000)).toBe(true);
    expect(faults.reachedAgain("node-1", 6_001, 9_000)).toBe(false);
    expect(faults.reachedAgain("node-2", 1_000, 9_000)).toBe(false);
  });

  it("excuses every node if a fault hit all of them", () => {
    const { faults } = ledger();
    faults.add({ name: "store out of reach", forMs: 5_000 });
    expect(faults.excuse("node-7", 2_000)?.name).toBe("store out of reach");
  });

  it("excuses a refused account until ten minutes after the refusal has ended", () => {
    const { faults } = ledger();
    faults.add({ name: "account refused", forMs: 60_000 });
    expect(faults.excuse("node-1", 1_000 + 60_000 + 602_000)?.name).toBe("account refused");
    expect(faults.excuse("node-1", 1_000 + 60_000 + 602_001)).toBeUndefined();
  });

  it("excuses the parts of a node that was hit, but not the node of a part that was hit", () => {
    const { faults } = ledger();
    faults.add({ name: "token endpoint of the child refuses", node: "node-1/ticket", forMs: 0 });
    expect([
      faults.isHit("node-1/ticket"),
      faults.isHit("node-1"),
      faults.isHit("node-2/ticket"),
    ]).toEqual([true, false, false]);
    faults.add({ name: "process paused", node: "node-2", forMs: 0 });
    expect([
      faults.excuse("node-2/ticket", 1_000)?.name,
      faults.excuse("node-1", 1_000)?.name,
    ]).toEqual(["process paused", undefined]);
    expect(faults.uncoveredMs("node-2/ticket", 0, 4_000)).toBe(2_000);
  });

  it("excuses a consumer without change messages until its owners have read again", () => {
    const time = { nowMs: 0 };
    const isUnheard = (node: string): boolean => node === "node-2";
    const faults = new FaultLedger(
      () => time.nowMs,
      (node) => (isUnheard(node) ? ["node-1"] : []),
      (node) => (isUnheard(node) ? 10_000 : 0),
    );
    faults.add({ name: "store cut off", node: "node-1", forMs: 1_000 });
    time.nowMs = 13_000;
    expect([faults.isHit("node-2"), faults.isHit("node-1")]).toEqual([true, false]);
    expect(faults.excuse("node-2", 13_000)?.name).toBe("store cut off");
    expect(faults.excuse("node-2", 13_001)).toBeUndefined();
    expect(faults.excuse("node-1", 3_001)).toBeUndefined();
    expect(faults.uncoveredMs("node-2", 0, 15_000)).toBe(2_000);
  });

  it("counts the time without any fault, even if faults overlap", () => {
    const { faults, time } = ledger();
    faults.add({ name: "store cut off", node: "node-1", forMs: 1_000 });
    time.nowMs = 2_000;
    faults.add({ name: "store out of reach", forMs: 1_000 });
    faults.add({ name: "store out of reach", forMs: 0 });
    faults.add({ name: "process paused", node: "node-2", forMs: 60_000 });
    expect(faults.uncoveredMs("node-1", 0, 10_000)).toBe(1_000 + 5_000);
    expect(faults.uncoveredMs("node-1", 1_500, 4_500)).toBe(0);
    expect(faults.hasAny(0, 999)).toBe(false);
    expect(faults.hasAny(0, 1_000)).toBe(true);
  });
});
