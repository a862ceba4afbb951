/** When a node adopts the stored credential, and when it repairs the store from its own copy. */
import { describe, expect, it } from "vitest";
import type { FleetDocument, Snapshot } from "./document.ts";
import { CacheUnavailableError } from "../errors.ts";
import { lifetimeMs, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { reduce, type StateEvent } from "../state/reduce.ts";
import { emptyState, type State, type StoredCredential } from "../state/state.ts";

function bench() {
  const one = oneNode({
    policy: { kind: "supersede", overlapMs: 300_000 },
    probe: async () => "alive",
  });
  const { adoption, clock, context, local, storeClock } = one;
  storeClock.observe(clock.wallMs(), clock.monotonicMs());
  const store = { state: undefined as State | undefined, failure: undefined as Error | undefined };
  const written: { event: StateEvent; from: Snapshot | undefined }[] = [];
  const during = { act: () => {} };
  const apply = async (
    event: StateEvent,
    options: { from?: Snapshot; onlyWhile?: () => boolean } = {},
  ) => {
    written.push({ event, from: options.from });
    await clock.settle();
    during.act();
    if (store.failure !== undefined) throw store.failure;
    const { state, verdict } = reduce(store.state, event, storeClock.nowMs(), context.rules);
    if (state !== undefined && options.onlyWhile?.() === false) return undefined;
    store.state = state ?? store.state;
    return { verdict, snapshot: { state: store.state, version: "2" } };
  };
  // An adoption only calls apply.
  const document = { apply } as unknown as FleetDocument;
  const stateOf = (given: Partial<StoredCredential> = {}, changed: Partial<State> = {}) => {
    const credential = storedAt(storeClock.nowMs(), given);
    return { ...emptyState, outcomeId: `${credential.generation}`, credential, ...changed };
  };
  /** As if this process had read it before. */
  const hold = (given: Partial<StoredCredential> = {}, isUnstored = false) => {
    const state = stateOf(given);
    local.adopt(state, state.credential, { isUnstored });
    return state;
  };
  const read = async (state: State | undefined) => {
    store.state = state;
    const snapshot = { state, version: "1" };
    adoption.adoptNewer(snapshot, document);
    // A repair runs in the background.
    await clock.advance(1);
    return snapshot;
  };
  return { ...one, document, during, hold, read, stateOf, store, written };
}

describe("a credential that a node reads", () => {
  it("is adopted, and the event has the node that fetched it and the delay", async () => {
    const { clock, events, local, read, stateOf } = bench();
    const state = stateOf();
    await clock.advance(1_500);
    await read(state);
    expect(local.cached?.stored).toBe(state.credential);
    expect(events).toMatchObject([
      {
        type: "adopted",
        generation: 1,
        epoch: 1,
        byNode: "node-2",
        byEnvironment: "production",
        reason: "cold",
        remainingMs: lifetimeMs - 1_500,
        lagMs: 1_500,
      },
    ]);
    await read(state);
    expect(events).toHaveLength(1);
  });

  it("has no delay below zero, whatever the clocks say", async () => {
    const { events, read, stateOf } = bench();
    const state = stateOf();
    await read({ ...state, credential: { ...state.credential, issuedAtMs: 1e15 } });
    expect(events).toMatchObject([{ lagMs: 0 }]);
  });

  it.each<[string, (parts: ReturnType<typeof bench>) => State]>([
    ["was refused here", (parts) => (parts.local.markRefused("fingerprint-1"), parts.stateOf())],
    [
      "is called dead by the fleet",
      ({ stateOf }) =>
        stateOf({}, { suspect: { fingerprint: "fingerprint-1", atMs: 0, dead: true } }),
    ],
    [
      "is about to end",
      ({ stateOf, storeClock }) => {
        const expiresAtMs = storeClock.nowMs() + 20_000;
        return stateOf({ sentAtMs: expiresAtMs - lifetimeMs, expiresAtMs });
      },
    ],
  ])("is not handed out if it %s, and its other information is still used", async (_what, make) => {
    const parts = bench();
    const state = make(parts);
    await parts.read(state);
    expect(parts.local.cached).toBeUndefined();
    expect(parts.local.state).toBe(state);
    expect(parts.events).toEqual([]);
  });

  it("counts as past its deadline from 30 s before its end", async () => {
    const { adoption, clock, stateOf } = bench();
    const { credential } = stateOf();
    await clock.advance(lifetimeMs - 30_001);
    expect(adoption.isPastDeadline(credential)).toBe(false);
    await clock.advance(1);
    expect(adoption.isPastDeadline(credential)).toBe(true);
  });

  it("is not adopted while this node stores a later one itself", async () => {
    const { hold, local, read, stateOf, written } = bench();
    hold({ generation: 3 }, true);
    await read(stateOf({ generation: 2 }));
    expect(local.cached?.stored.generation).toBe(3);
    expect(written).toEqual([]);
    // A credential that is later still is adopted.
    await read(stateOf({ generation: 4 }));
    expect(local.cached?.stored.generation).toBe(4);
  });

  it("replaces a cached one whose times came from this node's clock", async () => {
    const one = oneNode();
    const nowMs = one.storeClock.nowMs();
    const state = { ...emptyState, credential: storedAt(nowMs, { generation: 5 }) };
    one.local.adopt(state, state.credential);
    // This process's own document has the same times.
    const document = {} as FleetDocument;
    one.adoption.adoptNewer({ state, version: "absent" }, document);
    expect(one.local.cached?.stored.generation).toBe(5);
    // A fleet without one has no other to replace it, and gets no foreign times by a repair.
    one.adoption.adoptNewer({ state: undefined, version: "absent" }, document);
    one.adoption.adoptNewer({ state: emptyState, version: "absent" }, document);
    expect(one.local.cached?.stored.generation).toBe(5);
    expect(one.events).toEqual([]);
    const other = { ...state, credential: storedAt(nowMs, { generation: 4 }) };
    one.adoption.adoptNewer({ state: other, version: "absent" }, document);
    expect(one.local.cached?.stored.generation).toBe(4);
    expect(one.typesOf()).toEqual(["retired", "adopted"]);
  });
});

describe("a store that lost a credential which a node still has", () => {
  it("gets it back by one repair at a time", async () => {
    const { adoption, document, events, hold, read, store, written } = bench();
    const state = hold({ generation: 2 });
    const snapshot = await read(undefined);
    expect(written).toMatchObject([
      { event: { type: "repair", known: { credential: state.credential }, replaced: [] } },
    ]);
    expect(written[0]?.from).toBe(snapshot);
    expect(written[0]?.event).not.toHaveProperty("operationId");
    expect(written[0]?.event).not.toHaveProperty("continued");
    expect(store.state?.credential).toMatchObject({ generation: 2 });
    expect(events).toMatchObject([
      { type: "store-regressed", generation: 2, epoch: 2 },
      { type: "repaired", generation: 2, remainingMs: lifetimeMs },
    ]);
    expect(events[0]).not.toHaveProperty("storedGeneration");
    adoption.adoptNewer({ state: undefined, version: "1" }, document);
    adoption.adoptNewer({ state: undefined, version: "1" }, document);
    expect(written).toHaveLength(2);
  });

  it("gets it back at the next read if the first repair failed", async () => {
    const { events, hold, local, read, stateOf, store, written } = bench();
    const older = hold({ generation: 1 });
    hold({ generation: 2 });
    store.failure = new CacheUnavailableError("gone");
    await read(older);
    expect(local.cached?.stored.generation).toBe(2);
    store.failure = undefined;
    await read(stateOf({ generation: 1 }));
    expect(written).toHaveLength(2);
    expect(store.state?.credential?.generation).toBe(2);
    expect(events.filter(({ type }) => type === "store-regressed")).toMatchObject([
      { generation: 2, storedGeneration: 1 },
    ]);
    expect(local.state?.credential?.generation).toBe(2);
  });

  it("cannot make the node adopt a clearly older credential that it has never seen", async () => {
    const { hold, local, read, stateOf } = bench();
    const older = stateOf({ generation: 1 });
    hold({ generation: 2, sentAtMs: older.credential.sentAtMs + 600_000 });
    await read(older);
    expect(local.cached?.stored.generation).toBe(2);
  });

  it("cannot make the node drop it with an empty document that was not reset", async () => {
    const { events, hold, local, read, store } = bench();
    const state = hold({ generation: 2 });
    store.failure = new CacheUnavailableError("gone");
    await read(emptyState);
    expect(local.state).toBe(state);
    store.failure = undefined;
    await read(emptyState);
    expect(store.state?.credential?.generation).toBe(2);
    const [reported] = events.filter(({ type }) => type === "store-regressed");
    expect(reported).not.toHaveProperty("storedGeneration");
  });

  it("does not get back a credential that may no longer be sent", async () => {
    const { clock, hold, read, stateOf, written } = bench();
    const older = hold({ generation: 1 });
    hold({ generation: 2 });
    await clock.advance(lifetimeMs);
    await read(undefined);
    await read(older);
    await read(stateOf({ generation: 1 }));
    expect(written).toEqual([]);
  });

  it("does not get back a credential that was replaced during the repair", async () => {
    const { during, events, hold, read, store } = bench();
    hold({ generation: 2 });
    during.act = () => void hold({ generation: 3 });
    await read(undefined);
    expect(store.state).toBeUndefined();
    expect(events.filter(({ type }) => type === "repaired")).toEqual([]);
  });
});

describe("a store that lost the doubt about the credential that a node has", () => {
  /** A node that read the doubt, and the document from before it. */
  const doubted = () => {
    const parts = bench();
    const before = parts.hold();
    const nowMs = parts.storeClock.nowMs();
    const state = {
      ...before,
      outcomeId: "d",
      doubtSinceMs: nowMs,
      inFlightUntilMs: nowMs + 9_000,
    };
    parts.local.adopt(state, state.credential);
    return { ...parts, before, state };
  };

  it("gets it back, at the next read if the first write failed", async () => {
    const { before, events, local, read, state, store } = doubted();
    store.failure = new CacheUnavailableError("gone");
    await read(before);
    expect(local.state).toBe(state);
    store.failure = undefined;
    await read(before);
    const { doubtSinceMs, inFlightUntilMs } = state;
    expect(store.state).toMatchObject({ doubtSinceMs, inFlightUntilMs });
    expect(local.state).toBe(store.state);
    expect(events.map(({ type }) => type)).toEqual(["store-regressed", "repaired"]);
  });

  it("does not get it back if the credential is dead, may no longer be sent, or the doubt was never stored", async () => {
    const dead = doubted();
    const suspect = { fingerprint: "fingerprint-1", atMs: 0, dead: true } as const;
    await dead.read({ ...dead.before, suspect });
    const old = doubted();
    await old.clock.advance(lifetimeMs);
    await old.read(old.before);
    const alone = doubted();
    alone.local.continueState({ ...alone.state }, alone.state);
    await alone.read(alone.before);
    for (const { local, store, written } of [dead, old, alone]) {
      expect(written).toEqual([]);
      expect(local.state).toBe(store.state);
    }
  });
});

describe("a document that was reset", () => {
  const reset: State = { ...emptyState, outcomeId: "r", minEpoch: 2 };

  it("removes the earlier credential, which is not written back", async () => {
    const { hold, local, read, written } = bench();
    hold({ generation: 2 });
    await read(reset);
    expect(local.cached).toBeUndefined();
    expect(local.state).toBe(reset);
    expect(written).toEqual([]);
  });

  it("does not affect a later credential", async () => {
    const later = bench();
    later.hold({ generation: 3 });
    await later.read(reset);
    expect(later.local.cached?.stored.generation).toBe(3);
    expect(later.store.state?.credential?.generation).toBe(3);
    const unstored = bench();
    unstored.hold({ generation: 2 }, true);
    await unstored.read(reset);
    expect(unstored.local.cached?.stored.generation).toBe(2);
    expect(unstored.local.state).toBe(reset);
  });

  it("is recognised by a node that has no credential", async () => {
    const { local, read } = bench();
    await read(emptyState);
    expect(local.state).toBe(emptyState);
    await read(undefined);
    expect(local.state).toBe(emptyState);
  });
});

describe("a credential that is written back over the one it replaced", () => {
  it("is reported after the write, together with its request", async () => {
    const { adoption, document, events, hold, local, store, stateOf, written } = bench();
    expect(await adoption.restore(document, "op")).toBe(false);
    hold({ generation: 1 });
    hold({ generation: 2 });
    store.state = stateOf({ generation: 1 });
    expect(await adoption.restore(document, "op")).toBe(true);
    expect(written).toMatchObject([{ event: { type: "repair", operationId: "op" } }]);
    expect(written[0]?.from).toBeUndefined();
    expect(events.map(({ type }) => type)).toEqual(["retired", "repaired"]);
    expect(local.state).toBe(store.state);
  });

  it("is not written if the store has a later one, or if it has expired", async () => {
    const { adoption, clock, document, events, hold, local, store, stateOf, written } = bench();
    const state = hold({ generation: 1 });
    store.state = stateOf({ generation: 3 });
    expect(await adoption.restore(document, "op")).toBe(false);
    expect(local.state).toBe(state);
    await clock.advance(lifetimeMs);
    expect(await adoption.restore(document, "op")).toBe(false);
    expect(written).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it("is not written if it was replaced meanwhile", async () => {
    const { adoption, document, during, events, hold, store, stateOf } = bench();
    hold({ generation: 1 });
    hold({ generation: 2 });
    store.state = stateOf({ generation: 1 });
    during.act = () => void hold({ generation: 3 });
    expect(await adoption.restore(document, "op")).toBe(false);
    expect(events.filter(({ type }) => type === "repaired")).toEqual([]);
  });

  it("closes the request that issued it if it is already stored", async () => {
    const { adoption, document, events, hold, local, store } = bench();
    const state = hold();
    store.state = { ...state, intent: { epoch: 2, operationId: "op", atMs: 0 } };
    expect(await adoption.restore(document, "op")).toBe(true);
    expect(store.state.intent).toBeUndefined();
    expect(local.state).toBe(store.state);
    expect(events).toEqual([]);
  });

  it("fails if the store fails", async () => {
    const { adoption, document, hold, store } = bench();
    hold();
    store.failure = new CacheUnavailableError("gone");
    await expect(adoption.restore(document, "op")).rejects.toThrow("gone");
  });
});
