import { describe, expect, it } from "vitest";
import {
  abandon,
  after,
  stateWith,
  decide,
  intent,
  noonMs,
  rules,
  storedCredential,
  today,
} from "./state.fixture.ts";
import type { State } from "./state.ts";

const announced = after(stateWith(), intent());

describe("an abandoned request", () => {
  it("that was refused keeps its quota spent, and makes the fleet back off in doubling steps up to the limit", () => {
    const steps = Array.from(
      { length: 9 },
      (_, failures) => after({ ...announced, failures }, abandon()).backOffUntilMs - noonMs,
    );
    expect(steps).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    const next = after(announced, abandon(), 200);
    expect(next).toMatchObject({
      failures: 1,
      failure: { code: "-1", atMs: noonMs + 200 },
      quota: { used: 4 },
      outcomeId: "abandoned",
    });
    expect(next).not.toHaveProperty("intent");
    expect(next).not.toHaveProperty("doubtSinceMs");
  });

  it("makes the fleet wait as long as the platform asked, within ten minutes", () => {
    expect(after(announced, abandon({ retryAfterMs: 90_000 })).backOffUntilMs).toBe(
      noonMs + 90_000,
    );
    expect(after(announced, abandon({ retryAfterMs: 1e12 })).backOffUntilMs).toBe(noonMs + 600_000);
    expect(after(announced, abandon({ retryAfterMs: -5 })).backOffUntilMs).toBe(noonMs + 1_000);
  });

  it.each(["unsent", "yielded"] as const)(
    "that never left (%s) gets its quota back and is no failure",
    (outcome) => {
      expect(after(announced, abandon({ outcome }))).toMatchObject({
        failures: 0,
        quota: { used: 3 },
      });
    },
  );

  it("that was unsent makes the next node wait a moment, and one that yielded does not", () => {
    expect(after(announced, abandon({ outcome: "unsent" })).backOffUntilMs).toBe(noonMs + 1_000);
    const yielded = after(announced, abandon({ outcome: "yielded" }));
    expect(yielded.backOffUntilMs).toBe(noonMs);
    expect(yielded).not.toHaveProperty("failure");
  });

  it("of unknown outcome counts as in flight until the drain is over, and leaves a doubt until it is reconciled", () => {
    const next = after(announced, abandon({ outcome: "unknown" }), 8_000);
    expect(next).toMatchObject({
      inFlightUntilMs: noonMs + rules.drainMs,
      doubtSinceMs: noonMs + 8_000,
      failures: 1,
      quota: { used: 4 },
    });
    expect(
      after(announced, abandon({ outcome: "unknown" }), 8_000, { supersedes: false }),
    ).not.toHaveProperty("doubtSinceMs");
  });

  it("of unknown outcome is recorded even if another node wrote an intent meanwhile, and that intent stays", () => {
    const other = { epoch: 12, operationId: "other", atMs: noonMs };
    const next = after({ ...announced, intent: other }, abandon({ outcome: "unknown" }));
    expect(next).toMatchObject({ intent: other, doubtSinceMs: noonMs });
  });

  it("of unknown outcome changes nothing if it is recorded after the fleet replaced the credential that it may have issued", () => {
    const sentAtMs = noonMs - 60_000;
    for (const open of [undefined, { epoch: 12, operationId: "other", atMs: noonMs }]) {
      const since = (ms: number): ReturnType<typeof stateWith> =>
        stateWith({
          credential: storedCredential("T2", { sentAtMs: ms }),
          ...(open && { intent: open }),
        });
      const late = abandon({ outcome: "unknown", sentAtMs });
      const settled = since(sentAtMs + rules.drainMs);
      expect(decide(settled, late)).toEqual({
        verdict: { kind: "abandoned", backOffUntilMs: 0 },
      });
      expect(decide(settled, late, 0, { supersedes: false }).state).toBeUndefined();
      // A credential that was requested a moment earlier may have been killed by this request.
      expect(after(since(sentAtMs + rules.drainMs - 1), late).doubtSinceMs).toBe(noonMs);
    }
  });

  it("of unknown outcome only closes its own intent if its sender has written back a later credential", () => {
    const sentAtMs = noonMs - 60_000;
    const intent = { epoch: 11, operationId: "mine", atMs: sentAtMs };
    const own = { ...abandon({ outcome: "unknown", sentAtMs }), operationId: "mine" };
    const since = (ms: number): State =>
      stateWith({ credential: storedCredential("T2", { sentAtMs: ms }), intent });
    const { intent: _, ...without } = since(sentAtMs + rules.drainMs);
    expect(after(since(sentAtMs + rules.drainMs), own)).toEqual({
      ...without,
      outcomeId: own.outcomeId,
    });
    expect(after(since(sentAtMs + rules.drainMs - 1), own).doubtSinceMs).toBe(noonMs);
  });

  it("of unknown outcome leaves a doubt even in an empty document", () => {
    const { credential: _, ...empty } = stateWith();
    const late = abandon({ outcome: "unknown", sentAtMs: noonMs - 60_000 });
    expect(after(empty, late).doubtSinceMs).toBe(noonMs);
  });

  it("does not shorten an existing wait", () => {
    const waiting = {
      ...announced,
      backOffUntilMs: noonMs + 50_000,
      inFlightUntilMs: noonMs + 50_000,
    };
    expect(after(waiting, abandon({ outcome: "unknown" }))).toMatchObject({
      backOffUntilMs: noonMs + 50_000,
      inFlightUntilMs: noonMs + 50_000,
    });
  });

  it.each([
    [1_500.5, 1_501],
    [Number.NaN, 1_000],
    [-5, 1_000],
    [Number.POSITIVE_INFINITY, 600_000],
    [1e300, 600_000],
  ])(
    "with the retry time %d ms makes the fleet wait a whole number of ms",
    (retryAfterMs, waitMs) => {
      expect(after(announced, abandon({ retryAfterMs })).backOffUntilMs).toBe(noonMs + waitMs);
    },
  );

  it("keeps a code that is a number as text", () => {
    const code: unknown = 45_011;
    expect(after(announced, abandon({ code: code as string })).failure?.code).toBe("45011");
  });

  it("with a known outcome changes nothing if its intent is gone", () => {
    expect(decide(stateWith(), abandon())).toEqual({
      verdict: { kind: "abandoned", backOffUntilMs: 0 },
    });
  });

  it("that is recorded twice counts once", () => {
    for (const outcome of ["refused", "unsent", "unknown", "yielded"] as const) {
      expect(
        decide(after(announced, abandon({ outcome })), abandon({ outcome }), 500).state,
      ).toBeUndefined();
    }
  });

  it("that is retried at once costs the fleet no wait and does not count as a failure yet", () => {
    expect(after(announced, abandon({ again: true }))).toMatchObject({
      failures: 0,
      backOffUntilMs: noonMs,
    });
  });

  it("marks the quota as used up when the platform says so", () => {
    expect(after(announced, abandon({ quotaGone: true })).quota).toEqual({
      day: today,
      used: 100,
      forced: { used: 0, lastAtMs: 0 },
      gone: { day: today, used: 4, nextMs: noonMs + 3_600_000 },
    });
  });
});

describe("a request that was abandoned because the parent was refused", () => {
  const told = abandon({ outcome: "parent", code: "40001", parent: "P1" });
  const blamed = abandon({
    outcome: "blamed",
    code: "40001",
    parent: "P1",
    operationId: "",
    outcomeId: "blamed",
  });

  it("counts against the quota, is no failure yet, and may be repeated at once with another parent", () => {
    const next = after(announced, told);
    expect(next).toMatchObject({
      failures: 0,
      backOffUntilMs: noonMs,
      quota: { used: 4 },
      failure: { code: "40001" },
    });
    expect(next.failure).not.toHaveProperty("parent");
    expect(next).not.toHaveProperty("intent");
  });

  it("makes the fleet back off if the parent is found alive, and remembers that", () => {
    const next = after(after(announced, told), blamed, 500);
    expect(next).toMatchObject({ failures: 1, backOffUntilMs: noonMs + 1_500, quota: { used: 4 } });
    expect(next.failure).toEqual({
      code: "40001",
      atMs: noonMs + 500,
      parent: { fingerprint: "P1", sinceMs: noonMs + 500 },
    });
    expect(decide(next, blamed, 900).state).toBeUndefined();
  });

  it("makes the fleet back off at once if the parent is known to be alive, but not if there is another parent by now", () => {
    const failure = {
      code: "40001",
      atMs: noonMs - 5,
      parent: { fingerprint: "P1", sinceMs: noonMs - 5 },
    };
    const again = after({ ...announced, failures: 1, failure }, told, 100);
    expect(again).toMatchObject({ failures: 2, backOffUntilMs: noonMs + 2_100 });
    expect(again.failure?.parent).toEqual(failure.parent);
    const other = after({ ...announced, failures: 1, failure }, { ...told, parent: "P2" }, 100);
    expect(other).toMatchObject({ failures: 1, backOffUntilMs: noonMs + 100 });
  });
});
