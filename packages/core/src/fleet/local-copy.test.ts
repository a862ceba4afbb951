/** The credentials that a process hands out, and those that it never hands out again. */
import { describe, expect, it } from "vitest";
import type { Goal } from "./local-copy.ts";
import type { Issuer } from "../issuer.ts";
import { lifetimeMs, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";

const asking = { probe: async () => "alive" as const };

function bench(issuer: Partial<Issuer> = {}) {
  const one = oneNode({ policy: { kind: "supersede", overlapMs: 300_000 }, ...issuer });
  const { clock, local, storeClock } = one;
  const stateOf = (generation = 1, changed: Partial<State> = {}) => {
    const credential = storedAt(storeClock.nowMs(), { generation });
    return { ...emptyState, outcomeId: `${generation}`, credential, ...changed };
  };
  const adopt = (generation = 1, changed: Partial<State> = {}) => {
    const state = stateOf(generation, changed);
    local.adopt(state, state.credential);
    return state;
  };
  const retired = () => one.events.filter(({ type }) => type === "retired");
  return { ...one, adopt, clock, retired, stateOf };
}

describe("a local copy", () => {
  it("is empty at first", () => {
    const { local } = bench();
    expect(local.cached).toBeUndefined();
    expect(local.state).toBeUndefined();
    expect(local.isUsable).toBe(false);
    expect(local.uses).toBe(0);
    expect(local.cachedFor({ reason: "cold" })).toBeUndefined();
    local.forget();
    expect(local.continued).toBeUndefined();
  });

  it("hands out a credential until 30 s before its end", async () => {
    const { adopt, changes, clock, local } = bench();
    adopt();
    const { promise, secret } = local.cached!;
    expect(secret.reveal()).toBe("secret-1");
    expect(secret.fingerprint).toBe("fingerprint-1");
    expect(await promise).toBe(secret);
    expect(changes.count).toBe(1);
    await clock.advance(lifetimeMs - 30_001);
    expect(local.isUsable).toBe(true);
    await clock.advance(1);
    expect(local.isUsable).toBe(false);
    expect(local.cachedFor({ reason: "cold" })).toBeUndefined();
  });

  it.each<[Goal, boolean]>([
    [{ reason: "cold" }, true],
    [{ reason: "expired", replaces: "commit-0" }, true],
    [{ reason: "expired", replaces: "commit-1" }, false],
    [{ reason: "rejected", refused: "fingerprint-0" }, true],
    [{ reason: "rejected", refused: "fingerprint-1" }, false],
    [{ reason: "reconcile", replaces: "commit-1" }, true],
  ])("serves %o: %s", (goal, serves) => {
    const { adopt, local } = bench();
    adopt();
    expect(local.cachedFor(goal)).toBe(serves ? local.cached : undefined);
  });

  it("does not serve a reconciling refresh while one is due", () => {
    const { adopt, local } = bench();
    adopt(1, { doubtSinceMs: 1 });
    expect(local.cachedFor({ reason: "reconcile" })).toBeUndefined();
    expect(local.cachedFor({ reason: "cold" })).toBe(local.cached);
  });

  it("keeps the objects that callers hold if the same credential is stored by a later commit", () => {
    const { adopt, events, local, stateOf } = bench();
    adopt();
    const { promise, secret } = local.cached!;
    local.cached!.uses = 5;
    local.cached!.isStaleReported = true;
    const next = stateOf(2);
    const credential = { ...next.credential, fingerprint: "fingerprint-1" };
    local.adopt({ ...next, credential }, credential, { isUnstored: true });
    expect(local.cached).toMatchObject({ uses: 5, isStaleReported: false, isUnstored: true });
    expect(local.cached?.stored.commitId).toBe("commit-2");
    expect(local.cached?.secret).toBe(secret);
    expect(local.cached?.promise).toBe(promise);
    expect(events).toEqual([]);
    expect(local.wasReplaced("fingerprint-1")).toBe(false);
  });

  it("does not change if the same commit is read again", async () => {
    const { adopt, changes, clock, local } = bench();
    const state = adopt();
    const { cached } = local;
    local.adopt(state, state.credential, { isUnstored: true });
    expect(local.cached).toBe(cached);
    expect(cached?.isUnstored).toBe(true);
    const again = { ...state.credential };
    local.adopt(state, again);
    expect(local.cached).toBe(cached);
    expect(cached?.stored).toBe(again);
    expect(cached?.isUnstored).toBe(false);
    expect(changes.count).toBe(3);
    // If its end has moved, it is another credential of the same name.
    await clock.advance(1_000);
    const longer = { ...again, expiresAtMs: again.expiresAtMs + 1_000 };
    local.adopt({ ...state, credential: longer }, longer);
    expect(local.cached).not.toBe(cached);
    expect(local.cached?.secret).toBe(cached?.secret);
  });

  it("counts all uses, and reports those of each credential when it is replaced", async () => {
    const { adopt, clock, local, retired } = bench();
    adopt();
    local.cached!.uses = 3;
    await clock.advance(60_000);
    adopt(2);
    local.cached!.uses = 2;
    expect(local.uses).toBe(5);
    expect(retired()).toMatchObject([
      { generation: 1, fingerprint: "fingerpr", uses: 3, ageMs: 60_000 },
    ]);
    local.forget();
    local.forget();
    expect(local.cached).toBeUndefined();
    expect(local.uses).toBe(5);
    expect(retired()).toHaveLength(2);
  });

  it("knows whether its times came from the store", () => {
    const before = bench();
    before.adopt();
    expect(before.local.cached?.hasStoreTime).toBe(false);
    const after = bench();
    after.storeClock.observe(after.clock.wallMs(), after.clock.monotonicMs());
    after.adopt();
    expect(after.local.cached?.hasStoreTime).toBe(true);
  });

  it("hands out nothing after it was closed", () => {
    const { adopt, changes, local, stateOf } = bench();
    adopt();
    const { state } = local;
    local.close();
    const { count } = changes;
    adopt(2);
    local.updateState(stateOf(3));
    expect(local.cached).toBeUndefined();
    expect(local.state).toBe(state);
    expect(changes.count).toBe(count);
  });
});

describe("a newer document of the same credential", () => {
  const dead = { suspect: { fingerprint: "fingerprint-1", atMs: 0, dead: true } } as const;

  it("takes it out of use while it is marked as dead", () => {
    const { adopt, changes, local } = bench(asking);
    const state = adopt();
    local.updateState({ ...state, ...dead });
    expect(local.isUsable).toBe(false);
    local.updateState(state);
    expect(local.isUsable).toBe(true);
    expect(local.state).toBe(state);
    expect(changes.count).toBe(3);
  });

  it("leaves it in use if the platform cannot be asked, because the report is unconfirmed", () => {
    const { adopt, local } = bench();
    local.updateState({ ...adopt(), ...dead });
    expect(local.isUsable).toBe(true);
  });

  it("does not affect another credential that is cached", () => {
    const { adopt, local, stateOf } = bench(asking);
    adopt(1);
    const suspect = { fingerprint: "fingerprint-2", atMs: 0, dead: true } as const;
    local.updateState(stateOf(2, { suspect }));
    expect(local.isUsable).toBe(true);
    local.updateState(emptyState);
    expect(local.isUsable).toBe(true);
  });
});

describe("a credential that was refused or replaced", () => {
  it("is out of use at once if it is the cached one", () => {
    const { adopt, local } = bench();
    adopt();
    local.markRefused("fingerprint-0");
    expect(local.isUsable).toBe(true);
    local.markRefused("fingerprint-1");
    expect(local.cached).toBeUndefined();
    expect(local.wasRefused("fingerprint-0")).toBe(true);
    expect(local.wasRefused("fingerprint-1")).toBe(true);
    expect(local.wasRefused("fingerprint-2")).toBe(false);
    local.clearRefused("fingerprint-1");
    expect(local.wasRefused("fingerprint-1")).toBe(false);
    expect(local.wasRefused("fingerprint-0")).toBe(true);
  });

  it("is remembered among the last sixteen, the newest last", () => {
    const { local } = bench();
    for (let name = 1; name <= 16; name += 1) local.markRefused(`${name}`);
    local.markRefused("1");
    local.markRefused("17");
    expect(local.wasRefused("1")).toBe(true);
    expect(local.wasRefused("2")).toBe(false);
    expect(local.wasRefused("3")).toBe(true);
    expect(local.wasRefused("17")).toBe(true);
    // A credential that comes again takes no second place.
    for (let times = 0; times < 3; times += 1) local.markRefused("17");
    expect(local.wasRefused("3")).toBe(true);
  });

  it("is remembered as replaced, even if this process never had it", () => {
    const { adopt, local } = bench();
    expect(local.replaced).toEqual([]);
    adopt(2, { previous: { fingerprint: "fingerprint-1" } });
    expect(local.replaced).toEqual(["fingerprint-1"]);
    adopt(3);
    expect(local.replaced).toEqual(["fingerprint-1", "fingerprint-2"]);
    expect(local.wasReplaced("fingerprint-3")).toBe(false);
    // The platform returned the same credential again.
    adopt(4, { previous: { fingerprint: "fingerprint-4" } });
    expect(local.wasReplaced("fingerprint-4")).toBe(false);
  });
});

describe("a credential that an operator reset", () => {
  it("is not handed out, unless the platform issues it again later", () => {
    const { adopt, local, stateOf } = bench();
    adopt(1);
    const { credential, ...reset } = stateOf(1, { minEpoch: 5 });
    local.dismiss(reset);
    expect(local.cached).toBeUndefined();
    expect(local.state).toBe(reset);
    expect(local.wasReplaced("fingerprint-1")).toBe(true);
    expect(local.wasReissued({ ...credential, epoch: 5 })).toBe(false);
    expect(local.wasReissued({ ...credential, epoch: 6, fingerprint: "x" })).toBe(false);
    const again = { ...credential, epoch: 6, commitId: "6" };
    adopt(2);
    adopt(3);
    expect(local.wasReissued(again)).toBe(true);
    local.adopt({ ...reset, credential: again }, again);
    expect(local.wasReplaced("fingerprint-1")).toBe(false);
    expect(local.wasReplaced("fingerprint-2")).toBe(true);
    expect(local.wasReissued({ ...again, epoch: 7 })).toBe(false);
  });

  it("may be one that this process has never had", () => {
    const { local, stateOf } = bench();
    const { credential, ...reset } = stateOf(1, { minEpoch: 5 });
    local.dismiss(reset);
    expect(local.state).toBe(reset);
    expect(local.replaced).toEqual([]);
    expect(local.wasReissued({ ...credential, epoch: 6 })).toBe(false);
  });
});

describe("a document that this process continues without the store", () => {
  it("remembers which stored ones it continues", () => {
    const { local, stateOf } = bench();
    const [first, second, third] = [stateOf(1), stateOf(2), stateOf(3)];
    local.updateState(first);
    expect(local.continued).toBeUndefined();
    local.continueState(second, first);
    expect(local.state).toBe(second);
    expect(local.continued).toEqual(["1"]);
    // It was sent to the store, which may have stored it.
    local.continueState(third, second, true);
    expect(local.continued).toEqual(["1", "3"]);
    local.continueState(first, undefined, true);
    expect(local.continued).toBeUndefined();
  });
});
