import { describe, expect, it } from "vitest";
import { AvailabilityAudit, ownerReadsEveryMs, type Excuse } from "./availability-audit.ts";
import { FaultLedger } from "./fault-ledger.ts";

function audit(excuse?: Excuse): {
  audit: AvailabilityAudit;
  faults: FaultLedger;
  time: { nowMs: number };
} {
  const time = { nowMs: 0 };
  const faults = new FaultLedger(() => time.nowMs);
  return { audit: new AvailabilityAudit(faults, () => time.nowMs, excuse), faults, time };
}

describe("the audit of availability", () => {
  it("reports a call that fails while no injected fault hits its node", () => {
    const { audit: availability, faults } = audit();
    faults.add({ name: "store cut off", node: "node-2", forMs: 60_000 });
    expect(availability.failedCall("node-1", "get")?.what).toContain(
      "no injected fault excuses it",
    );
    expect(availability.failedCall("node-2", "get")).toBeUndefined();
    const { failed, excused, calls, hit } = availability;
    expect({ failed, excused, calls, hit }).toEqual({ failed: 1, excused: 1, calls: 2, hit: 1 });
    expect(availability.summary()).toEqual([]);
  });

  it("reports a call that waits for more than 3 s, not counting the time of a fault", () => {
    const { audit: availability, faults, time } = audit();
    faults.add({ name: "store out of reach", forMs: 10_000 });
    time.nowMs = 15_000;
    expect(availability.waited("node-1", 0)).toBeUndefined();
    time.nowMs = 15_001;
    expect(availability.waited("node-1", 0)?.what).toContain(
      "waited 15.0 s, 3.0 s of them while no injected fault was in force",
    );
    expect(availability.slowestMs).toBe(3_001);
  });

  it("allows a consumer without change messages exactly the time until an owner reads", () => {
    const time = { nowMs: 0 };
    const faults = new FaultLedger(() => time.nowMs);
    const heardAfterMs = (node: string): number => (node === "node-2" ? ownerReadsEveryMs : 0);
    const availability = new AvailabilityAudit(faults, () => time.nowMs, undefined, heardAfterMs);
    time.nowMs = 13_000;
    expect(availability.waited("node-2", 0)).toBeUndefined();
    expect(availability.waited("node-1", 0)?.promise).toBe("5 (waiting)");
    time.nowMs = 14_000;
    expect(availability.waited("node-2", 0)?.promise).toBe("5 (waiting)");
    expect(availability.failedCall("node-2", "get")?.promise).toBe("5");
  });

  it("reports itself if it excuses more calls of a node than faults have hit", () => {
    const { audit: availability, faults, time } = audit(() => ({ name: "store out of reach" }));
    faults.add({ name: "store cut off", node: "node-2", forMs: 1_000 });
    for (const node of ["node-1", "node-2", "node-2"])
      expect(availability.failedCall(node, "get")).toBeUndefined();
    time.nowMs = 60_000;
    availability.answered("node-2");
    expect(availability.summary()).toEqual([
      {
        promise: "honest",
        what: "1 failed calls of node-1 were excused, and injected faults hit only 0",
      },
    ]);
  });
});
