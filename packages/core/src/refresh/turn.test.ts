/** The reasons for which a turn of a refresh waits. */
import { describe, expect, it } from "vitest";
import { blockAt, turnOf } from "./turn.ts";
import type { Claim } from "../fleet/claim-registry.ts";
import { fleet } from "../scenarios/fleet.fixture.ts";
import { assembled } from "../scenarios/node.fixture.ts";

const claim: Claim = { environment: "other", path: ["x"], node: "n", sinceMs: 0, renewedMs: 0 };

describe("a turn that sent nothing", () => {
  it("waits for a change if another node's request is open, and otherwise for time to pass", () => {
    const { assembly } = assembled(fleet());
    const nowMs = assembly.storeClock.nowMs();
    expect(blockAt(assembly, { why: "open", untilMs: nowMs + 700 })).toEqual({
      kind: "wait",
      ms: 700,
    });
    expect(blockAt(assembly, { why: "governor", untilMs: nowMs + 700 })).toEqual({
      kind: "pause",
      ms: 700,
      why: "governor",
    });
    // A time that has just passed is checked again, but not in a tight loop.
    expect(blockAt(assembly, { why: "open", untilMs: nowMs - 700 })).toEqual({
      kind: "wait",
      ms: 1,
    });
  });

  it("continues at once as a consumer if another environment has the claim", () => {
    const { assembly } = assembled(fleet());
    // A turn uses only these parts.
    const dependencies = { node: assembly, source: assembly.source } as unknown as Parameters<
      typeof turnOf
    >[0];
    expect(turnOf(dependencies, { kind: "claimed", by: claim })).toEqual({ kind: "wait", ms: 0 });
    expect(assembly.source.role).toBe("consumer");
    expect(assembly.source.yieldsTo).toBe(claim);
    const gate = { why: "back-off", untilMs: assembly.storeClock.nowMs() + 5 } as const;
    expect(turnOf(dependencies, { kind: "closed", gate })).toEqual({
      kind: "pause",
      ms: 5,
      why: "back-off",
    });
  });
});
