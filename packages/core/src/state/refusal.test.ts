import { describe, expect, it } from "vitest";
import { sanitized } from "./sanitize.ts";
import { standing, tryAgainMs } from "./refusal.ts";
import {
  abandon,
  after,
  stateWith,
  commit,
  decide,
  storedCredential,
  intent,
  noonMs,
  rules,
} from "./state.fixture.ts";
import type { State } from "./state.ts";

const minuteMs = 60_000;
const account = { scope: "account", node: "n1", revision: "old", jitter: 0.5 } as const;

function refused(
  state: State = after(
    stateWith({ credential: storedCredential("T1", { expiresAtMs: noonMs - 1 }) }),
    intent(),
  ),
): State {
  return after(state, abandon({ code: "40125", refusal: account }));
}

describe("a refusal of the account", () => {
  it("is remembered with the refused node, its configuration, and the time of the next try", () => {
    const { backOffUntilMs, failures, refusal } = refused();
    expect(refusal).toEqual({
      code: "40125",
      node: "n1",
      atMs: noonMs,
      nextMs: noonMs + minuteMs,
      count: 1,
      revision: "old",
    });
    expect([failures, backOffUntilMs - noonMs]).toEqual([0, 1_000]);
  });

  it.each([
    [{ revision: "old" }, minuteMs - 1, "wait"],
    [{ revision: "old" }, minuteMs, "send"],
    [{ revision: "new" }, 1_000, "send"],
    [{}, minuteMs - 1, "wait"],
    [{ revision: "" }, minuteMs - 1, "wait"],
    [{ revision: "old", isOrdered: true }, 1_000, "send"],
  ] as const)(
    "stops only nodes with the same configuration until then: %j after %i ms reports %s",
    (asked, afterMs, kind) => {
      const { verdict } = decide(
        refused(),
        intent({ operationId: "next", outcomeId: "next", ...asked }),
        afterMs,
      );
      expect(verdict).toMatchObject(
        kind === "wait" ? { kind, why: "refused", untilMs: noonMs + minuteMs } : { kind },
      );
    },
  );

  it("is retried every 7 to 9 minutes from the second time on", () => {
    expect([tryAgainMs(1, 0), tryAgainMs(1, 0.99), tryAgainMs(2, 0), tryAgainMs(50, 0)]).toEqual([
      minuteMs,
      minuteMs,
      7 * minuteMs,
      7 * minuteMs,
    ]);
    expect(tryAgainMs(2, 0.999_999)).toBe(8.5 * minuteMs);
    const again = after(
      refused(),
      intent({ operationId: "next", outcomeId: "next", revision: "old" }),
      minuteMs,
    );
    expect(
      after(again, abandon({ operationId: "next", code: "40125", refusal: account }), minuteMs)
        .refusal?.count,
    ).toBe(2);
  });

  it("ends when a credential is stored, even by an older release that keeps the mark", () => {
    const open = after(
      refused(),
      intent({ operationId: "op", outcomeId: "next", revision: "new" }),
      2_000,
    );
    const stored = after(open, commit({}, { sentAtMs: noonMs + 2_000 }), 3_000);
    expect(stored.refusal).toBeUndefined();
    expect(standing({ ...stored, refusal: refused().refusal! }, "old")).toBeUndefined();
    const asked = (sentAtMs: number): unknown =>
      standing({ ...refused(), credential: storedCredential("T9", { sentAtMs }) }, "old");
    expect([asked(noonMs - 1), asked(noonMs)]).toEqual([refused().refusal, undefined]);
    const { credential: _, ...cold } = refused();
    expect(standing(cold, "old")).toEqual(refused().refusal);
  });

  it("with a forged time far in the future stops no node", () => {
    const planted = {
      ...refused(),
      refusal: { ...refused().refusal!, nextMs: noonMs + 86_400_000 },
    };
    expect(sanitized(planted, noonMs, rules.drainMs, noonMs).state.refusal?.nextMs).toBe(0);
  });

  it.each([undefined, 86_400_000])(
    "that concerns one node is not recorded, and makes the others wait one second even if the platform asks for %s ms",
    (asked) => {
      const refusal = {
        refusal: { scope: "node" },
        ...(asked && { retryAfterMs: asked }),
      } as const;
      const state = after(after(stateWith(), intent({ reason: "manual" })), abandon(refusal));
      expect([state.refusal, state.failures, state.backOffUntilMs - noonMs]).toEqual([
        undefined,
        0,
        1_000,
      ]);
    },
  );
});
