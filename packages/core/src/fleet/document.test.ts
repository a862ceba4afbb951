/** The document in the store: what a write must handle, and what a read refuses. */
import { describe, expect, it } from "vitest";
import { StoredDocument } from "./document.ts";
import type { Cache } from "../cache/cache.ts";
import { CacheUnavailableError, UnreadableEntryError } from "../errors.ts";
import { fleet } from "../scenarios/fleet.fixture.ts";
import { assembled, lifetimeMs, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";

const dayMs = 86_400_000;

function bench(change: () => Partial<Cache> = () => ({})) {
  const world = fleet();
  const node = assembled(world);
  const { clock, platform, store } = world;
  const { assembly, context, events, faults } = node;
  const sets: { value: string; operationId: unknown; ttlMs: unknown }[] = [];
  const view = assembly.source.document;
  const home = world.cache.withPrefix("production");
  const cache = {
    key: platform.id,
    get: (key: string) => faults.run("get", key, () => home.get(key)),
    set: (...[key, value, options]: Parameters<Cache["set"]>) => {
      sets.push({ value, operationId: options?.operationId, ttlMs: options?.ttlMs });
      return faults.run("set", key, () => home.set(key, value, options));
    },
  };
  // A document only reads, writes and asks for tracers.
  const document = new StoredDocument(context, assembly.storeClock, {
    ...cache,
    ...change(),
  } as never);
  const typesOf = () => events.map(({ type }) => type);
  return { ...world, assembly, clock, document, events, faults, home, sets, store, typesOf, view };
}

const suspect = { type: "suspect", fingerprint: "fingerprint-1", found: "refused" } as const;

describe("a read of the document", () => {
  it("finds nothing in an empty store, under the credential's id as the key", async () => {
    const { assembly, document, platform } = bench();
    expect(document.key).toBe(platform.id);
    expect(await document.read()).toEqual({ state: undefined, version: "absent" });
    expect(assembly.storeClock.isSet).toBe(false);
  });

  it("records the store's time", async () => {
    const { assembly, document, write } = bench();
    await write(emptyState);
    const { state, version } = await document.read();
    expect(state).toMatchObject({ v: 1, failures: 0 });
    expect(version).not.toBe("absent");
    expect(assembly.storeClock.isSet).toBe(true);
  });

  it("reports an unreadable document, and throws its error to the caller", async () => {
    const { document, events, home, platform } = bench();
    await home.set(platform.id, "no document");
    await expect(document.read()).rejects.toMatchObject({ code: "UNREADABLE_ENTRY" });
    expect(events).toMatchObject([{ type: "unreadable", reason: "format" }]);
  });

  it("reports a value that the cache itself cannot read", async () => {
    const error = new UnreadableEntryError("x", "tag", "not sealed by this key");
    const { document, events } = bench(() => ({ get: () => Promise.reject(error) }));
    await expect(document.read()).rejects.toBe(error);
    expect(events).toMatchObject([{ type: "unreadable", reason: "tag" }]);
  });

  it("waits as long as a store command may last", async () => {
    const { clock, document, events, faults } = bench();
    faults.frozen = true;
    const failed = document.read().catch((error: unknown) => error);
    await clock.advance(499);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(await failed).toMatchObject({
      code: "CACHE_UNAVAILABLE",
      reason: "timeout",
      message: "The store did not answer within 500 ms (storeDeadlineMs).",
    });
    expect(events).toMatchObject([
      { type: "store-unavailable", reason: "timeout", operation: "get" },
    ]);
  });

  it("reports each impossible control field once, and continues without it", async () => {
    const { clock, document, events, write } = bench();
    const nowMs = clock.wallMs();
    await write({ ...emptyState, backOffUntilMs: nowMs + 400 * dayMs });
    expect((await document.read()).state?.backOffUntilMs).toBe(0);
    expect(events).toMatchObject([
      { type: "poisoned", field: "backOffUntilMs", valueMs: nowMs + 400 * dayMs },
    ]);
  });

  it("counts an impossible in-flight time from when it was first seen", async () => {
    const { clock, document, write } = bench();
    const nowMs = clock.wallMs();
    const poisoned = { ...emptyState, inFlightUntilMs: nowMs + 400 * dayMs };
    await write(poisoned);
    expect((await document.read()).state?.inFlightUntilMs).toBe(nowMs + 15_000);
    await clock.advance(10_000);
    expect((await document.read()).state?.inFlightUntilMs).toBe(nowMs + 15_000);
    await write(emptyState);
    await document.read();
    await write(poisoned);
    expect((await document.read()).state?.inFlightUntilMs).toBe(nowMs + 10_000 + 15_000);
  });
});

describe("a write of the document", () => {
  const stateAt = (nowMs: number): State => ({
    ...emptyState,
    outcomeId: "1",
    credential: storedAt(nowMs),
  });

  it("takes one read and one write, or only the write after a recent read", async () => {
    const { clock, document, faults, write } = bench();
    await write(stateAt(clock.wallMs()));
    const applied = await document.apply(suspect);
    expect(applied.verdict).toMatchObject({ kind: "suspected" });
    expect(applied.snapshot).toEqual(await document.read());
    expect([faults.calls("get"), faults.calls("set")]).toEqual([2, 1]);
    const known = await document.apply(suspect, { from: applied.snapshot });
    expect(known).toEqual({ verdict: { kind: "known" }, snapshot: applied.snapshot });
    expect([faults.calls("get"), faults.calls("set")]).toEqual([2, 1]);
  });

  it("records the store's time", async () => {
    const { assembly, document } = bench();
    await document.apply({ type: "use", everyMs: 1 });
    expect(assembly.storeClock.isSet).toBe(true);
  });

  it("is decided again if another node was faster", async () => {
    const { clock, document, faults, view, write } = bench();
    await write(stateAt(clock.wallMs()));
    const from = await document.read();
    await view.apply({ type: "use", everyMs: 1_000 });
    const { snapshot } = await document.apply(suspect, { from });
    expect(snapshot.state?.usedAtMs).toBe(clock.wallMs());
    expect(snapshot.state?.suspect).toBeDefined();
    expect(faults.calls("get")).toBe(3);
  });

  it("gives up after sixteen conflicts in a row, and names the likely cause", async () => {
    const { clock, document, platform, sets, write } = bench(() => ({
      set: async () => {
        sets.push({ value: "", operationId: 0, ttlMs: 0 });
        return { written: false, storeNowMs: clock.wallMs() } as never;
      },
    }));
    await write(stateAt(clock.wallMs()));
    await expect(document.apply(suspect)).rejects.toMatchObject({
      code: "CACHE_UNAVAILABLE",
      message: `The document of "${platform.id}" changed 16 times while it was being written. Check that nothing else writes this key.`,
    });
    expect(sets).toHaveLength(16);
  });

  it("does not happen without permission", async () => {
    const { clock, document, sets, write } = bench();
    await write(stateAt(clock.wallMs()));
    const guarded = (may: boolean) => document.apply(suspect, { onlyWhile: () => may });
    expect(await guarded(false)).toBeUndefined();
    expect(sets).toEqual([]);
    expect(await guarded(true)).toMatchObject({ verdict: { kind: "suspected" } });
    // A decision without a change needs no permission.
    expect(await guarded(false)).toMatchObject({ verdict: { kind: "known" } });
  });

  it("is repeated under the same id after a lost answer, and counts once", async () => {
    const { clock, document, faults, sets, write } = bench();
    await write(stateAt(clock.wallMs()));
    faults.next("set", "fail-after");
    const { snapshot } = await document.apply(suspect);
    expect(sets).toHaveLength(2);
    expect(sets[1]).toEqual(sets[0]);
    expect(sets[0]?.operationId).toEqual(expect.any(String));
    expect(snapshot).toEqual(await document.read());
    faults.next("set", "fail-before", "fail-before");
    await expect(document.apply({ type: "use", everyMs: 1 })).rejects.toMatchObject({
      code: "CACHE_UNAVAILABLE",
    });
    expect(sets).toHaveLength(4);
    expect(sets[2]?.operationId).not.toBe(sets[0]?.operationId);
  });

  it.each([
    ["refused", new CacheUnavailableError("no", { reason: "readonly" })],
    ["forbidden for good", new CacheUnavailableError("no", { retryable: false })],
    ["broken", new TypeError("broken")],
  ])("is not sent again if the error is %s", async (_what, error) => {
    const calls = { count: 0 };
    const { document } = bench(() => ({
      set: () => {
        calls.count += 1;
        return Promise.reject(error);
      },
    }));
    await expect(document.apply({ type: "use", everyMs: 1 })).rejects.toBe(error);
    expect(calls.count).toBe(1);
  });

  it("lasts thirty days longer than its credential, or forever with an input", async () => {
    const { clock, document, sets, write } = bench();
    const nowMs = clock.wallMs();
    await document.apply({ type: "use", everyMs: 1 });
    await write(stateAt(nowMs));
    await document.apply(suspect);
    await write(stateAt(nowMs - 2 * lifetimeMs));
    await document.apply(suspect);
    const credential = storedAt(nowMs, { nextInput: "input" });
    await write({ ...emptyState, credential });
    await document.apply(suspect);
    expect(sets.map(({ ttlMs }) => ttlMs)).toEqual([
      30 * dayMs,
      30 * dayMs + lifetimeMs,
      30 * dayMs,
      undefined,
    ]);
  });

  it("may repeat the same content, to test whether the store accepts writes", async () => {
    const { clock, document, sets, write } = bench();
    await document.touch(await document.read());
    expect(sets).toEqual([]);
    await write(stateAt(clock.wallMs()));
    const before = await document.read();
    await document.touch(before);
    const after = await document.read();
    expect(after.state).toEqual(before.state);
    expect(after.version).not.toBe(before.version);
  });

  it("reports once that others can see the credential in it", async () => {
    const channels = { open: [] as string[] };
    const { clock, document, events, write } = bench(() => ({ tracedOn: () => channels.open }));
    channels.open = ["one", "two"];
    await document.apply({ type: "use", everyMs: 1 });
    expect(events).toEqual([]);
    await write(stateAt(clock.wallMs()));
    channels.open = [];
    await document.apply(suspect);
    expect(events).toEqual([]);
    channels.open = ["one", "two"];
    await document.apply({ ...suspect, found: "alive" });
    await document.touch(await document.read());
    expect(events).toMatchObject([{ type: "unsealed-and-traced", channels: "one two" }]);
    const untold = bench(() => ({ tracedOn: undefined as never }));
    await untold.write(stateAt(untold.clock.wallMs()));
    await untold.document.apply(suspect);
    expect(untold.events).toEqual([]);
  });
});
