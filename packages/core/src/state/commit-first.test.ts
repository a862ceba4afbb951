/** The first commit of a fleet, and the effect of a commit on marks and inputs. */
import { describe, expect, it } from "vitest";
import { after, stateWith, commit, decide, intent, noonMs } from "./state.fixture.ts";
import { emptyState } from "./state.ts";

const announced = after(stateWith(), intent());
const suspect = { fingerprint: "T1", atMs: noonMs, dead: true } as const;

describe("the first commit of a fleet", () => {
  it("is its first generation, replaces nothing, and leaves no doubt", () => {
    const cold = after(undefined, intent({ reason: "cold", replaces: undefined }));
    const { state, verdict } = decide(cold, commit({ epoch: cold.intent?.epoch ?? 0 }));
    expect(verdict).toEqual({
      kind: "committed",
      generation: 1,
      doubt: false,
      reconciled: false,
      same: false,
    });
    expect(state?.credential).toMatchObject({ generation: 1, fingerprint: "T2" });
    for (const field of ["previous", "suspect", "intent"]) expect(state).not.toHaveProperty(field);
  });

  it("into a store that lost its intent leaves a doubt", () => {
    expect(decide(emptyState, commit()).verdict).toMatchObject({
      kind: "committed",
      generation: 1,
      doubt: true,
    });
  });
});

describe("a commit", () => {
  it("of another credential removes the suspect mark, and one of the suspected credential keeps it", () => {
    expect(after({ ...announced, suspect }, commit())).not.toHaveProperty("suspect");
    expect(after({ ...announced, suspect }, commit({}, { fingerprint: "T1" })).suspect).toEqual({
      fingerprint: "T1",
      atMs: noonMs,
    });
    // A mark that an earlier failover left behind does not belong to this credential.
    const other = { ...suspect, fingerprint: "T0" };
    expect(
      after({ ...announced, suspect: other }, commit({}, { fingerprint: "T1" })).suspect,
    ).toEqual(other);
    expect(after(announced, commit({}, { fingerprint: "T1" }))).not.toHaveProperty("suspect");
  });

  it("removes the mark of the input that was sent", () => {
    const consumedInput = { fingerprint: "R1", atMs: noonMs };
    expect(after({ ...announced, consumedInput }, commit())).not.toHaveProperty("consumedInput");
  });

  it("counts as reconciling only if there was a doubt", () => {
    expect(decide(announced, commit()).verdict).toMatchObject({ doubt: false, reconciled: false });
    expect(decide({ ...announced, doubtSinceMs: 5 }, commit()).verdict).toMatchObject({
      doubt: false,
      reconciled: true,
    });
    expect(
      decide({ ...announced, doubtSinceMs: 5 }, commit({ leaseHeld: false })).verdict,
    ).toMatchObject({
      doubt: true,
      reconciled: false,
    });
  });
});
