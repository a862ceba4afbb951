import { describe, expect, it } from "vitest";
import { stateWith, decide, noonMs } from "./state.fixture.ts";

const use = { type: "use", everyMs: 60_000 } as const;

describe("a node that reports its use of the credential", () => {
  it("writes a mark if there is none, and changes nothing else", () => {
    expect(decide(stateWith(), use)).toEqual({
      state: { ...stateWith(), usedAtMs: noonMs },
      verdict: { kind: "marked" },
    });
  });

  it("writes the next mark as soon as the last one is no longer recent", () => {
    expect(decide(stateWith({ usedAtMs: noonMs - 59_999 }), use)).toEqual({
      verdict: { kind: "known" },
    });
    expect(decide(stateWith({ usedAtMs: noonMs - 60_000 }), use)).toMatchObject({
      state: { usedAtMs: noonMs },
      verdict: { kind: "marked" },
    });
    expect(decide(stateWith({ usedAtMs: noonMs - 7_200_000 }), use).state?.usedAtMs).toBe(noonMs);
  });

  it("dates the mark by its last caller, and never earlier than before", () => {
    const earlier = { ...use, agoMs: 50_000 };
    expect(decide(stateWith({ usedAtMs: noonMs - 60_000 }), earlier).state?.usedAtMs).toBe(
      noonMs - 50_000,
    );
    expect(decide(stateWith({ usedAtMs: noonMs - 60_000 }), { ...use, agoMs: 60_000 })).toEqual({
      verdict: { kind: "known" },
    });
  });
});
