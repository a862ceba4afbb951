/** The document of a process that works without its store. */
import { describe, expect, it } from "vitest";
import { OwnDocument, withoutStoreContext } from "./own-document.ts";
import { oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState } from "../state/state.ts";

function bench() {
  const one = oneNode();
  const known = { ...emptyState, outcomeId: "1", credential: storedAt(one.storeClock.nowMs()) };
  return { ...one, known, document: new OwnDocument(one.node) };
}

describe("a document without a store", () => {
  it("contains what the process knows, and what was written to it", async () => {
    const { document, known, local } = bench();
    expect((await document.read()).state).toBeUndefined();
    local.updateState(known);
    expect((await document.read()).state).toBe(known);
    const mark = { type: "suspect", fingerprint: "fingerprint-1", found: "refused" } as const;
    const { snapshot, verdict } = await document.apply(mark);
    expect(verdict.kind).toBe("suspected");
    expect(snapshot.state).toMatchObject({
      outcomeId: "1",
      suspect: { fingerprint: "fingerprint-1" },
    });
    expect(local.state).toBe(snapshot.state);
    // It is distinguished from the fleet's stored document when the store is back.
    expect(local.continued).toEqual(["1"]);
  });

  it("stays unchanged and known if an event changes nothing", async () => {
    const { changes, document, known, local } = bench();
    local.updateState(known);
    const { count } = changes;
    const mark = { type: "suspect", fingerprint: "another", found: "dead" } as const;
    const { snapshot, verdict } = await document.apply(mark);
    expect(verdict).toEqual({ kind: "other" });
    expect(snapshot.state).toBe(known);
    expect(local.state).toBe(known);
    expect(changes.count).toBe(count);
  });
});

describe("a refresh without a store", () => {
  it("needs no lease and no claim", async () => {
    const { clock, node } = bench();
    await clock.advance(1_234);
    const terms = { goal: { reason: "cold" }, parent: undefined } as const;
    const context = withoutStoreContext(node, {
      ...terms,
      probe: undefined as never,
      closing: new AbortController().signal,
    });
    expect(context).toMatchObject({
      ...terms,
      isWithoutStore: true,
      startedMs: clock.monotonicMs(),
    });
    const { claims, lease } = context;
    expect(await claims.claim(Promise.resolve(undefined), true)).toBeUndefined();
    expect(claims.otherClaimant).toBeUndefined();
    await claims.readOthers();
    expect(lease).toMatchObject({ fence: 0, lost: undefined, signal: { aborted: false } });
    expect(lease.isHeld()).toBe(true);
    await lease.release();
    expect(lease.isHeld()).toBe(true);
  });
});
