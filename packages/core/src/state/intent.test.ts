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
import type { IntentEvent, IntentVerdict } from "./intent.ts";
import type { Rules } from "./rules.ts";
import { emptyState, type State } from "./state.ts";

const suspect = { fingerprint: "T1", atMs: noonMs, dead: true } as const;
const refusalsMs = noonMs + rules.governor.refusals.burst * rules.governor.refusals.intervalMs;
const full = { day: today, used: 100, forced: { used: 0, lastAtMs: 0 } };
const atReserve = { ...full, used: 90 };
const resetsAtMs = (today + 1) * 86_400_000 - 8 * 3_600_000;
const open = { epoch: 12, operationId: "other", atMs: noonMs - 5_000 };

interface Case {
  readonly title: string;
  readonly state: State | undefined;
  readonly event?: Partial<IntentEvent>;
  readonly rules?: Partial<Rules>;
  readonly verdict: Partial<IntentVerdict> & { kind: IntentVerdict["kind"] };
}

const cases: readonly Case[] = [
  {
    title: "a cold start on an empty store may send",
    state: undefined,
    event: { reason: "cold", replaces: undefined },
    verdict: { kind: "send", undrained: false },
  },
  {
    title: "a refresh that replaces what is stored may send",
    state: stateWith(),
    verdict: { kind: "send", undrained: false },
  },
  {
    title: "a refresh adopts the stored credential if its own commit was replaced already",
    state: stateWith(),
    event: { replaces: "commit-T0" },
    verdict: { kind: "adopt" },
  },
  {
    title: "a cold start adopts the stored credential",
    state: stateWith(),
    event: { reason: "cold", replaces: undefined },
    verdict: { kind: "adopt" },
  },
  {
    title: "an expired credential is not adopted",
    state: stateWith({ credential: storedCredential("T1", { expiresAtMs: noonMs }) }),
    event: { reason: "cold", replaces: undefined },
    verdict: { kind: "send" },
  },
  {
    title: "a suspect credential is not adopted",
    state: stateWith({ suspect }),
    event: { reason: "cold", replaces: undefined },
    verdict: { kind: "send" },
  },
  {
    title: "a rejection of the stored credential may send",
    state: stateWith(),
    event: { reason: "rejected", refused: "T1" },
    verdict: { kind: "send" },
  },
  {
    title: "a rejection of an earlier credential leads to the stored one",
    state: stateWith(),
    event: { reason: "rejected", refused: "T0" },
    verdict: { kind: "adopt" },
  },
  {
    title: "a reconciling refresh adopts the stored credential if there is no doubt",
    state: stateWith(),
    event: { reason: "reconcile" },
    verdict: { kind: "adopt" },
  },
  {
    title: "a request without an outcome may be reconciled once it must have been processed",
    state: stateWith({ intent: { ...open, atMs: noonMs - 15_000 } }),
    event: { reason: "reconcile" },
    verdict: { kind: "send", undrained: false },
  },
  {
    title: "a doubt may be reconciled",
    state: stateWith({ doubtSinceMs: noonMs - 60_000 }),
    event: { reason: "reconcile" },
    verdict: { kind: "send" },
  },
  {
    title: "a refresh waits during the fleet's back-off",
    state: stateWith({ backOffUntilMs: noonMs + 1 }),
    verdict: { kind: "wait", why: "back-off", untilMs: noonMs + 1 },
  },
  {
    title: "a refresh may send at the exact end of the back-off",
    state: stateWith({ backOffUntilMs: noonMs }),
    verdict: { kind: "send" },
  },
  {
    title: "an operator does not wait for the back-off",
    state: stateWith({ backOffUntilMs: noonMs + 1 }),
    event: { reason: "manual" },
    verdict: { kind: "send" },
  },
  {
    title: "rejections wait while their budget is used up",
    state: stateWith({ budgets: { refusals: refusalsMs, manual: 0 } }),
    event: { reason: "rejected", refused: "T1", isDead: true },
    verdict: {
      kind: "wait",
      why: "governor",
      untilMs: noonMs + rules.governor.refusals.intervalMs,
    },
  },
  {
    title: "an operator does not wait for the budget of rejections",
    state: stateWith({ budgets: { refusals: refusalsMs, manual: 0 } }),
    event: { reason: "manual" },
    verdict: { kind: "send" },
  },
  {
    title: "an operator waits while the operators' budget is used up",
    state: stateWith({ budgets: { refusals: 0, manual: noonMs + 86_400_000 } }),
    event: { reason: "manual" },
    verdict: { kind: "wait", why: "governor" },
  },
  {
    title: "a planned refresh does not wait for a budget",
    state: stateWith({ budgets: { refusals: refusalsMs, manual: noonMs + 86_400_000 } }),
    verdict: { kind: "send" },
  },
  {
    title: "an issuer that supersedes nothing uses no budget",
    state: stateWith({ budgets: { refusals: refusalsMs, manual: noonMs + 86_400_000 } }),
    event: { reason: "rejected", refused: "T1" },
    rules: { supersedes: false },
    verdict: { kind: "send" },
  },
  {
    title: "a credential with an unconfirmed report is still adopted",
    state: stateWith({ suspect: { fingerprint: "T1", atMs: noonMs } }),
    event: { reason: "cold", replaces: undefined },
    verdict: { kind: "adopt" },
  },
  {
    title: "rejections leave the last forced refreshes to an operator",
    state: stateWith({ quota: { ...atReserve, used: 20, forced: { used: 16, lastAtMs: 0 } } }),
    event: { reason: "rejected", refused: "T1", forced: true, isDead: true },
    rules: { supersedes: false },
    verdict: { kind: "exhausted", resetsAtMs },
  },
  {
    title: "a refresh that can wait does not use the reserve",
    state: stateWith({ quota: atReserve }),
    verdict: { kind: "exhausted", resetsAtMs },
  },
  {
    title: "a refresh that cannot wait uses the reserve",
    state: stateWith({ quota: atReserve }),
    event: { reason: "expired" },
    verdict: { kind: "send" },
  },
  {
    title: "even an operator sends nothing beyond the daily cap",
    state: stateWith({ quota: full }),
    event: { reason: "manual" },
    verdict: { kind: "exhausted", resetsAtMs },
  },
  {
    title: "yesterday's count does not limit today",
    state: stateWith({ quota: { ...full, day: today - 1 } }),
    verdict: { kind: "send" },
  },
  {
    title: "forced refreshes have their own daily cap",
    state: stateWith({ quota: { ...atReserve, used: 20, forced: { used: 20, lastAtMs: 0 } } }),
    event: { reason: "manual", forced: true },
    verdict: { kind: "exhausted", resetsAtMs },
  },
  {
    title: "a forced refresh waits for the gap after the previous one",
    state: stateWith({
      quota: { ...atReserve, used: 1, forced: { used: 1, lastAtMs: noonMs - 10_000 } },
    }),
    event: { reason: "manual", forced: true },
    verdict: { kind: "wait", why: "forced", untilMs: noonMs + 20_000 },
  },
  {
    title: "a refresh waits for a request in flight while the credential works",
    state: stateWith({ inFlightUntilMs: noonMs + 1 }),
    verdict: { kind: "wait", why: "drain", untilMs: noonMs + 1 },
  },
  {
    title: "a refresh waits for an open intent while the credential works",
    state: stateWith({ intent: open }),
    verdict: { kind: "wait", why: "drain", untilMs: noonMs + 10_000 },
  },
  {
    title: "a reconciling refresh waits for an open intent",
    state: stateWith({ intent: open, doubtSinceMs: 1 }),
    event: { reason: "reconcile" },
    verdict: { kind: "wait", why: "drain" },
  },
  ...[30_000, 30_001].map((leftMs): Case => ({
    title: `a credential is worth no drain in its last 30 s, when it is not handed out: ${leftMs} ms`,
    state: stateWith({
      intent: open,
      credential: storedCredential("T1", { expiresAtMs: noonMs + leftMs }),
    }),
    event: { reason: "expired" },
    verdict: leftMs > 30_000 ? { kind: "wait", why: "drain" } : { kind: "send", undrained: true },
  })),
  ...[10_000, 10_001].map((leftMs): Case => ({
    title: `a short-lived credential is worth no drain in the last twentieth of its life: ${leftMs} ms`,
    state: stateWith({
      intent: open,
      credential: storedCredential("T1", {
        sentAtMs: noonMs + leftMs - 200_000,
        expiresAtMs: noonMs + leftMs,
      }),
    }),
    event: { reason: "expired" },
    verdict: leftMs > 10_000 ? { kind: "wait", why: "drain" } : { kind: "send", undrained: true },
  })),
  {
    title: "a refresh of a dead credential does not wait for an open intent",
    state: stateWith({ intent: open, suspect }),
    event: { reason: "expired" },
    verdict: { kind: "send", undrained: true },
  },
  {
    title: "a cold start does not wait for an open intent",
    state: { ...emptyState, intent: open },
    event: { reason: "cold", replaces: undefined },
    verdict: { kind: "send", undrained: true },
  },
  {
    title: "a rejection does not wait for an open intent",
    state: stateWith({ intent: open }),
    event: { reason: "rejected", refused: "T1" },
    verdict: { kind: "send", undrained: true },
  },
  {
    title: "an open intent makes even a rejection wait until it is presumed lost",
    state: stateWith({ intent: open }),
    event: { reason: "rejected", refused: "T1", presumedLostAtMs: noonMs + 1 },
    verdict: { kind: "wait", why: "open", untilMs: noonMs + 1 },
  },
  {
    title: "a rejection may send at the instant at which an open intent is presumed lost",
    state: stateWith({ intent: open }),
    event: { reason: "rejected", refused: "T1", presumedLostAtMs: noonMs },
    verdict: { kind: "send", undrained: true },
  },
  {
    title: "a stored credential that serves is adopted beside an open intent",
    state: stateWith({ intent: open }),
    event: { reason: "rejected", refused: "T0", presumedLostAtMs: noonMs + 1 },
    verdict: { kind: "adopt" },
  },
  {
    title: "a refresh does not wait if no request is open",
    state: stateWith(),
    event: { presumedLostAtMs: noonMs + 1 },
    verdict: { kind: "send" },
  },
  {
    title: "a refresh does not wait for an intent of an issuer that supersedes nothing",
    state: stateWith({ intent: open }),
    event: { presumedLostAtMs: noonMs + 1 },
    rules: { supersedes: false },
    verdict: { kind: "send", undrained: false },
  },
  {
    title: "an issuer that supersedes nothing has nothing to drain",
    state: stateWith({ intent: open, inFlightUntilMs: noonMs + 1 }),
    rules: { supersedes: false },
    verdict: { kind: "send", undrained: false },
  },
  {
    title: "a single-use input whose outcome is unknown is not sent again",
    state: stateWith({ consumedInput: { fingerprint: "R1", atMs: noonMs - 60_000 } }),
    event: { input: "R1" },
    rules: { rotates: true },
    verdict: { kind: "input-in-doubt" },
  },
  {
    title: "a single-use input may be sent again within its grace",
    state: stateWith({ consumedInput: { fingerprint: "R1", atMs: noonMs - 60_000 } }),
    event: { input: "R1" },
    rules: { rotates: true, inputGraceMs: 60_001 },
    verdict: { kind: "send" },
  },
  {
    title: "an input that was never sent may be sent",
    state: stateWith({ consumedInput: { fingerprint: "R1", atMs: 0 } }),
    event: { input: "R2" },
    rules: { rotates: true },
    verdict: { kind: "send" },
  },
];

describe("an intent", () => {
  it("that is forced may be sent as soon as the gap since the last one is long enough", () => {
    const quota = { day: today, used: 1, forced: { used: 1, lastAtMs: noonMs - 30_000 } };
    expect(
      decide(stateWith({ quota }), intent({ reason: "manual", forced: true })).verdict.kind,
    ).toBe("send");
  });

  it.each(cases.map((each) => [each.title, each] as const))(
    "%s",
    (_, { state, event, rules, verdict }) => {
      const decided = decide(state, intent(event), 0, rules);
      expect(decided.verdict).toMatchObject(verdict);
      expect(decided.state !== undefined).toBe(verdict.kind === "send");
    },
  );

  it("counts against the quota, records the time of sending, and has an epoch above all stored ones", () => {
    const next = after(
      stateWith({ intent: open, suspect }),
      intent({ fence: 3, reason: "expired", forced: true }),
    );
    expect(next.intent).toEqual({ epoch: 13, operationId: "op", atMs: noonMs });
    expect(next.quota).toEqual({ day: today, used: 4, forced: { used: 1, lastAtMs: noonMs } });
    expect(next.outcomeId).toBe("announced");
    expect(after(stateWith(), intent({ fence: 3 })).intent?.epoch).toBe(11);
    expect(after(stateWith(), intent({ fence: 99 })).intent?.epoch).toBe(99);
  });

  it("that overtakes a request keeps the end of its flight time, and leaves a doubt", () => {
    const next = after(stateWith({ intent: open, suspect }), intent({ reason: "expired" }));
    expect(next).toMatchObject({ inFlightUntilMs: noonMs + 10_000, doubtSinceMs: noonMs });
  });

  it("marks the refused credential in the same write", () => {
    expect(
      after(stateWith(), intent({ reason: "rejected", refused: "T1", isDead: true })),
    ).toMatchObject({ suspect, contention: { count: 1 } });
  });

  it("that is written again after a lost answer counts once and leaves no doubt", () => {
    const once = after(stateWith(), intent());
    const again = decide(once, intent(), 500);
    expect(again).toEqual({
      verdict: { kind: "send", intent: once.intent, undrained: false, foreign: undefined },
    });
    const racing = after(stateWith({ intent: open, suspect }), intent({ reason: "expired" }));
    expect(decide(racing, intent({ reason: "expired" })).verdict).toMatchObject({
      kind: "send",
      undrained: true,
    });
  });

  it("is withdrawn at no cost if a repair stores a credential that serves its goal", () => {
    const before = stateWith();
    const known = stateWith({
      credential: storedCredential("T2", { generation: 2 }),
      previous: { fingerprint: "T1" },
    });
    const repaired = after(after(before, intent()), {
      type: "repair",
      outcomeId: "repaired",
      known,
    });
    expect(repaired).toMatchObject({
      intent: { operationId: "op" },
      credential: { fingerprint: "T2" },
    });
    expect(decide(repaired, intent()).verdict).toEqual({ kind: "adopt" });
    const withdrawn = after(repaired, intent());
    const { intent: _withdrawn, ...kept } = repaired;
    expect(withdrawn).toEqual({
      ...kept,
      outcomeId: "announced",
      quota: before.quota,
      backOffUntilMs: noonMs,
    });
    expect(decide(withdrawn, intent())).toEqual({ verdict: { kind: "adopt" } });
  });
});
