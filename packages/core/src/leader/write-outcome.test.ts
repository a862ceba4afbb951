/** How an outcome changes the document and this process, and which events report it. */
import { describe, expect, it } from "vitest";
import { rotate, stable, steps } from "./leader.fixture.ts";
import type { Attempt } from "./attempt.ts";
import type { IssuedSecrets } from "./issuer-call.ts";
import { IssueError } from "../errors.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { lifetimeMs, storedAt } from "../scenarios/node.fixture.ts";
import { Secret } from "../secret.ts";
import { emptyState, type State } from "../state/state.ts";

const expired: Goal = { reason: "expired", replaces: "commit-1" };
const refused = { outcome: "refused", code: "-1" } as const;
const unknown = { outcome: "unknown", code: "ISSUE_FAILED" } as const;

function bench(...given: Parameters<typeof steps>) {
  const made = steps(...given);
  const { assembly, clock, faults, local, outcomes, write } = made;
  /** The document with one credential, which is stored and in this process. */
  const hold = async (changed: Partial<State> = {}): Promise<void> => {
    await write({
      ...emptyState,
      outcomeId: "o",
      credential: storedAt(clock.wallMs()),
      ...changed,
    });
    const { state } = await assembly.source.document.read();
    if (state?.credential !== undefined) local.adopt(state, state.credential);
  };
  const answer = (attempt: Attempt, issued: Partial<IssuedSecrets> = {}) => ({
    attempt,
    issued: {
      secret: new Secret("secret-2", "fingerprint-2"),
      expiresInMs: lifetimeMs,
      nextInput: undefined,
      isAgeUnknown: false,
      ...issued,
    },
    receivedAtMs: clock.wallMs(),
  });
  /** The store refuses every command meanwhile. */
  const away = async <T>(work: () => Promise<T>): Promise<T> => {
    faults.unreachable = true;
    try {
      return await work();
    } finally {
      faults.unreachable = false;
    }
  };
  const flush = () => outcomes.pending?.flush();
  return { ...made, answer, away, flush, hold };
}

describe("a request that issued no credential", () => {
  it("is recorded in one command, known to this process, and reported", async () => {
    const { attempt, clock, document, faults, local, ofType, outcomes } = bench();
    const made = await attempt();
    const reads = faults.calls("get");
    await clock.advance(300);
    expect(await outcomes.abandon(made, refused, new IssueError("busy", "later"))).toBe(true);
    expect(faults.calls("get")).toBe(reads);
    expect(await document()).toMatchObject({ failures: 1, failure: { code: "-1" } });
    expect(local.state).toEqual(await document());
    expect(local.continued).toBeUndefined();
    expect(ofType("refresh-failed")).toMatchObject([
      { reason: "cold", failures: 1, durationMs: 300 },
    ]);
    expect(ofType("in-doubt")).toEqual([]);
  });

  it("is an error if the document is unreadable, because waiting does not help", async () => {
    const { assembly, attempt, cache, outcomes } = bench();
    const made = await attempt();
    await cache.withPrefix("production").set(assembly.context.issuer.id, "not a document");
    await expect(outcomes.abandon(made, refused)).rejects.toMatchObject({
      code: "UNREADABLE_ENTRY",
    });
    expect(outcomes.pending).toBeUndefined();
  });

  it("waits for the store, and this process records which document it continues", async () => {
    const { attempt, away, document, flush, local, outcomes } = bench();
    const made = await attempt();
    expect(await away(() => outcomes.abandon(made, refused))).toBe(false);
    expect(local.state).toMatchObject({ failures: 1 });
    expect(local.continued).toEqual([made.outcomeId, local.state?.outcomeId]);
    expect((await document())?.failures).toBe(0);
    expect(await flush()).toBe(true);
    expect(await document()).toMatchObject({ failures: 1 });
    expect(local.state).toEqual(await document());
    expect(local.continued).toBeUndefined();
  });

  it("is recorded by a closed process, and does not refill an emptied store", async () => {
    const closed = bench();
    const made = await closed.attempt();
    closed.local.close();
    await closed.away(() => closed.outcomes.abandon(made, unknown));
    expect(await closed.flush()).toBe(true);
    expect((await closed.document())?.doubtSinceMs).toBeDefined();

    const emptied = bench();
    await emptied.hold();
    const other = await emptied.attempt(expired);
    await emptied.away(() => emptied.outcomes.abandon(other, refused));
    await emptied.cache.withPrefix("production").clear();
    expect(await emptied.flush()).toBe(true);
    expect(await emptied.document()).toBeUndefined();
    expect(emptied.local.isUsable).toBe(true);
  });
});

describe("an outcome that waited for the store while this process fetched without it", () => {
  const drainMs = 15_000;
  it.each([
    ["is stored with the credential that was requested after the drain", unknown, drainMs, true],
    ["leaves a doubt if its request may have been processed later", unknown, drainMs - 1, false],
    ["leaves no doubt if it is a refusal", refused, drainMs, false],
  ])("%s", async (_what, outcome, afterMs, isReplaced) => {
    const { attempt, away, clock, document, flush, local, outcomes } = bench();
    const made = await attempt();
    await away(async () => {
      await outcomes.abandon(made, outcome);
      await clock.advance(afterMs);
    });
    const later = storedAt(made.intent.atMs + afterMs, { generation: 2, epoch: 9 });
    local.adopt({ ...emptyState, outcomeId: "o", credential: later }, later);
    await flush();
    const state = await document();
    expect(state?.credential?.fingerprint).toBe(isReplaced ? "fingerprint-2" : undefined);
    expect(state?.doubtSinceMs === undefined).toBe(isReplaced || outcome === refused);
    expect(state?.failures).toBe(isReplaced ? 0 : 1);
    expect(state?.intent).toBeUndefined();
  });

  it("closes its request even if the later credential has expired", async () => {
    const { attempt, away, document, flush, local, outcomes } = bench();
    const made = await attempt();
    await away(() => outcomes.abandon(made, unknown));
    const later = storedAt(made.intent.atMs + drainMs, { generation: 2, epoch: 9 });
    local.updateState({ ...emptyState, outcomeId: "o", credential: later });
    await flush();
    // The report is too late to cause a doubt, but it closes the request.
    expect((await document())?.intent).toBeUndefined();
    expect((await document())?.credential).toBeUndefined();
  });
});

describe("an issued credential", () => {
  it("is reported once, and causes no other event", async () => {
    const { answer, attempt, document, local, ofType, outcomes } = bench();
    await outcomes.commit(answer(await attempt()));
    expect((await document())?.credential?.secret).toBe("secret-2");
    expect(local.cached?.secret.reveal()).toBe("secret-2");
    expect(ofType("refreshed")).toHaveLength(1);
    for (const type of ["in-doubt", "lock-lost", "age-unknown", "reconciled"])
      expect(ofType(type)).toEqual([]);
  });

  it("is in doubt when the lease did not hold, and the doubt is reported once", async () => {
    const { answer, attempt, clock, document, held, hold, ofType, outcomes } = bench();
    await hold();
    const made = await attempt(expired);
    held.times = 0;
    await outcomes.commit(answer(made));
    expect((await document())?.doubtSinceMs).toBeDefined();
    expect(ofType("in-doubt")).toMatchObject([
      { cause: "overlap", epoch: made.intent.epoch, generation: 2 },
    ]);
    held.times = Number.POSITIVE_INFINITY;
    await clock.advance(20_000);
    const again = await attempt({ reason: "reconcile" });
    held.times = 0;
    await outcomes.commit(answer(again, { secret: new Secret("secret-3", "fingerprint-3") }));
    expect((await document())?.doubtSinceMs).toBeDefined();
    expect(ofType("in-doubt")).toHaveLength(1);
    expect(ofType("reconciled")).toEqual([]);
  });

  it("ends a doubt, and the event has the doubt's duration", async () => {
    const { answer, attempt, clock, hold, ofType, outcomes } = bench();
    await hold({ doubtSinceMs: clock.wallMs() - 60_000 });
    const made = await attempt({ reason: "reconcile" });
    await clock.advance(200);
    await outcomes.commit(answer(made));
    expect(ofType("reconciled")).toMatchObject([{ doubtMs: 60_200, durationMs: 200 }]);
    expect(ofType("in-doubt")).toEqual([]);
  });

  it.each([
    [true, "secret-2", 1],
    [true, "secret-1", 0],
    [false, "secret-2", 0],
  ])("has an unknown age (%s) only when it is new (%s)", async (isAgeUnknown, text, times) => {
    const { answer, attempt, hold, ofType, outcomes } = bench({ policy: stable });
    await hold();
    const secret = new Secret(text, text.replace("secret", "fingerprint"));
    await outcomes.commit(answer(await attempt(expired), { isAgeUnknown, secret }));
    expect(ofType("age-unknown")).toHaveLength(times);
  });

  it("is stored but not handed out if this process was refused with it", async () => {
    for (const isAway of [false, true]) {
      const { answer, attempt, away, flush, hold, local, ofType, outcomes } = bench({
        policy: stable,
      });
      await hold();
      const made = await attempt(expired);
      local.markRefused("fingerprint-1");
      const same = answer(made, { secret: new Secret("secret-1", "fingerprint-1") });
      const commit = (): Promise<void> => outcomes.commit(same);
      await (isAway ? away(commit) : commit());
      expect(local.isUsable).toBe(false);
      expect(local.state?.credential?.commitId).toBe(made.operationId);
      await flush();
      expect(ofType("refreshed")).toHaveLength(1);
    }
  });
});

describe("an issued credential that the store refuses", () => {
  it("is handed out and reported, and its request is closed", async () => {
    const { answer, attempt, away, clock, hold, local, ofType, outcomes } = bench();
    await hold();
    const made = await attempt(expired);
    await clock.advance(200);
    await away(() => outcomes.commit(answer(made)));
    expect(local.cached).toMatchObject({ isUnstored: true });
    expect(local.state).toMatchObject({
      credential: { generation: 2, fingerprint: "fingerprint-2" },
      previous: { fingerprint: "fingerprint-1" },
    });
    expect(local.state?.intent).toBeUndefined();
    expect(ofType("refreshed")).toMatchObject([
      { generation: 2, durationMs: 200, unchanged: false, reason: "expired" },
    ]);
    const first = bench();
    const cost = await first.attempt();
    await first.away(() => first.outcomes.commit(first.answer(cost)));
    expect(first.local.state).not.toHaveProperty("previous");
  });

  it("keeps its generation if the platform returned the same one", async () => {
    const { answer, attempt, away, hold, local, ofType, outcomes } = bench({ policy: stable });
    await hold();
    const secret = new Secret("secret-1", "fingerprint-1");
    const made = await attempt(expired);
    await away(() => outcomes.commit(answer(made, { secret })));
    expect(local.cached).toMatchObject({ isUnstored: true, stored: { generation: 1 } });
    expect(local.state).not.toHaveProperty("previous");
    expect(ofType("refreshed")).toMatchObject([{ generation: 1, unchanged: true }]);
  });

  it("is stored once the store is back, and not reported a second time", async () => {
    for (const isLost of [false, true]) {
      const { answer, attempt, document, faults, flush, local, ofType, outcomes } = bench();
      const made = await attempt();
      const fault = isLost ? "fail-after" : "fail-before";
      faults.next("set", fault, fault);
      await outcomes.commit(answer(made));
      expect(local.cached?.isUnstored).toBe(true);
      await flush();
      expect(local.cached?.isUnstored).toBe(false);
      expect(await document()).toMatchObject({ credential: { secret: "secret-2" } });
      expect((await document())?.doubtSinceMs).toBeUndefined();
      expect(ofType("refreshed")).toHaveLength(1);
    }
  });

  it("is reported if it was stored and only the store's answer was lost", async () => {
    const { answer, attempt, clock, document, faults, flush, hold, local, ofType, outcomes } =
      bench({ policy: rotate });
    await hold({ doubtSinceMs: clock.wallMs() - 60_000 });
    const nextInput = new Secret("second", "fingerprint of second");
    const made = answer(await attempt({ reason: "reconcile" }), { nextInput, isAgeUnknown: true });
    faults.next("set", "fail-after", "fail-after");
    await expect(outcomes.commit(made)).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    await flush();
    expect(await document()).toEqual(local.state);
    expect(local.cached?.secret.reveal()).toBe("secret-2");
    expect(ofType("refreshed")).toMatchObject([{ generation: 2, unchanged: false }]);
    expect(ofType("age-unknown")).toHaveLength(1);
    expect(ofType("reconciled")).toMatchObject([{ doubtMs: 60_000 }]);
  });

  it("is stored even by a closed process", async () => {
    const { answer, attempt, away, document, flush, local, outcomes } = bench();
    const made = await attempt();
    await away(() => outcomes.commit(answer(made)));
    local.close();
    await flush();
    expect((await document())?.credential?.secret).toBe("secret-2");
  });

  const input = (text: string): Secret => new Secret(text, `fingerprint of ${text}`);
  it.each<[string, Parameters<typeof bench>[0], Secret | undefined, Secret | undefined, boolean]>([
    ["has a new input", { policy: rotate }, input("first"), input("second"), false],
    ["has the first input", { policy: rotate }, undefined, input("first"), false],
    ["keeps its input", { policy: rotate }, input("first"), input("first"), true],
    ["has no input", { policy: rotate }, input("first"), undefined, true],
    ["needs no input", {}, undefined, input("first"), true],
  ])("is handed out at once unless a crash would lose an input: it %s", async (...row) => {
    const [, options, sent, nextInput, isServed] = row;
    const { answer, attempt, away, document, flush, local, outcomes } = bench(options);
    const made = { ...(await attempt()), input: sent };
    const committed = away(() => outcomes.commit(answer(made, { nextInput })));
    if (isServed) await committed;
    else await expect(committed).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    expect(local.isUsable).toBe(isServed);
    await flush();
    expect(local.isUsable).toBe(true);
    expect((await document())?.credential?.nextInput).toBe((nextInput ?? sent)?.reveal());
  });
});

describe("an unstored credential that this process has replaced", () => {
  /** The second credential is handed out but not stored, and then replaced by a third one. */
  async function replaced(...given: Parameters<typeof steps>) {
    const made = bench(...given);
    const { answer, attempt, away, clock, hold, local, outcomes } = made;
    await hold();
    const first = await attempt(expired);
    await away(async () => {
      await outcomes.commit(answer(first));
      await clock.advance(20_000);
    });
    const credential = storedAt(clock.wallMs(), { generation: 3, epoch: first.intent.epoch + 1 });
    local.adopt({ ...local.state!, credential }, credential);
    return { ...made, first };
  }

  it("is not stored, but its replacement is", async () => {
    const { document, flush, local, ofType } = await replaced();
    await flush();
    expect(await document()).toMatchObject({ credential: { fingerprint: "fingerprint-3" } });
    expect((await document())?.intent).toBeUndefined();
    expect((await document())?.doubtSinceMs).toBeUndefined();
    expect(local.cached?.stored.generation).toBe(3);
    expect(ofType("refreshed")).toHaveLength(1);
  });

  it("is stored with a doubt if its replacement is lost, but not handed out", async () => {
    const { document, flush, local, ofType } = await replaced();
    local.forget();
    await flush();
    expect(await document()).toMatchObject({ credential: { fingerprint: "fingerprint-2" } });
    expect((await document())?.doubtSinceMs).toBeDefined();
    expect(local.cached).toBeUndefined();
    expect(ofType("refreshed")).toHaveLength(1);
  });

  it("is reported as overtaken if another node has stored a later one", async () => {
    const { clock, first, flush, local, ofType, write } = await replaced();
    local.forget();
    const later = storedAt(clock.wallMs(), { generation: 9, epoch: first.intent.epoch + 5 });
    await write({ ...emptyState, outcomeId: "9", credential: later });
    await flush();
    expect(ofType("commit-superseded")).toMatchObject([{ generation: 9 }]);
    expect(local.cached?.stored.generation).toBe(9);
  });

  it("is stored if the platform has returned it again", async () => {
    const { answer, attempt, away, clock, document, flush, hold, local, ofType, outcomes } = bench({
      policy: stable,
    });
    const previous = { fingerprint: "fingerprint-1" };
    await hold({ credential: storedAt(clock.wallMs(), { generation: 2 }), previous });
    expect(local.wasReplaced("fingerprint-1")).toBe(true);
    const made = await attempt({ reason: "manual", replaces: "commit-2" });
    const again = answer(made, { secret: new Secret("secret-1", "fingerprint-1") });
    await away(() => outcomes.commit(again));
    await flush();
    expect((await document())?.credential?.commitId).toBe(made.operationId);
    expect(ofType("repaired")).toEqual([]);
  });
});
