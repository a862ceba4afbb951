import { describe, expect, it } from "vitest";
import {
  abandon,
  after,
  stateWith,
  commit,
  decide,
  storedCredential,
  intent,
  noonMs,
} from "./state.fixture.ts";
import type { StateEvent } from "./reduce.ts";
import type { State } from "./state.ts";

const gone = { expiresAtMs: noonMs };
/** No usable credential is stored, so no node waits for a drain. */
const expired = stateWith({ credential: storedCredential("T1", gone) });
const lower = intent({
  fence: 11,
  operationId: "lower",
  outcomeId: "lower-announced",
  reason: "expired",
});
const higher = intent({
  fence: 12,
  operationId: "higher",
  outcomeId: "higher-announced",
  reason: "expired",
});
const commitOf = (
  operationId: string,
  epoch: number,
  changes: Partial<Parameters<typeof commit>[0]> = {},
): ReturnType<typeof commit> =>
  commit(
    {
      operationId,
      epoch,
      intentOutcomeId: `${operationId}-announced`,
      outcomeId: `${operationId}-committed`,
      ...changes,
    },
    { fingerprint: operationId },
  );

describe("the histories that earlier drafts of the protocol handled wrongly", () => {
  it("H1: a lower lease commits first, and the commit of the higher one does not clear the doubt", () => {
    const first = after(
      after(after(expired, lower), higher),
      commitOf("lower", 11, { leaseHeld: false }),
    );
    expect(decide(first, commitOf("higher", 12)).verdict).toMatchObject({
      kind: "committed",
      doubt: true,
    });
    // The outcome alone shows it too, where the drain would not.
    expect(decide({ ...first, inFlightUntilMs: 0 }, commitOf("higher", 12)).verdict).toMatchObject({
      doubt: true,
    });
  });

  it("H2: a commit that came too late is recorded as an outcome, and a request in flight finds it", () => {
    const stored = after(after(expired, higher), commitOf("higher", 12));
    const third = intent({
      fence: 13,
      operationId: "third",
      outcomeId: "third-announced",
      replaces: "higher",
    });
    const refused = after(after(stored, third), commitOf("lower", 11, { leaseHeld: false }));
    expect(refused.credential?.fingerprint).toBe("higher");
    expect(decide(refused, commitOf("third", 13)).verdict).toMatchObject({
      kind: "committed",
      doubt: true,
    });
  });

  it("H3: the next intent is not confused with one that a failover lost", () => {
    const promoted = after(
      expired,
      intent({ ...lower, operationId: "next", outcomeId: "next-announced" }),
    );
    expect(decide(promoted, commitOf("lower", 11)).verdict).toMatchObject({
      kind: "committed",
      doubt: true,
    });
  });

  it("H4: a refresh waits for the open intent of a crashed holder, or leaves a doubt if it cannot wait", () => {
    const crashed = after(stateWith(), intent({ operationId: "crashed" }));
    expect(decide(crashed, intent(), 14_999).verdict).toMatchObject({ kind: "wait", why: "drain" });
    expect(decide(crashed, intent(), 15_000).verdict).toMatchObject({
      kind: "send",
      undrained: false,
    });
    expect(after(after(expired, lower), higher, 1_000)).toMatchObject({
      doubtSinceMs: noonMs + 1_000,
      inFlightUntilMs: noonMs + 15_000,
    });
  });
});

describe("the histories that the exhaustive search found", () => {
  it("the intent of a crashed holder leaves a doubt even after the drain", () => {
    const crashed = after(stateWith(), intent({ operationId: "crashed" }));
    const overwritten = after(crashed, intent(), 20_000);
    expect(overwritten.doubtSinceMs).toBe(noonMs + 20_000);
    expect(after(overwritten, abandon({ outcome: "yielded" }), 20_000).doubtSinceMs).toBe(
      noonMs + 20_000,
    );
    expect(
      decide(overwritten, commit({}, { sentAtMs: noonMs + 20_000 }), 21_000).verdict,
    ).toMatchObject({
      doubt: false,
      reconciled: true,
    });
    expect(after(crashed, intent(), 20_000, { supersedes: false })).not.toHaveProperty(
      "doubtSinceMs",
    );
  });

  it("a request that a failover removed from the document delays the next one", () => {
    const forgotten = after(expired, lower);
    const doubted = after(forgotten, commitOf("lower", 11, { leaseHeld: false }), 1_000);
    expect(decide(doubted, intent({ replaces: "lower" }), 15_999).verdict).toMatchObject({
      kind: "wait",
      why: "drain",
    });
    expect(decide(doubted, intent({ replaces: "lower" }), 16_000).verdict).toMatchObject({
      kind: "send",
      undrained: false,
    });
  });
});

describe("an event that is applied twice", () => {
  const announced = after(stateWith(), intent());
  const cases: readonly (readonly [string, State, StateEvent])[] = [
    ["intent", stateWith(), intent()],
    ["commit", announced, commit()],
    [
      "commit that is superseded",
      { ...announced, credential: storedCredential("T9", { epoch: 99 }) },
      commit(),
    ],
    ["abandon, refused", announced, abandon()],
    ["abandon, unknown", announced, abandon({ outcome: "unknown" })],
    ["suspect", stateWith(), { type: "suspect", found: "dead", fingerprint: "T1" }],
    [
      "repair",
      stateWith({ credential: storedCredential("T0") }),
      {
        type: "repair",
        outcomeId: "r",
        known: stateWith({ previous: { fingerprint: "T0" } }),
      },
    ],
    ["reset", stateWith(), { type: "reset", outcomeId: "r" }],
  ];
  it.each(cases)("counts once: %s", (_, state, event) => {
    const once = after(state, event, 100);
    const twice = decide(once, event, 200).state ?? once;
    expect(twice).toEqual(once);
  });
});
