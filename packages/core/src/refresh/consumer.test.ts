/**
 * What a consumer reports to the owners, which environment it follows, and its error while it
 * waits.
 */
import { describe, expect, it } from "vitest";
import { asConsumer, markForLeaseHolder } from "./consumer.ts";
import { LazyWeakSet } from "./lazy-weak-set.ts";
import { CacheUnavailableError } from "../errors.ts";
import type { Claim } from "../fleet/claim-registry.ts";
import type { Snapshot } from "../fleet/document.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { lifetimeMs, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { reduce } from "../state/reduce.ts";
import { emptyState, type State } from "../state/state.ts";
import type { SuspectEvent } from "../state/suspect.ts";

const claimOf = (environment: string): Claim => ({
  environment,
  path: ["lingpai", environment],
  node: "node-2",
  sinceMs: 0,
  renewedMs: 0,
});

const cold: Goal = { reason: "cold" };
const refused: Goal = { reason: "rejected", refused: "fingerprint-1" };
const dead: Goal = { ...refused, isDead: true };

function bench(yieldsTo?: Claim) {
  const one = oneNode();
  const { context, storeClock } = one;
  const marks: SuspectEvent[] = [];
  const from: (Snapshot | undefined)[] = [];
  const turns: (Claim | "own")[] = [];
  const answers = {
    claims: (async () => undefined) as () => Promise<Claim | "gone" | undefined>,
    failure: undefined as Error | undefined,
  };
  /** For each mark of a use: whether the store has lost the one before. */
  const uses: (boolean | undefined)[] = [];
  const source = {
    yieldsTo,
    document: {
      apply: async (event: SuspectEvent, options: { readonly from?: Snapshot } = {}) => {
        marks.push(event);
        from.push(options.from);
        if (answers.failure !== undefined) throw answers.failure;
        const before = options.from?.state;
        const { state, verdict } = reduce(before, event, storeClock.nowMs(), context.rules);
        return { verdict, snapshot: { state: state ?? before, version: "1" } };
      },
    },
    own: () => void turns.push("own"),
    consume: (claim: Claim) => void turns.push(claim),
  };
  // A consumer uses only these parts.
  const dependencies = {
    node: one.node,
    source,
    claims: { recheckClaims: async () => answers.claims(), otherClaimant: "elsewhere" },
    reportedGoals: new LazyWeakSet<Goal>(),
    demand: { mark: async (_source: unknown, isLost?: boolean) => void uses.push(isLost) },
  } as unknown as Parameters<typeof asConsumer>[0];
  const snapshotOf = (changed: Partial<State> = {}): Snapshot => ({
    state: { ...emptyState, credential: storedAt(storeClock.nowMs()), ...changed },
    version: "1",
  });
  const reported = (): string[] => marks.map(({ fingerprint, found }) => `${fingerprint} ${found}`);
  const turn = (goal: Goal, snapshot: Snapshot) => asConsumer(dependencies, goal, snapshot);
  return {
    ...one,
    answers,
    dependencies,
    from,
    snapshotOf,
    reported,
    turn,
    turns,
    uses,
  };
}

const suspect = { fingerprint: "fingerprint-1", atMs: 0 };
const absent: Snapshot = { state: undefined, version: "absent" };

describe("a consumer that waits", () => {
  it("reports that its environment has never stored a credential, and that an owner must start", async () => {
    const { turn } = bench();
    expect(await turn(cold, absent)).toEqual({
      kind: "wait",
      ms: Number.POSITIVE_INFINITY,
      detail:
        'this node consumes the environment "production", which has never stored one. Start an owner of that environment',
    });
  });

  it("shows the owners that it is there, at once if the store has lost its mark", async () => {
    const { snapshotOf, turn, uses } = bench();
    await turn(cold, snapshotOf({ usedAtMs: 0 }));
    await turn(cold, snapshotOf());
    await turn(cold, absent);
    expect(uses).toEqual([false, true, true]);
  });

  it.each([
    [lifetimeMs - 1, "stored the last one by node node-2, and it was refused"],
    [lifetimeMs, "stored the last one by node node-2, and it ended 0 s ago"],
    [lifetimeMs + 2_001, "stored the last one by node node-2, and it ended 3 s ago"],
  ])("reports the state of one that was stored %i ms ago: it %s", async (agoMs, what) => {
    const { clock, snapshotOf, turn } = bench();
    const snapshot = snapshotOf();
    await clock.advance(agoMs);
    expect(await turn(cold, snapshot)).toHaveProperty(
      "detail",
      `this node consumes the environment "production", which ${what}. Start an owner of that environment`,
    );
  });

  it("for another environment names that one, and how to separate from it", async () => {
    const { turn } = bench(claimOf("elsewhere"));
    expect(await turn(cold, absent)).toHaveProperty(
      "detail",
      'this node consumes the environment "elsewhere", which has never stored one. If that environment is gone, call releaseClaim(), or wait until its claim lapses: this one then fetches for itself',
    );
  });
});

describe("a consumer whose credential was refused", () => {
  it("reports it to the owners once, in the document that it has read", async () => {
    const { from, snapshotOf, reported, turn } = bench();
    const snapshot = snapshotOf();
    expect(await turn(refused, snapshot)).toMatchObject({ kind: "wait" });
    expect(from).toEqual([snapshot]);
    expect(await turn(refused, snapshotOf({ suspect }))).toMatchObject({ kind: "wait" });
    expect(reported()).toEqual(["fingerprint-1 refused"]);
  });

  it("reports it once more if it has turned out to be dead", async () => {
    const { snapshotOf, reported, turn } = bench();
    await turn(dead, snapshotOf({ suspect }));
    await turn(dead, snapshotOf({ suspect: { ...suspect, dead: true } }));
    expect(reported()).toEqual(["fingerprint-1 dead"]);
  });

  it("fails if an owner has withdrawn the report, because the platform returns the credential again", async () => {
    const { snapshotOf, reported, turn } = bench();
    await turn(refused, snapshotOf());
    await expect(turn(refused, snapshotOf())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      message: expect.stringContaining("hands out a credential"),
    });
    expect(reported()).toHaveLength(1);
  });

  it.each([
    ["another one is stored", { credential: storedAt(0, { generation: 2 }) }],
    ["none is stored", { credential: undefined }],
  ])("continues to wait if %s since its report", async (_what, changed) => {
    const { snapshotOf, turn } = bench();
    await turn(refused, snapshotOf());
    const { state } = snapshotOf();
    const { credential: _credential, ...without } = state!;
    const { credential } = changed;
    const next = credential === undefined ? without : { ...without, credential };
    expect(await turn(refused, { state: next, version: "2" })).toMatchObject({ kind: "wait" });
    expect(await turn(refused, absent)).toMatchObject({ kind: "wait" });
  });

  it("reports it again if the store did not accept the report", async () => {
    const { answers, snapshotOf, reported, turn } = bench();
    answers.failure = new CacheUnavailableError("refused", { reason: "forbidden" });
    expect(await turn(refused, snapshotOf())).toMatchObject({ kind: "wait" });
    answers.failure = undefined;
    expect(await turn(refused, snapshotOf())).toMatchObject({ kind: "wait" });
    expect(reported()).toEqual(["fingerprint-1 refused", "fingerprint-1 refused"]);
  });

  it("reports it again if the store had lost the credential, so that nothing was marked", async () => {
    const { snapshotOf, reported, turn } = bench();
    expect(await turn(refused, absent)).toMatchObject({ kind: "wait" });
    expect(await turn(refused, snapshotOf())).toMatchObject({ kind: "wait" });
    expect(reported()).toEqual(["fingerprint-1 refused", "fingerprint-1 refused"]);
  });

  it("reports only refusals, and only those with a fingerprint", async () => {
    const { snapshotOf, reported, turn } = bench();
    await turn({ reason: "rejected" }, snapshotOf());
    await turn({ reason: "expired", refused: "fingerprint-1" }, snapshotOf());
    expect(reported()).toEqual([]);
  });

  it("names the environment that may have replaced it, if its mark shows a foreign refresh", async () => {
    const { clock, events, snapshotOf, turn } = bench();
    const snapshot = snapshotOf();
    await clock.advance(600_000);
    await turn(refused, snapshot);
    expect(events.filter(({ type }) => type === "contended")).toEqual([]);
    await turn(dead, snapshot);
    expect(events.filter(({ type }) => type === "contended")).toMatchObject([
      { fingerprint: "fingerpr", claimedBy: "elsewhere", count: 1, ageMs: 600_000 },
    ]);
  });
});

describe("an owner that waits for the lease", () => {
  it("marks a dead credential for the lease holder, and makes no other report", async () => {
    const { dependencies, snapshotOf, reported } = bench();
    await markForLeaseHolder(dependencies, refused, snapshotOf());
    await markForLeaseHolder(dependencies, cold, snapshotOf());
    expect(reported()).toEqual([]);
    await markForLeaseHolder(dependencies, dead, snapshotOf());
    await markForLeaseHolder(
      dependencies,
      dead,
      snapshotOf({ suspect: { ...suspect, dead: true } }),
    );
    expect(reported()).toEqual(["fingerprint-1 dead"]);
  });
});

describe("a consumer of another environment", () => {
  const followed = claimOf("elsewhere");

  it.each([
    ["the claim is the same, by whichever node", async () => ({ ...followed, node: "node-3" })],
    ["it has looked a moment ago", async () => undefined],
    ["the claims cannot be read", () => Promise.reject(new Error("gone"))],
  ])("continues to follow it if %s", async (_when, claims) => {
    const { answers, turn, turns } = bench(followed);
    answers.claims = claims;
    expect(await turn(cold, absent)).toMatchObject({ ms: Number.POSITIVE_INFINITY });
    expect(turns).toEqual([]);
  });

  it("fetches for itself if no claim is left, and follows another one if there is one", async () => {
    const { answers, reported, turn, turns, snapshotOf } = bench(followed);
    const next = claimOf("staging");
    answers.claims = async () => next;
    // Its knowledge of the first document does not apply to the other environment's.
    expect(await turn(dead, snapshotOf())).toEqual({ kind: "wait", ms: 0 });
    answers.claims = async () => "gone";
    expect(await turn(dead, snapshotOf())).toEqual({ kind: "wait", ms: 0 });
    expect(turns).toEqual([next, "own"]);
    expect(reported()).toEqual([]);
  });

  it("does not read the claims if it consumes by choice", async () => {
    const { answers, turn, turns } = bench();
    answers.claims = async () => "gone";
    expect(await turn(cold, absent)).toMatchObject({ ms: Number.POSITIVE_INFINITY });
    expect(turns).toEqual([]);
  });
});
