/** How long a node pauses after a failed refresh. */
import { describe, expect, it } from "vitest";
import { RetryPause } from "./retry-pause.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { BlockReason } from "../leader/block-reason.ts";
import { oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";
import { seededRandom } from "../testing/index.ts";

const advisory: Goal = { reason: "advisory" };
const rejected: Goal = { reason: "rejected" };

function bench(draw = 0.5) {
  const random = { ...seededRandom("pause"), next: () => draw };
  const one = oneNode({}, { random });
  const { clock, local, storeClock } = one;
  const due = { goal: undefined as Goal | undefined };
  const pause = new RetryPause(one.node, () => due.goal);
  const hold = (changed: Partial<State> = {}) => {
    const state = { ...emptyState, credential: storedAt(storeClock.nowMs()), ...changed };
    local.adopt(state, state.credential!);
  };
  /** In ms from now. */
  const leftMs = () => pause.untilMs() - clock.monotonicMs();
  const fail = (goal: Goal | undefined = advisory, block?: BlockReason) => {
    pause.begins(goal);
    pause.start({ error: new Error("refused"), block });
    return leftMs();
  };
  /** The platform hands out what the node holds. */
  const answer = () => {
    pause.begins(advisory);
    pause.start(undefined);
    return leftMs();
  };
  return { ...one, answer, due, fail, hold, leftMs, pause };
}

describe("the pause after a failed attempt", () => {
  it("is zero at first and after the store recovers", () => {
    const { fail, hold, leftMs, pause } = bench();
    expect(leftMs()).toBe(Number.NEGATIVE_INFINITY);
    hold();
    expect([fail(), fail()]).toEqual([5_000, 10_000]);
    pause.end();
    expect(leftMs()).toBe(Number.NEGATIVE_INFINITY);
    expect(fail()).toBe(5_000);
  });

  it.each([
    [0, 4_000],
    [1, 6_000],
  ])("is random, so that nodes do not retry together: %d", (draw, ms) => {
    const { fail, hold } = bench(draw);
    hold();
    expect(fail()).toBeCloseTo(ms);
  });

  it("is the node's own if the fleet's back-off ends now", () => {
    const { fail, hold, storeClock } = bench();
    const suspect = { fingerprint: "fingerprint-1", atMs: 0, dead: true } as const;
    hold({ suspect, backOffUntilMs: storeClock.nowMs() });
    expect(fail()).toBe(1_000);
  });

  it("becomes shorter as soon as no credential can be served", () => {
    const { context, fail, hold, leftMs, local } = bench();
    expect(fail()).toBe(1_000);
    hold();
    expect(leftMs()).toBe(5_000);
    local.updateState({
      ...local.state!,
      suspect: { fingerprint: "fingerprint-1", atMs: 0, dead: true },
    });
    expect(context.rules.canAsk).toBe(false);
    expect(leftMs()).toBe(1_000);
    local.forget();
    expect(leftMs()).toBe(1_000);
  });

  it("ends when the credential expires if the platform handed that out once more", () => {
    const { answer, fail, hold, local, storeClock } = bench();
    hold();
    expect([answer(), answer()]).toEqual([5_000, 10_000]);
    const endingIn = (ms: number) =>
      hold({ credential: { ...local.cached!.stored, expiresAtMs: storeClock.nowMs() + ms } });
    endingIn(21);
    expect([answer(), fail()]).toEqual([21, 40_000]);
    endingIn(0);
    expect(answer()).toBe(16_000);
  });

  it("is no longer than another node's lease, plus a random part", () => {
    const { fail, hold } = bench();
    hold();
    expect(fail(advisory, { kind: "wait", ms: 1_000 })).toBe(2_000);
    expect(fail(advisory, { kind: "wait", ms: 60_000 })).toBe(10_000);
    expect(fail(advisory, { kind: "pause", ms: 1, why: "error" })).toBe(20_000);
    const urgent = bench();
    urgent.fail();
    urgent.fail();
    expect(urgent.fail(advisory, { kind: "wait", ms: 1_000 })).toBe(1_250);
  });

  it("is no shorter than the fleet's back-off", () => {
    const { clock, fail, hold } = bench();
    const backOff = { backOffUntilMs: clock.wallMs() + 60_000 };
    hold(backOff);
    expect(fail()).toBe(60_000);
    const urgent = bench();
    urgent.local.updateState({ ...emptyState, ...backOff });
    expect(urgent.fail()).toBe(67_500);
    urgent.local.updateState({ ...emptyState, backOffUntilMs: clock.wallMs() - 60_000 });
    expect(urgent.fail()).toBe(2_000);
  });

  it("ends when a new refusal becomes known", () => {
    const { due, fail, hold, leftMs } = bench();
    hold();
    fail();
    expect(fail()).toBe(10_000);
    due.goal = rejected;
    expect(leftMs()).toBeLessThanOrEqual(0);
    due.goal = advisory;
    expect(leftMs()).toBe(10_000);
    // That attempt is the first one for this reason.
    due.goal = rejected;
    expect(fail(rejected)).toBe(5_000);
    expect(fail(rejected)).toBe(10_000);
  });
});
