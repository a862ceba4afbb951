import { describe, expect, it } from "vitest";
import { Primary } from "./primary.ts";

const absent = { ttlMs: undefined, ifVersion: "absent" } as const;

describe("a replica that is promoted", () => {
  it("lacks the last writes and leases, and has its own clock", () => {
    let nowMs = 1_000;
    const old = new Primary(() => nowMs, 0);
    old.set("kept", "1", { version: "a", ...absent });
    nowMs = 2_000;
    old.set("lost", "2", { version: "b", ...absent });
    old.set("kept", "3", { version: "c", ttlMs: undefined, ifVersion: "a" });
    old.tryAcquire("lease", "owner", 10_000);
    nowMs = 2_500;
    const { primary, lost } = old.promoted(1_000, -5_000);
    expect(lost).toBe(3);
    expect(primary.get("kept")).toMatchObject({ value: "1", version: "a", storeNowMs: -2_500 });
    expect(primary.get("lost")).toBeUndefined();
    expect(primary.holder("lease")).toBeUndefined();
    expect(old.get("kept")?.value).toBe("3");
  });

  it("has a lease again if it lacks the lease's release", () => {
    let nowMs = 1_000;
    const old = new Primary(() => nowMs, 0);
    old.tryAcquire("released", "owner", 10_000);
    old.tryAcquire("held", "owner", 20_000);
    nowMs = 3_000;
    old.release("released", "owner");
    const promoted = (lagMs: number): number => old.promoted(lagMs, 0).primary.revivedLeaseMs(old);
    expect(promoted(1)).toBe(8_000);
    nowMs = 3_500;
    expect(promoted(100)).toBe(0);
    expect(promoted(600)).toBe(7_500);
    nowMs = 11_000;
    expect(promoted(9_000)).toBe(0);
  });

  it("applies one write once, however often it is sent", () => {
    const primary = new Primary(() => 0, 0);
    const write = { version: "a", ...absent };
    expect(primary.set("key", "1", write).written).toBe(true);
    expect(primary.set("key", "1", write).written).toBe(true);
    expect(primary.set("key", "2", { version: "b", ...absent }).written).toBe(false);
  });
});

describe("a store that is out of memory", () => {
  it("refuses new values and new leases, and keeps the stored ones", () => {
    const primary = new Primary(() => 0, 0);
    primary.set("kept", "1", { version: "a", ...absent });
    primary.tryAcquire("held", "owner", 10_000);
    primary.refusal = "out-of-memory";
    const refusal = expect.objectContaining({ code: "CACHE_UNAVAILABLE", reason: "out-of-memory" });
    expect(() =>
      primary.set("kept", "2", { version: "b", ttlMs: undefined, ifVersion: "a" }),
    ).toThrow(refusal);
    expect(() => primary.tryAcquire("free", "owner", 10_000)).toThrow(refusal);
    expect(primary.get("kept")?.value).toBe("1");
    expect(primary.tryAcquire("held", "other", 10_000).acquired).toBe(false);
    expect([primary.extend("held", "owner", 10_000), primary.release("held", "owner")]).toEqual([
      true,
      true,
    ]);
    expect(primary.promoted(0, 0).primary.refusal).toBe("out-of-memory");
  });
});
