/** What a turn of a refresh waits for. */
import { describe, expect, it } from "vitest";
import { blockAt, turnOf } from "./turn.ts";
import type { Claim } from "../fleet/claim-registry.ts";
import { fleet } from "../scenarios/fleet.fixture.ts";
import { assembled } from "../scenarios/node.fixture.ts";

const claim: Claim = { environment: "other", path: ["x"], node: "n", sinceMs: 0, renewedMs: 0 };

describe("a turn that sent nothing", () => {
  it("waits for a change where another's request is open, and for time to pass elsewhere", () => {
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
    // What has just passed is looked at again, but not at once for ever.
    expect(blockAt(assembly, { why: "open", untilMs: nowMs - 700 })).toEqual({
      kind: "wait",
      ms: 1,
    });
  });

  it("goes on at once as a consumer where another environment has the claim", () => {
    const { assembly } = assembled(fleet());
    // A turn uses these assembly alone.
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
