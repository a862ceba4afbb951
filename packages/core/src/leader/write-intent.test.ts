/** What is written before a request leaves, and what prevents the request. */
import { describe, expect, it } from "vitest";
import { cold, rotate, stable, steps } from "./leader.fixture.ts";
import type { AttemptPlan } from "./attempt.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { ClaimedCredential } from "../fleet/claim-decision.ts";
import { lifetimeMs, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";

const quota = { perDay: 20, dayOffsetMs: 0 };
const forcedQuota = { perDay: 20, dayOffsetMs: 0, forced: { perDay: 10, gapMs: 0 } };

type Made = ReturnType<typeof steps>;

/** Stores a document with one credential, and adopts it in this process. */
async function withCredential(made: Made, changed: Partial<State> = {}): Promise<State> {
  const nowMs = made.clock.wallMs();
  const state = { ...emptyState, outcomeId: "o", credential: storedAt(nowMs), ...changed };
  await made.write(state);
  // The store's time is known from now on.
  await made.assembly.source.document.read();
  made.local.adopt(state, state.credential);
  return state;
}

const replacing: Goal = { reason: "advisory", replaces: "commit-1" };
const rejected: Goal = { reason: "rejected", refused: "fingerprint-1" };

describe("a document that serves the goal", () => {
  it("is adopted without a write, even if the claim cannot be checked", async () => {
    const made = steps();
    const { clock, faults, intend, local, ofType, write } = made;
    await write({ ...emptyState, outcomeId: "o", credential: storedAt(clock.wallMs()) });
    const unheard: unknown[] = [];
    const note = (error: unknown): void => void unheard.push(error);
    process.on("unhandledRejection", note);
    const claim = () => Promise.reject(new Error("no registry"));
    const claims = {
      claim,
      readOthers: async () => {},
      otherClaimant: undefined,
      sinceMs: undefined,
    };
    expect(await intend(cold, {}, { claims })).toEqual({ kind: "served" });
    await clock.settle();
    process.off("unhandledRejection", note);
    expect(unheard).toEqual([]);
    expect(local.cached?.secret.reveal()).toBe("secret-1");
    expect(ofType("adopted")).toHaveLength(1);
    expect(faults.calls("set")).toBe(0);
  });

  it("is adopted even if it was written between the read and the intent", async () => {
    const { clock, document, intend, local, write } = steps();
    const claim = async () => {
      await write({ ...emptyState, outcomeId: "o", credential: storedAt(clock.wallMs()) });
      return undefined;
    };
    const claims = {
      claim,
      readOthers: async () => {},
      otherClaimant: undefined,
      sinceMs: undefined,
    };
    expect(await intend(cold, {}, { claims })).toEqual({ kind: "served" });
    expect(local.cached?.secret.reveal()).toBe("secret-1");
    expect((await document())?.intent).toBeUndefined();
  });

  it("does not serve an operator if its credential is marked as dead", async () => {
    const made = steps({ policy: stable, quota: forcedQuota });
    await withCredential(made, { suspect: { fingerprint: "fingerprint-1", atMs: 0, dead: true } });
    const goal: Goal = { reason: "manual", replaces: "commit-0" };
    expect(await made.intend(goal)).toEqual({ kind: "served" });
    expect(await made.attempt(goal, { forcing: "must" })).toMatchObject({
      forced: true,
      resolvedGoal: { reason: "rejected", refused: "fingerprint-1" },
    });
  });

  it("serves only a reconciling refresh when the platform calls its credential alive", async () => {
    const policy = { kind: "supersede", overlapMs: 0 } as const;
    for (const [goal, kind] of [
      [{ reason: "reconcile" }, "served"],
      [replacing, "ready"],
    ] as const) {
      const made = steps({ policy, probes: true }, ({ platform }) => ({
        issuer: { ...platform, probe: async () => "alive" },
      }));
      await made.clock.advance(60_000);
      await withCredential(made, { doubtSinceMs: made.clock.wallMs() - 60_000 });
      expect(await made.intend(goal)).toMatchObject({ kind });
      expect((await made.document())?.intent === undefined).toBe(kind === "served");
    }
  });
});

describe("a claim before a request", () => {
  it("is made for the stored credential, and says whether this node knows one", async () => {
    const asked: unknown[] = [];
    const claims = {
      claim: async (stored: Promise<ClaimedCredential | undefined>, isNew?: boolean) => {
        asked.push([(await stored)?.expiresAtMs, isNew]);
        return undefined;
      },
      readOthers: async () => {},
      otherClaimant: undefined,
      sinceMs: undefined,
    };
    const made = steps();
    await made.intend(cold, {}, { claims });
    const expiresAtMs = made.clock.wallMs() + lifetimeMs;
    await withCredential(made);
    await made.intend(replacing, {}, { claims });
    expect(asked).toEqual([
      [undefined, true],
      [expiresAtMs, false],
    ]);
  });

  it("of another environment is read after a rejection and named in the report", async () => {
    for (const goal of [replacing, rejected]) {
      const looked = { count: 0 };
      const readOthers = async () => void (looked.count += 1);
      const claims = {
        claim: async () => undefined,
        readOthers,
        otherClaimant: "staging",
        sinceMs: undefined,
      };
      const made = steps();
      await made.clock.advance(60_000);
      await withCredential(made);
      await made.clock.advance(60_000);
      await made.intend({ ...goal, isDead: true }, {}, { claims });
      expect(looked.count).toBe(goal === rejected ? 1 : 0);
      expect(made.ofType("contended")).toMatchObject(
        goal === rejected
          ? [{ fingerprint: "fingerpr", claimedBy: "staging", count: 1, ageMs: 60_000 }]
          : [],
      );
    }
  });

  it("of another environment ends the attempt without a write", async () => {
    const { faults, intend } = steps();
    const by = { environment: "staging", path: "", node: "n", sinceMs: 0, untilMs: 1 } as never;
    const claims = {
      claim: async () => by,
      readOthers: async () => {},
      otherClaimant: undefined,
      sinceMs: undefined,
    };
    expect(await intend(cold, {}, { claims })).toEqual({ kind: "claimed", by });
    expect(faults.calls("set")).toBe(0);
  });
});

describe("a lease that ends", () => {
  it("before the intent is written prevents that write", async () => {
    const { document, held, intend, ofType } = steps();
    held.times = 0;
    await expect(intend()).rejects.toMatchObject({ code: "LOCK_LOST" });
    expect(ofType("lock-lost")).toMatchObject([
      { reason: "expired", epoch: 0, phase: "before-send" },
    ]);
    expect(await document()).toBeUndefined();
  });

  it("while the intent is written has it withdrawn, and the quota refunded", async () => {
    const { document, held, intend, ofType } = steps();
    held.times = 1;
    await expect(intend()).rejects.toMatchObject({ code: "LOCK_LOST" });
    const state = await document();
    expect(state).toMatchObject({ failures: 0, quota: { used: 0 } });
    expect([state?.intent, state?.failure]).toEqual([undefined, undefined]);
    expect(ofType("lock-lost")).toMatchObject([{ epoch: expect.any(Number) }]);
    expect(ofType("lock-lost")).not.toMatchObject([{ epoch: 0 }]);
  });
});

describe("a gate that closes before the intent is written", () => {
  it("is returned, even for a request that only this node remembers", async () => {
    const { clock, intend, local, write } = steps();
    const atMs = clock.wallMs();
    local.updateState({ ...emptyState, intent: { epoch: 1, operationId: "1", atMs } });
    expect(await intend()).toEqual({
      kind: "closed",
      gate: { why: "open", untilMs: atMs + 2_000 },
    });
    await write({ ...emptyState, outcomeId: "o", backOffUntilMs: atMs + 9_000 });
    expect(await intend()).toMatchObject({ kind: "closed", gate: { why: "back-off" } });
  });

  it("that stays closed for the rest of the day is an error", async () => {
    const made = steps({ quota });
    const day = Math.floor(made.clock.wallMs() / 86_400_000);
    await withCredential(made, { quota: { day, used: 20, forced: { used: 0, lastAtMs: 0 } } });
    await expect(made.intend(replacing)).rejects.toMatchObject({ code: "QUOTA_EXHAUSTED" });
  });
});

describe("a credential that the platform replaces by force", () => {
  const dead = { fingerprint: "fingerprint-1", atMs: 0, dead: true } as const;
  const refused: Goal = { ...rejected, isDead: true };

  it.each<[string, Goal, Partial<State>, AttemptPlan["forcing"], boolean]>([
    ["was returned again and then called dead", refused, { suspect: dead }, "may", true],
    ["is none if the plan forbids force", refused, { suspect: dead }, "never", false],
    [
      "is the one for which an operator orders it",
      { ...replacing, reason: "manual" },
      {},
      "must",
      true,
    ],
    ["is none that the platform may replace by itself", refused, {}, "may", false],
    ["is none that is renewed ahead of its end", replacing, {}, "may", false],
  ])("%s", async (_what, goal, changed, forcing, forced) => {
    const made = steps({ policy: stable, quota: forcedQuota });
    await withCredential(made, changed);
    expect(await made.attempt(goal, { forcing })).toMatchObject({ forced });
    const used = (await made.document())?.quota.forced.used;
    expect(used).toBe(forced ? 1 : 0);
  });

  it("is not one that is near its end or gone", async () => {
    const atEnd = steps({ policy: stable, quota: forcedQuota });
    await withCredential(atEnd, {
      suspect: dead,
      credential: storedAt(0, { sentAtMs: 1, expiresAtMs: atEnd.clock.wallMs() + 10_000 }),
    });
    expect(await atEnd.attempt(refused)).toMatchObject({ forced: true });
    expect(await atEnd.attempt(cold)).toMatchObject({
      forced: false,
      resolvedGoal: { reason: "expired" },
    });
    const plain = steps({ policy: stable });
    await withCredential(plain, { suspect: dead });
    expect(await plain.attempt(refused)).toMatchObject({ forced: false });
    const gone = steps({ policy: stable, quota: forcedQuota });
    expect(await gone.attempt(refused)).toMatchObject({ forced: false });
  });

  it("is requested without force when the day's forced requests are used up", async () => {
    const made = steps({ policy: stable, quota: forcedQuota });
    const day = Math.floor(made.clock.wallMs() / 86_400_000);
    const used = { day, used: 10, forced: { used: 10, lastAtMs: 0 } };
    await withCredential(made, { suspect: dead, quota: used });
    await expect(made.intend(refused, { forcing: "must" })).rejects.toMatchObject({
      code: "QUOTA_EXHAUSTED",
    });
    expect(await made.attempt(refused)).toMatchObject({ forced: false });
  });
});

describe("the input of the next request", () => {
  const policy = { ...rotate, inputGraceMs: 30_000 };
  const withInput = (made: Made, atMs: number) =>
    withCredential(made, {
      credential: storedAt(made.clock.wallMs(), { nextInput: "first" }),
      consumedInput: { fingerprint: made.fingerprint("first"), atMs },
    });

  it("is recovered if the stored one was sent before, and otherwise needs a person", async () => {
    const recovering = steps({ policy, recovers: true });
    await withInput(recovering, recovering.clock.wallMs() - 60_000);
    expect(await recovering.attempt(replacing)).toMatchObject({
      recovers: true,
      input: undefined,
    });
    const helpless = steps({ policy });
    await withInput(helpless, helpless.clock.wallMs() - 60_000);
    await expect(helpless.intend(replacing)).rejects.toThrow("single-use input");
  });

  it("is recovered if none is stored and the issuer can recover it", async () => {
    for (const recovers of [true, false]) {
      const { attempt } = steps({ policy: rotate, recovers });
      expect(await attempt()).toMatchObject({ recovers, input: undefined });
    }
  });
});

describe("an intent that is written", () => {
  it("takes a credential out of use only if this process was refused with it", async () => {
    for (const isFirstHand of [true, undefined]) {
      const made = steps();
      await withCredential(made);
      await made.attempt({ ...rejected, isDead: true, isFirstHand });
      expect(made.local.wasRefused("fingerprint-1")).toBe(isFirstHand === true);
    }
    const planned = steps();
    await withCredential(planned);
    await planned.attempt(replacing);
    expect(planned.local.cached?.stored.generation).toBe(1);
  });

  it("is reported as a doubt if an earlier request may still be processed", async () => {
    const made = steps();
    await withCredential(made, { inFlightUntilMs: made.clock.wallMs() + 5_000 });
    const { intent } = await made.attempt({ ...rejected, isDead: true });
    expect(made.ofType("in-doubt")).toMatchObject([
      { cause: "undrained", epoch: intent.epoch, generation: 1 },
    ]);
    const without = steps();
    const { clock, ofType, write } = without;
    await write({ ...emptyState, outcomeId: "o", inFlightUntilMs: clock.wallMs() + 5_000 });
    await without.attempt();
    expect(ofType("in-doubt")).toMatchObject([{ cause: "undrained" }]);
    const alone = steps();
    await alone.attempt();
    expect(alone.ofType("in-doubt")).toEqual([]);
  });

  it("reports that half of the day's fetches are used", async () => {
    const made = steps({ quota });
    const day = Math.floor(made.clock.wallMs() / 86_400_000);
    await withCredential(made, { quota: { day, used: 9, forced: { used: 0, lastAtMs: 0 } } });
    await made.attempt(replacing);
    expect(made.ofType("quota-threshold")).toMatchObject([{ used: 10, perDay: 20, percent: 50 }]);
  });
});
