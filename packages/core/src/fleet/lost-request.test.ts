import { describe, expect, it } from "vitest";
import { stateWith } from "../state/state.fixture.ts";
import { manualClock } from "../testing/index.ts";
import { LostRequestDetector } from "./lost-request.ts";

const fetchDeadlineMs = 8_000;
const openedBefore = (ageMs: number, operationId = "open") =>
  stateWith({ intent: { epoch: 11, operationId, atMs: 100_000 - ageMs } });
const young = openedBefore(1_000);

function detector() {
  const clock = manualClock();
  return {
    clock,
    lost: new LostRequestDetector(clock, { nowMs: () => 100_000 }, fetchDeadlineMs),
  };
}

describe("an open request without an outcome", () => {
  it("counts as lost only after the duration of several requests", async () => {
    const { clock, lost } = detector();
    expect(lost.waitMs(young)).toBe(2_000);
    await clock.advance(2_000);
    expect(lost.waitMs(young)).toBe(0);
  });

  it("counts as lost soon after an outage", async () => {
    const { clock, lost } = detector();
    const old = openedBefore(fetchDeadlineMs + 1);
    expect(lost.waitMs(openedBefore(fetchDeadlineMs, "may go on"))).toBe(2_000);
    // One driver may reconnect 1 s later than another, and another request takes its time.
    expect(lost.waitMs(old)).toBe(1_500);
    await clock.advance(1_500);
    expect(lost.waitMs(old)).toBe(0);
  });

  it("restarts its waiting time if this node did not read for a while", async () => {
    const { clock, lost } = detector();
    lost.waitMs(young);
    await clock.advance(4_000);
    expect(lost.waitMs(young)).toBe(0);
    await clock.advance(4_001);
    expect(lost.waitMs(young)).toBe(2_000);
  });

  it("restarts its waiting time at the end of an outage", async () => {
    const { clock, lost } = detector();
    lost.waitMs(young);
    await clock.advance(1_500);
    lost.restart();
    expect(lost.waitMs(young)).toBe(2_000);
  });

  it("is forgotten after another intent or its outcome", async () => {
    const { clock, lost } = detector();
    lost.waitMs(young);
    await clock.advance(1_000);
    expect(lost.waitMs(young)).toBe(1_000);
    expect(lost.waitMs(openedBefore(0, "next"))).toBe(2_000);
    expect(lost.waitMs(stateWith())).toBe(0);
    expect(lost.waitMs(openedBefore(0, "next"))).toBe(2_000);
  });
});
