/** Events with computed fields. */
import { describe, expect, it } from "vitest";
import type { LeaseContext } from "./attempt.ts";
import { reportContention, reportFailure, reportLoss, reportQuota } from "./reports.ts";
import { IssueError } from "../errors.ts";
import type { Issuer } from "../issuer.ts";
import { oneNode } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";

describe("the day's quota", () => {
  it.each([
    [100, 49, undefined],
    [100, 50, 50],
    [100, 51, undefined],
    [100, 80, 80],
    [100, 95, 95],
    [100, 100, undefined],
    // The step is reached by the first whole fetch that is not below it.
    [33, 17, 50],
    [33, 16, undefined],
  ])("of %i with %i used is reported at its steps: %s", (perDay, used, percent) => {
    const { clock, context, events } = oneNode({ quota: { perDay, dayOffsetMs: 0 } });
    reportQuota(context.bus, used, context.rules, clock.wallMs() + 3_600_000);
    expect(events).toMatchObject(
      percent === undefined
        ? []
        : [{ type: "quota-threshold", used, perDay, percent, resetsInMs: 23 * 3_600_000 }],
    );
  });
});

describe("a foreign refresh", () => {
  const foreign = { state: "confirmed", count: 2, ageMs: 5, remainingMs: 7 } as const;
  const fallbackId = "fallback";

  function bench() {
    const own: Partial<Issuer> = { policy: { kind: "supersede", overlapMs: 0 } };
    const one = oneNode(own);
    const fallback = { ...one.context.issuer, id: fallbackId };
    const node = oneNode({ ...own, fallback });
    const contended = { count: 2, lastMs: 9 };
    const report = (state: Partial<State> | undefined, claimedBy?: string) => {
      const given = state && { ...emptyState, contention: contended, ...state };
      reportContention(node.node, foreign, { fingerprint: "x", claimedBy, state: given });
      return node.events;
    };
    return { report };
  }

  it("is reported with its evidence and the remedy", () => {
    const [event, ...others] = bench().report({});
    expect(event).toMatchObject({ type: "contended", fingerprint: "x", ...foreign });
    expect(event).toHaveProperty("remedy", expect.stringContaining("its own AppID"));
    expect(event).not.toHaveProperty("claimedBy");
    expect(others).toEqual([]);
    expect(bench().report(undefined, "staging")).toMatchObject([{ claimedBy: "staging" }]);
  });

  it("is reported with the switch that the same write made, and no earlier one", () => {
    expect(bench().report({ fallback: { sinceMs: 8 } })).toHaveLength(1);
    expect(bench().report({ fallback: { sinceMs: 9 } })).toMatchObject([
      { type: "contended" },
      { type: "switched", to: "fallback", cause: "contended", issuer: fallbackId },
    ]);
  });
});

describe("a failed request", () => {
  const failed = { reason: "cold", failures: 3, durationMs: 5 } as const;

  it("is reported with everything that the platform said", () => {
    const { context, events } = oneNode();
    const options = { platformCode: "-1", retryAfterMs: 7 };
    reportFailure(context.bus, new IssueError("busy", "later", options), failed);
    expect(events).toMatchObject([
      {
        type: "refresh-failed",
        ...failed,
        ...options,
        errorCode: "ISSUE_REFUSED",
        message: "later",
        outcome: "busy",
      },
    ]);
  });

  it("that needs a person has an event of its own", () => {
    const { context, events } = oneNode();
    reportFailure(context.bus, new IssueError("fatal", "no", { platformCode: "40125" }), failed);
    expect(events).toMatchObject([
      {
        type: "refused-fatally",
        reason: "cold",
        durationMs: 5,
        errorCode: "ISSUE_REFUSED",
        platformCode: "40125",
        message: "no",
      },
    ]);
    expect(events[0]).not.toHaveProperty("failures");
  });
});

describe("a lost lease", () => {
  it.each(["refused", undefined] as const)("is reported with its reason: %s", async (lost) => {
    const { clock, events, node } = oneNode();
    // A report uses only these fields.
    const lease = { lease: { lost }, startedMs: clock.monotonicMs() } as LeaseContext;
    await clock.advance(1_500);
    const error = reportLoss(node, lease, 7, "after-send");
    const reason = lost ?? "expired";
    expect(error).toMatchObject({ code: "LOCK_LOST", reason });
    expect(events).toMatchObject([
      { type: "lock-lost", reason, epoch: 7, phase: "after-send", heldMs: 1_500 },
    ]);
  });
});
