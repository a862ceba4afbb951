import { describe, expect, it } from "vitest";
import {
  after,
  stateWith,
  decide,
  storedCredential,
  intent,
  lifetimeMs,
  noonMs,
  rules,
} from "./state.fixture.ts";
import { isLive, type State } from "./state.ts";
import { decideSuspect } from "./suspect.ts";

const suspect = { type: "suspect", fingerprint: "T1", found: "dead" } as const;

describe("a report of a credential to which no probe was answered", () => {
  const complaint = { ...suspect, found: "refused" } as const;

  it("marks it, leaves it in use, and is no evidence of a foreign refresh", () => {
    const { state, verdict } = decide(stateWith(), complaint);
    expect(verdict).toEqual({ kind: "suspected", foreign: undefined });
    expect(state).toMatchObject({
      suspect: { fingerprint: "T1", atMs: noonMs },
      contention: { count: 0 },
    });
    expect(state && isLive(state, noonMs)).toBe(true);
    expect(decide(state, complaint, 5)).toEqual({ verdict: { kind: "known" } });
  });

  it("becomes evidence when the platform calls it dead", () => {
    const { state, verdict } = decide(after(stateWith(), complaint), suspect, 500);
    expect(verdict).toMatchObject({ kind: "suspected", foreign: { state: "suspected", count: 1 } });
    expect(state?.suspect).toEqual({ fingerprint: "T1", atMs: noonMs, dead: true });
    expect(state && isLive(state, noonMs)).toBe(false);
  });

  it("is withdrawn when the platform calls it alive", () => {
    const alive = { ...suspect, found: "alive" } as const;
    expect(decide(after(stateWith(), complaint), alive)).toEqual({
      state: stateWith(),
      verdict: { kind: "cleared" },
    });
    expect(decide(stateWith(), { ...suspect, found: "alive" })).toEqual({
      verdict: { kind: "known" },
    });
  });
});

describe("a report of a refused credential", () => {
  it("marks the stored one, with evidence of a foreign refresh", () => {
    const { state, verdict } = decide(stateWith(), suspect);
    expect(state).toMatchObject({
      suspect: { fingerprint: "T1", atMs: noonMs, dead: true },
      contention: { count: 1, lastMs: noonMs },
      outcomeId: "at rest",
    });
    expect(verdict).toEqual({
      kind: "suspected",
      foreign: { state: "suspected", count: 1, ageMs: 600_000, remainingMs: lifetimeMs - 600_000 },
    });
  });

  it("of an old credential changes nothing", () => {
    expect(decide(stateWith(), { ...suspect, fingerprint: "T0" })).toEqual({
      verdict: { kind: "other" },
    });
    expect(decide(undefined, suspect)).toEqual({ verdict: { kind: "other" } });
  });

  it("counts once, however many nodes report it", () => {
    expect(decide(after(stateWith(), suspect), suspect)).toEqual({ verdict: { kind: "known" } });
  });

  const explained: readonly (readonly [string, Partial<State>])[] = [
    ["a doubt", { doubtSinceMs: noonMs - 1 }],
    ["an open intent", { intent: { epoch: 11, operationId: "op", atMs: noonMs - 60_000 } }],
    ["a request that may still be processed", { inFlightUntilMs: noonMs + 1 }],
    ["its natural end", { credential: storedCredential("T1", { expiresAtMs: noonMs }) }],
  ];
  it.each(explained)("is not evidence of a foreign refresh if %s explains it", (_, changes) => {
    const { state, verdict } = decide(stateWith(changes), suspect);
    expect(verdict).toEqual({ kind: "suspected", foreign: undefined });
    expect(state?.contention.count).toBe(0);
  });

  it("is confirmed by a second one within a lifetime, and starts again after a quiet lifetime", () => {
    const once = { count: 1, lastMs: noonMs - 1_000 };
    expect(decide(stateWith({ contention: once }), suspect).verdict).toMatchObject({
      foreign: { state: "confirmed", count: 2 },
    });
    const longAgo = { count: 5, lastMs: noonMs - lifetimeMs - 1 };
    expect(decide(stateWith({ contention: longAgo }), suspect).verdict).toMatchObject({
      foreign: { state: "suspected", count: 1 },
    });
  });

  it("is evidence from the moment at which no request can be in flight any more", () => {
    expect(after(stateWith({ inFlightUntilMs: noonMs }), suspect).contention.count).toBe(1);
  });

  it("still counts together with the previous one after exactly one lifetime", () => {
    const contention = { count: 1, lastMs: noonMs - lifetimeMs };
    expect(after(stateWith({ contention }), suspect).contention).toEqual({
      ...contention,
      count: 2,
      lastMs: noonMs,
    });
  });
});

describe("a request that a rejection causes", () => {
  const rejected = { reason: "rejected", isDead: true } as const;

  it("marks nothing if the refused credential is not the stored one, and has expired", () => {
    const next = after(
      stateWith({ credential: storedCredential("T1", { expiresAtMs: noonMs - 1 }) }),
      intent({ ...rejected, refused: "T0" }),
    );
    expect(next).not.toHaveProperty("suspect");
    expect(after(undefined, intent({ ...rejected, refused: "T0" }))).not.toHaveProperty("suspect");
  });

  it("only marks the credential on a node's own copy, and is not evidence there", () => {
    const decided = decide(
      stateWith(),
      intent({ ...rejected, refused: "T1", isWithoutStore: true }),
    );
    expect(decided).toMatchObject({
      state: { suspect: { dead: true }, contention: { count: 0 } },
      verdict: { foreign: undefined },
    });
  });

  it("counts no second foreign refresh for a credential that was found dead before", () => {
    const next = after(after(stateWith(), suspect), intent({ ...rejected, refused: "T1" }), 9_000);
    expect(next).toMatchObject({
      contention: { count: 1, lastMs: noonMs },
      suspect: { atMs: noonMs },
    });
  });
});

describe("confirmed contention", () => {
  const once = { count: 1, lastMs: noonMs - 1_000 };
  const war = { onContention: "fallback", fallback: rules } as const;

  it("switches the fleet to the fallback if it is configured to, and if there is one", () => {
    expect(after(stateWith({ contention: once }), suspect, 0, war).fallback).toEqual({
      sinceMs: noonMs,
    });
    expect(after(stateWith(), suspect, 0, war)).not.toHaveProperty("fallback");
    expect(
      after(stateWith({ contention: once }), suspect, 0, { fallback: rules }),
    ).not.toHaveProperty("fallback");
    expect(
      after(stateWith({ contention: once }), suspect, 0, { onContention: "fallback" }),
    ).not.toHaveProperty("fallback");
  });

  it("leaves a fleet on the fallback that already uses it, with the same start time", () => {
    const there = stateWith({ contention: once, fallback: { sinceMs: 5 } });
    const decided = decideSuspect(there, suspect, noonMs, { ...rules, ...war });
    expect(decided.state).toMatchObject({ contention: { count: 2 }, fallback: { sinceMs: 5 } });
  });
});
