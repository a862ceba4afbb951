import { describe, expect, it } from "vitest";
import { excuseReport } from "./consumer-reports.ts";
import { FaultLedger } from "./fault-ledger.ts";
import type { Fetch } from "../platform/wechat.ts";

const plan = { isLaterClaimant: false, onConflict: undefined };
const consumer = { name: "node-3", role: "consumer", plan } as const;
const owner = { ...consumer, role: "owner" } as const;
const issued = { token: "T1", processedAtMs: 100, outcome: "issued" };

function excuseOf(
  fetches: readonly Partial<Fetch>[],
  scene: { readonly pushesChanges?: boolean; readonly lastForeignAtMs?: number } = {},
  node: Parameters<typeof excuseReport>[2] = consumer,
): string | undefined {
  const faults = new FaultLedger(() => 1_000);
  const { pushesChanges = false, lastForeignAtMs = Number.NEGATIVE_INFINITY } = scene;
  const wechat = { fetches: fetches as Fetch[], lastForeignAtMs, isAlive: () => false };
  excuseReport({ pushesChanges, wechat: wechat as never }, faults, node, "T1"); // Only these fields are read.
  return faults.excuse(node.name, 1_000 + 302_000)?.name;
}

const lost = { token: "T2", processedAtMs: 200, outcome: "unknown" } as const;

describe("a consumer whose call was refused, without messages from the store", () => {
  const waits = "consumer's report waits for an owner's next reading";

  it("is excused where the answer to a newer request was lost, or is still to come", () => {
    expect(excuseOf([issued as Fetch, lost])).toBe(waits);
    expect(excuseOf([issued as Fetch, { token: "T2", processedAtMs: 200 }])).toBe(waits);
  });

  it("is excused where something outside the fleet has fetched since", () => {
    expect(excuseOf([issued as Fetch], { lastForeignAtMs: 150 })).toBe(waits);
    expect(excuseOf([issued as Fetch], { lastForeignAtMs: 50 })).toBeUndefined();
  });

  it("is not excused where the fleet has stored the token that killed it", () => {
    expect(excuseOf([issued as Fetch, { ...lost, outcome: "issued" }])).toBeUndefined();
  });

  it("may be an owner that yields to an earlier claim", () => {
    const yields = { isLaterClaimant: true, onConflict: "consume" } as const;
    const warns = { isLaterClaimant: true, onConflict: "warn" } as const;
    expect(excuseOf([issued as Fetch, lost], {}, { ...owner, plan: yields })).toBe(waits);
    expect(excuseOf([issued as Fetch, lost], {}, { ...owner, plan: warns })).toBeUndefined();
  });

  it("is not excused where the store sends messages, and no owner ever is", () => {
    expect(excuseOf([issued as Fetch, lost], { pushesChanges: true })).toBeUndefined();
    expect(excuseOf([issued as Fetch, lost], {}, owner)).toBeUndefined();
  });
});
