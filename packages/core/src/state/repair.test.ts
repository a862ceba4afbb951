import { describe, expect, it } from "vitest";
import {
  after,
  stateWith,
  decide,
  intent,
  storedCredential,
  noonMs,
  rules,
  today,
} from "./state.fixture.ts";
import { isOlder, lostDoubtMs, type RepairEvent } from "./repair.ts";
import { emptyState, type State } from "./state.ts";

const known = stateWith({
  credential: storedCredential("T2", { generation: 2, epoch: 20 }),
  previous: { fingerprint: "T1" },
});
const repair = (changes: Partial<State> = {}): RepairEvent => ({
  type: "repair",
  outcomeId: "repaired",
  known: { ...known, ...changes },
});
const younger = storedCredential("T3", { generation: 3, epoch: 5 });

describe("a repair", () => {
  it("writes into an empty store", () => {
    for (const stored of [undefined, emptyState]) {
      expect(after(stored, repair())).toMatchObject({
        outcomeId: "repaired",
        credential: { fingerprint: "T2", epoch: 20 },
        previous: { fingerprint: "T1" },
      });
    }
  });

  it("replaces the credential that its own one is known to have replaced, and drops that one's suspect mark", () => {
    const next = after(stateWith({ suspect: { fingerprint: "T1", atMs: 1 } }), repair());
    expect(next.credential?.fingerprint).toBe("T2");
    expect(next).not.toHaveProperty("suspect");
  });

  const kept: readonly (readonly [string, State, RepairEvent])[] = [
    [
      "stands back for any other credential, though its own epoch is higher",
      stateWith({ credential: younger }),
      repair(),
    ],
    [
      "does not write back what is stored",
      stateWith({ credential: storedCredential("T2") }),
      repair(),
    ],
    [
      "does not write back what is past its life",
      stateWith(),
      repair({ credential: storedCredential("T2", { expiresAtMs: noonMs }) }),
    ],
    ["does not write back what was revoked on purpose", { ...emptyState, minEpoch: 20 }, repair()],
    [
      "does not write back the doubt about what was revoked on purpose",
      { ...emptyState, minEpoch: 20 },
      repair({ doubtSinceMs: noonMs, inFlightUntilMs: noonMs + 9_000 }),
    ],
  ];
  it.each(kept)("%s", (_, stored, event) => {
    expect(decide(stored, event)).toEqual({ verdict: { kind: "kept" } });
  });

  it("replaces a clearly older credential: an earlier generation, sent more than a minute before", () => {
    const own = storedCredential("T9", { generation: 9, sentAtMs: noonMs });
    expect(isOlder(storedCredential("T1"), own)).toBe(true);
    expect(isOlder(storedCredential("T1", { sentAtMs: noonMs - 60_000 }), own)).toBe(false);
    expect(isOlder(storedCredential("T1", { generation: 9 }), own)).toBe(false);
    expect(decide(stateWith(), repair({ credential: own })).verdict.kind).toBe("repaired");
  });

  it("keeps the doubts and open requests of both sides, and the higher quota count", () => {
    const quota = { day: today, used: 9, forced: { used: 0, lastAtMs: 0 } };
    const next = after(
      stateWith({ inFlightUntilMs: noonMs + 5 }),
      repair({ doubtSinceMs: noonMs - 1, inFlightUntilMs: noonMs + 3, quota }),
    );
    expect(next).toMatchObject({
      doubtSinceMs: noonMs - 1,
      inFlightUntilMs: noonMs + 5,
      quota: { used: 9 },
    });
    expect(
      after(stateWith({ doubtSinceMs: 7, quota: { ...quota, used: 50 } }), repair()).quota.used,
    ).toBe(50);
  });

  it("closes only the intent that issued the credential it writes back", () => {
    const intent = { epoch: 20, operationId: "commit-T2", atMs: noonMs };
    expect(after(stateWith({ intent }), repair())).not.toHaveProperty("intent");
    expect(
      after(stateWith({ intent: { ...intent, operationId: "other" } }), repair()).intent
        ?.operationId,
    ).toBe("other");
  });

  it("keeps a request open exactly as long as it may be in flight", () => {
    const intent = { epoch: 21, operationId: "open", atMs: noonMs - 1_000 };
    for (const stored of [undefined, stateWith()])
      expect(after(stored, repair({ intent })).intent).toEqual(intent);
    expect(
      after(undefined, repair({ intent: { ...intent, atMs: noonMs - rules.drainMs } })),
    ).not.toHaveProperty("intent");
    expect(
      after(undefined, repair({ intent: { ...intent, operationId: "commit-T2" } })),
    ).not.toHaveProperty("intent");
    expect(
      after(stateWith({ intent: { ...intent, operationId: "newer" } }), repair({ intent })).intent
        ?.operationId,
    ).toBe("newer");
  });

  it.each([
    [60_001, 19, false],
    // A promoted replica's clock may be so far behind that the request was announced after it.
    [60_000, 19, true],
    [600_000, 21, true],
  ])(
    "does not reopen a request that was recorded before: its intent is %d ms earlier, of the epoch %d",
    (earlierMs, epoch, isOpen) => {
      const intent = { epoch, operationId: "long-since-reported", atMs: noonMs - earlierMs };
      const newest = storedCredential("T2", { generation: 2, epoch: 20, sentAtMs: noonMs });
      expect("intent" in after(stateWith({ intent }), repair({ credential: newest }))).toBe(isOpen);
    },
  );
});

describe("a store that lost a doubt together with its request", () => {
  const credential = storedCredential("T2", { generation: 2, epoch: 20 });
  const lost = { doubtSinceMs: noonMs - 1_000, inFlightUntilMs: noonMs + 9_000 };
  const before = stateWith({ credential, inFlightUntilMs: noonMs - 60_000 });

  it("gets the doubt, the drain and the counts back, and keeps its own suspicion", () => {
    const suspect = { fingerprint: "T2", atMs: noonMs };
    const quota = { day: today, used: 9, forced: { used: 0, lastAtMs: 0 } };
    const budgets = { refusals: 1, manual: 0 };
    const known = repair({ ...lost, credential, quota, budgets });
    expect(decide({ ...before, suspect }, known)).toEqual({
      state: { ...before, ...lost, quota, budgets, suspect, outcomeId: "repaired" },
      verdict: { kind: "repaired" },
    });
  });

  it("does not take the death that the lost request explains for somebody else's fetch", () => {
    const refused = intent({ reason: "rejected", refused: "T2", isDead: true });
    expect(decide(before, refused, 60_000).verdict).toMatchObject({ foreign: { count: 1 } });
    const doubted = after(before, repair({ ...lost, credential }));
    expect(decide(doubted, refused, 60_000).verdict).toMatchObject({
      kind: "send",
      foreign: undefined,
    });
  });

  it.each<readonly [string, Partial<State>, Partial<State>]>([
    [
      "the doubt was settled since: the drain is as long",
      lost,
      { inFlightUntilMs: noonMs + 9_000 },
    ],
    ["it is in doubt itself", lost, { doubtSinceMs: noonMs - 5 }],
    ["a request is open", lost, { intent: { epoch: 21, operationId: "op", atMs: noonMs } }],
    ["the credential was fetched again", lost, { credential: { ...credential, commitId: "x" } }],
    ["the node knows no doubt", { inFlightUntilMs: noonMs + 9_000 }, {}],
  ])("gets nothing back if %s", (_what, known, stored) => {
    expect(decide({ ...before, ...stored }, repair({ credential, ...known }))).toEqual({
      verdict: { kind: "kept" },
    });
  });
});

it("finds no lost doubt in a store without a credential", () => {
  const doubted = { ...known, doubtSinceMs: noonMs, inFlightUntilMs: noonMs + 9_000 };
  expect(lostDoubtMs(emptyState, doubted, "commit-T2")).toBeUndefined();
});

describe("a repair that names the request whose outcome is known", () => {
  const open = { epoch: 21, operationId: "op", atMs: noonMs - 1_000 };
  const same = storedCredential("T2", { generation: 2, epoch: 20 });
  const named = (changes: Partial<RepairEvent> = {}): RepairEvent => ({
    ...repair(),
    operationId: "op",
    ...changes,
  });

  it("closes it if the credential is already stored", () => {
    const { intent: _, ...closed } = stateWith({ credential: same, intent: open });
    expect(decide(stateWith({ credential: same, intent: open }), named())).toEqual({
      state: { ...closed, outcomeId: "repaired" },
      verdict: { kind: "reported" },
    });
  });

  it("closes it, and no other, with the credential that it writes back", () => {
    expect(after(stateWith({ intent: open }), named())).not.toHaveProperty("intent");
    const other = { ...open, operationId: "other" };
    expect(after(stateWith({ intent: other }), named()).intent).toEqual(other);
  });

  it.each<readonly [string, State, Partial<RepairEvent>]>([
    ["no request is open", stateWith({ credential: same }), {}],
    [
      "another request is open",
      stateWith({ credential: same, intent: open }),
      { operationId: "other" },
    ],
    ["the same text was replaced once", stateWith({ credential: same }), { replaced: ["T2"] }],
    [
      "the doubt was lost",
      stateWith({ credential: same }),
      { known: { ...known, doubtSinceMs: noonMs, inFlightUntilMs: noonMs + 9_000 } },
    ],
  ])("has nothing to write if the credential is stored, and %s", (_what, stored, changes) => {
    expect(decide(stored, named(changes))).toEqual({ verdict: { kind: "reported" } });
  });

  const { credential: _, ...empty } = stateWith({ minEpoch: 20, intent: open });
  it.each<readonly [string, State]>([
    ["another credential is stored", stateWith({ credential: younger, intent: open })],
    ["nothing is stored, on purpose", empty],
  ])("changes nothing if %s", (_what, stored) => {
    expect(decide(stored, named())).toEqual({ verdict: { kind: "kept" } });
  });
});

describe("a repair by a node that continued without the store", () => {
  const open = { epoch: 30, operationId: "op", atMs: noonMs - 60_000 };
  const doubted = stateWith({
    doubtSinceMs: noonMs - 60_000,
    intent: open,
    outcomeId: "before",
  });
  const continued = { ...repair(), continued: ["earlier", "before"] };

  it("settles the doubt and closes the request that it had ended meanwhile, if no other node has sent one", () => {
    const next = after(doubted, continued);
    expect(next.credential?.fingerprint).toBe("T2");
    expect(next).not.toHaveProperty("doubtSinceMs");
    expect(next).not.toHaveProperty("intent");
  });

  it.each<readonly [string, State, RepairEvent]>([
    ["has written an outcome since", { ...doubted, outcomeId: "another" }, continued],
    ["may have: the node does not know what it continued", doubted, repair()],
  ])("keeps the doubt if another node %s", (_what, stored, event) => {
    expect(after(stored, event)).toMatchObject({
      doubtSinceMs: doubted.doubtSinceMs,
      intent: open,
    });
  });

  it("keeps a doubt of its own", () => {
    const known = { ...continued.known, doubtSinceMs: noonMs - 1_000 };
    expect(after(doubted, { ...continued, known }).doubtSinceMs).toBe(known.doubtSinceMs);
  });

  it("keeps the open request while one of its own is in flight", () => {
    const known = { ...continued.known, intent: { ...open, operationId: "own" } };
    expect(after(doubted, { ...continued, known }).intent).toEqual(open);
  });
});

describe("a reset", () => {
  const reset = { type: "reset", outcomeId: "reset" } as const;

  it("removes the credential and keeps nodes from writing it back", () => {
    const next = after(
      stateWith({
        credential: storedCredential("T2", { epoch: 20 }),
        failures: 3,
        backOffUntilMs: noonMs + 1,
      }),
      reset,
    );
    expect(next).toMatchObject({
      outcomeId: "reset",
      minEpoch: noonMs,
      failures: 0,
      backOffUntilMs: 0,
    });
    expect(decide(next, repair()).verdict.kind).toBe("kept");
    const { credential: _, ...forgotten } = stateWith({ outcomeId: "reset", minEpoch: noonMs });
    const marked = stateWith({
      previous: { fingerprint: "T0" },
      suspect: { fingerprint: "T1", atMs: 5 },
      failure: { code: "-1", atMs: 5 },
      refusal: { code: "40125", node: "n1", atMs: noonMs, nextMs: noonMs + 5, count: 1 },
    });
    expect(decide(marked, reset)).toEqual({ state: forgotten, verdict: { kind: "reset" } });
  });

  it("changes nothing when it is applied again", () => {
    expect(decide(stateWith({ outcomeId: "reset" }), reset)).toEqual({
      verdict: { kind: "reset" },
    });
  });

  it("prevents a repair of what the store lost before, but not a credential that is fetched afterwards", () => {
    const empty = after(undefined, reset);
    expect(decide(empty, repair()).verdict.kind).toBe("kept");
    const asked = after(empty, intent({ fence: 3, reason: "cold", replaces: undefined }), 5_000);
    const epoch = asked.intent!.epoch;
    expect(epoch).toBe(noonMs + 1);
    const newest = storedCredential("T9", { epoch, sentAtMs: noonMs + 5_000 });
    expect(decide(empty, repair({ credential: newest })).verdict.kind).toBe("repaired");
  });

  it("prevents a repair by an open request after the store was emptied", () => {
    const open = { epoch: noonMs + 50, operationId: "open", atMs: noonMs };
    expect(after(stateWith({ intent: open }), reset)).toMatchObject({
      intent: open,
      minEpoch: noonMs + 50,
    });
  });

  it("keeps the doubt, the quota count and a higher minimum epoch", () => {
    expect(after(stateWith({ doubtSinceMs: 5, minEpoch: noonMs + 99 }), reset)).toMatchObject({
      doubtSinceMs: 5,
      minEpoch: noonMs + 99,
      quota: { used: 3 },
    });
  });
});
