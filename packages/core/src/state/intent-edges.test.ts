/** The exact moments and the missing fields at which an intent's decision changes. */
import { describe, expect, it } from "vitest";
import {
  after,
  stateWith,
  decide,
  storedCredential,
  intent,
  noonMs,
  rules,
  today,
} from "./state.fixture.ts";
import { emptyState } from "./state.ts";

const rejected = { reason: "rejected", refused: "T1" } as const;

describe("an intent", () => {
  it("that is written again counts as drained, unless an earlier request could still be processed then", () => {
    const stands = { epoch: 12, operationId: "op", atMs: noonMs };
    const verdict = (inFlightUntilMs: number): unknown =>
      decide(stateWith({ intent: stands, inFlightUntilMs }), intent()).verdict;
    expect(verdict(noonMs)).toMatchObject({ kind: "send", undrained: false });
    expect(verdict(noonMs + 1)).toMatchObject({ kind: "send", undrained: true });
  });

  it("marks no credential as suspect that was not rejected by name", () => {
    const unnamed = after(
      stateWith({ credential: storedCredential("T1", { expiresAtMs: noonMs }) }),
      intent({ reason: "rejected", isDead: true }),
    );
    expect(unnamed).not.toHaveProperty("suspect");
    const planned = after(stateWith(), intent({ reason: "advisory", refused: "T1", isDead: true }));
    expect(planned).not.toHaveProperty("suspect");
  });

  it("marks as dead only a credential that the platform called dead", () => {
    for (const isDead of [false, undefined]) {
      const next = after(stateWith(), intent({ ...rejected, isDead }));
      expect(next).toMatchObject({
        suspect: { fingerprint: "T1", atMs: noonMs },
        contention: { count: 0 },
      });
      expect(next.suspect).not.toHaveProperty("dead");
    }
    expect(after(stateWith(), intent({ ...rejected, isDead: true })).suspect?.dead).toBe(true);
  });

  it("keeps the stored input if none was recovered, and stores none without a credential", () => {
    const carried = stateWith({ credential: storedCredential("T1", { nextInput: "R1" }) });
    expect(after(carried, intent()).credential?.nextInput).toBe("R1");
    expect(after(carried, intent({ recovered: "R2" })).credential?.nextInput).toBe("R2");
    const cold = intent({ reason: "cold", replaces: undefined, recovered: "R2" });
    expect(after(emptyState, cold)).not.toHaveProperty("credential");
    expect(after(emptyState, intent({ reason: "cold" }))).not.toHaveProperty("credential");
  });

  it("marks an input as sent only if the issuer consumes it and there is one", () => {
    const sent = { fingerprint: "R1", atMs: noonMs };
    expect(after(stateWith(), intent({ input: "R1" }), 0, { rotates: true }).consumedInput).toEqual(
      sent,
    );
    expect(after(stateWith(), intent({ input: "R1" }))).not.toHaveProperty("consumedInput");
    expect(after(stateWith(), intent(), 0, { rotates: true })).not.toHaveProperty("consumedInput");
  });

  it("waits for a used-up budget until exactly the moment at which it may be sent", () => {
    const { burst, intervalMs } = rules.governor.refusals;
    const budgets = { refusals: noonMs + (burst - 1) * intervalMs, manual: 0 };
    const verdict = (afterMs: number): string =>
      decide(stateWith({ budgets }), intent(rejected), afterMs).verdict.kind;
    expect([verdict(-1), verdict(0)]).toEqual(["wait", "send"]);
  });

  it("that is not forced ignores the limits of forced ones", () => {
    const quota = { day: today, used: 3, forced: { used: 20, lastAtMs: noonMs } };
    expect(decide(stateWith({ quota }), intent()).verdict.kind).toBe("send");
    expect(
      decide(stateWith({ quota }), intent({ reason: "manual", forced: true })).verdict.kind,
    ).toBe("exhausted");
  });

  it("with an input of unknown outcome leaves a doubt if the input's grace has ended", () => {
    const rotating = { rotates: true, inputGraceMs: 60_000 };
    const state = stateWith({ consumedInput: { fingerprint: "R1", atMs: noonMs - 60_000 } });
    const verdict = (afterMs: number): string =>
      decide(state, intent({ input: "R1" }), afterMs, rotating).verdict.kind;
    expect([verdict(-1), verdict(0)]).toEqual(["send", "input-in-doubt"]);
    // Without an input none was sent.
    expect(decide(state, intent(), 0, rotating).verdict.kind).toBe("send");
    expect(decide(stateWith(), intent(), 0, rotating).verdict.kind).toBe("send");
  });

  it("is not served by an empty document", () => {
    for (const reason of ["cold", "rejected", "reconcile"] as const)
      for (const refused of ["T1", undefined])
        expect(decide(undefined, intent({ reason, refused })).verdict.kind).toBe("send");
  });
});
