import { describe, expect, it } from "vitest";
import type { Rules } from "./rules.ts";
import type { SettleEvent } from "./settle.ts";
import type { State } from "./state.ts";
import { after, stateWith, decide, storedCredential, noonMs } from "./state.fixture.ts";

const askedAtMs = noonMs - 1_000;
const settle: SettleEvent = {
  type: "settle",
  outcomeId: "settled",
  commitId: "commit-T1",
  seenOutcomeId: "at rest",
  askedAtMs,
};
const kills: Partial<Rules> = { overlapMs: 0 };
const doubtSinceMs = askedAtMs - 15_000;
const open = { epoch: 12, operationId: "other", atMs: askedAtMs - 15_000 };
const suspect = { fingerprint: "T1", atMs: noonMs - 20_000 };

describe("the platform's answer that the stored credential is alive", () => {
  it("settles a doubt, closes a request without an outcome and removes the suspect mark", () => {
    const { doubtSinceMs: _, ...settled } = {
      ...stateWith({ doubtSinceMs }),
      outcomeId: "settled",
    };
    expect(after(stateWith({ doubtSinceMs }), settle, 0, kills)).toEqual(settled);
    expect(after(stateWith({ doubtSinceMs, intent: open, suspect }), settle, 0, kills)).toEqual(
      settled,
    );
    expect(decide(stateWith({ intent: open }), settle, 0, kills)).toEqual({
      state: settled,
      verdict: { kind: "settled" },
    });
    expect(decide(undefined, settle, 0, kills)).toEqual({ verdict: { kind: "kept" } });
  });

  it.each<[string, State, Partial<SettleEvent>, Partial<Rules>]>([
    [
      "another credential is stored",
      stateWith({ doubtSinceMs, credential: storedCredential("T2") }),
      {},
      kills,
    ],
    [
      "an outcome was reported after it was asked for",
      stateWith({ doubtSinceMs, outcomeId: "later" }),
      {},
      kills,
    ],
    ["nothing is owed", stateWith(), {}, kills],
    [
      "a request may still have been processed after it",
      stateWith({ doubtSinceMs, inFlightUntilMs: askedAtMs + 1 }),
      {},
      kills,
    ],
    ["so may one that is open", stateWith({ intent: { ...open, atMs: open.atMs + 1 } }), {}, kills],
    [
      "so may one that the store forgot when the doubt arose",
      stateWith({ doubtSinceMs: doubtSinceMs + 1 }),
      {},
      kills,
    ],
    ["a replaced one lives on for a while", stateWith({ doubtSinceMs }), {}, { overlapMs: 1 }],
    [
      "what was issued may have consumed the input",
      stateWith({ doubtSinceMs }),
      {},
      { ...kills, rotates: true },
    ],
  ])("settles nothing if %s", (_, state, event, rules) => {
    expect(decide(state, { ...settle, ...event }, 0, rules)).toEqual({ verdict: { kind: "kept" } });
  });
});
