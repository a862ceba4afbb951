/** Where a process reads the document, and when it needs another subscription. */
import { describe, expect, it } from "vitest";
import type { Claim } from "./claim-registry.ts";
import { fleet, within } from "../scenarios/fleet.fixture.ts";
import { assembled, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";
import type { CredentialOptions } from "../credential.ts";

function bench(
  overrides: Partial<CredentialOptions> = {},
  options: Parameters<typeof fleet>[0] = {},
) {
  const world = fleet(options);
  const { assembly, events, faults } = assembled(world, overrides);
  const state: State = {
    ...emptyState,
    outcomeId: "1",
    credential: storedAt(world.clock.wallMs()),
  };
  return { ...world, assembly, events, faults, source: assembly.source, state };
}

const claim: Claim = {
  environment: "other",
  path: ["other"],
  node: "n",
  sinceMs: 0,
  renewedMs: 0,
};

describe("a read of the document", () => {
  it("adopts the stored credential, and records a consumer's mark and the time of the read", async () => {
    const { assembly, clock, source, state, write } = bench();
    expect(source.lastReadMs).toBe(Number.NEGATIVE_INFINITY);
    expect(source.usedAtMs).toBeUndefined();
    await source.read();
    expect(source.usedAtMs).toBeUndefined();
    await write({ ...state, usedAtMs: 5 });
    await clock.advance(1_000);
    const { state: read } = await source.read();
    expect(read?.credential?.generation).toBe(1);
    expect(assembly.local.cached?.stored.generation).toBe(1);
    expect(source.lastReadMs).toBe(clock.monotonicMs());
    expect(source.usedAtMs).toBe(5);
  });

  it("keeps one object for a credential that it already has", async () => {
    const { assembly, source, state, write } = bench();
    await write(state);
    const { state: first } = await source.read();
    expect(assembly.local.cached?.stored).toBe(first?.credential);
    await write({ ...state, usedAtMs: 5 });
    const again = await source.read();
    expect(again.state).toEqual({ ...state, usedAtMs: 5 });
    expect(again.state?.credential).toBe(first?.credential);
    const next = storedAt(0, { ...state.credential, generation: 2 });
    await write({ ...state, credential: next });
    expect((await source.read()).state?.credential).toEqual(next);
  });

  it("finds nothing after the document was deleted", async () => {
    const { cache, platform, source, state, write } = bench();
    await write(state);
    await source.read();
    await cache.withPrefix("production").delete(platform.id);
    expect((await source.read()).state).toBeUndefined();
  });

  it("starts the waiting time of an open request when it sees it", async () => {
    const { assembly, clock, source, state, write } = bench();
    const open = { ...state, intent: { epoch: 2, operationId: "2", atMs: clock.wallMs() } };
    await write(open);
    await source.read();
    await clock.advance(1_500);
    expect(assembly.lostRequests.waitMs(open)).toBe(500);
  });
});

describe("the delay of a read without a waiting caller", () => {
  it.each([
    [200, 300_000, 0],
    [201, 150_000, 5_000],
    [10_000, 900_000, 10_000],
  ])(
    "is zero in a small fleet, and a part of the overlap in a large one: %i",
    (fleetSize, overlapMs, ms) => {
      const { source } = bench(
        {
          parameters: { fleetSize, recheckMs: 60_000, reconcileMs: 60_000 },
          random: { next: () => 0.5, id: () => "x" } as never,
        },
        { policy: { kind: "supersede", overlapMs } },
      );
      expect(source.drawDelayMs()).toBe(ms);
    },
  );
});

describe("a subscription", () => {
  it("is made once, and then earlier changes are read", async () => {
    const { faults, source } = bench();
    expect(source.hasPush).toBe(false);
    await source.subscribeAndRead();
    await source.subscribeAndRead();
    expect(source.hasPush).toBe(true);
    expect([faults.calls("watch"), faults.calls("get")]).toEqual([1, 1]);
  });

  it("needs a store that pushes changes", async () => {
    const { faults, source } = bench({}, { pushesChanges: false });
    await source.subscribeAndRead();
    expect(source.hasPush).toBe(false);
    expect(faults.calls("get")).toBe(0);
  });

  it("counts as dead if a read shows a change that it did not report, and is requested again", async () => {
    const { clock, faults, source, state, write } = bench();
    await source.read();
    await source.subscribeAndRead();
    await source.read();
    await clock.advance(60_000);
    await source.read();
    expect(source.hasPush).toBe(true);
    faults.losesMessages = true;
    await write(state);
    await source.read();
    expect(source.hasPush).toBe(false);
    faults.losesMessages = false;
    await source.subscribeAndRead();
    expect(faults.calls("watch")).toBe(2);
    // It is trusted again once it has reported a change.
    await clock.advance(60_000);
    await write({ ...state, outcomeId: "2" });
    await clock.advance(1_000);
    await source.read();
    expect(source.hasPush).toBe(true);
    await source.subscribeAndRead();
    expect(faults.calls("watch")).toBe(2);
  });

  it("is not requested again because of changes from before it", async () => {
    const { faults, source, state, write } = bench();
    await source.read();
    await write(state);
    await source.subscribeAndRead();
    expect(source.hasPush).toBe(true);
    expect(faults.calls("watch")).toBe(1);
  });
});

describe("a store that refuses writes", () => {
  it("is tested by an owner with the unchanged document after a failed write", async () => {
    for (const role of ["owner", "consumer"] as const) {
      const { assembly, faults, source, state, write } = bench({ role });
      await write(state);
      const snapshot = await source.read();
      await source.proveWrites(snapshot);
      expect(faults.calls("set")).toBe(0);
      faults.refusesWrites = "readonly";
      await source.document.apply({ type: "use", everyMs: 1 }).catch(() => {});
      expect(assembly.context.health.refusesWrites).toBe(role === "owner");
      faults.refusesWrites = undefined;
      const before = faults.calls("set");
      await source.proveWrites(snapshot);
      expect(faults.calls("set") - before).toBe(role === "owner" ? 1 : 0);
      expect(assembly.context.health.isReachable).toBe(true);
    }
  });
});

describe("the document of another environment", () => {
  it("is read by a consumer until it returns to its own", async () => {
    const { assembly, cache, faults, platform, source, state, write } = bench();
    await write(state);
    await source.read();
    await source.subscribeAndRead();
    expect(source.role).toBe("owner");
    expect(assembly.context.health.needsWrites).toBe(true);
    const theirs = { ...state, credential: storedAt(0, { ...state.credential, generation: 7 }) };
    await cache.at(["other"]).set(platform.id, JSON.stringify(theirs));
    source.consume(claim);
    expect(source.role).toBe("consumer");
    expect(source.yieldsTo).toBe(claim);
    expect(source.hasPush).toBe(false);
    expect(assembly.local.cached).toBeUndefined();
    expect(assembly.context.health.needsWrites).toBe(false);
    expect((await source.read()).state?.credential?.generation).toBe(7);
    await source.subscribeAndRead();
    expect(faults.calls("watch")).toBe(2);
    source.own();
    expect(source.role).toBe("owner");
    expect(source.yieldsTo).toBeUndefined();
    expect(assembly.context.health.needsWrites).toBe(true);
    expect((await source.read()).state?.credential?.generation).toBe(1);
    // Another document is no change that a message should have reported.
    await source.subscribeAndRead();
    expect(source.hasPush).toBe(true);
    expect(faults.calls("watch")).toBe(3);
  });

  it("requires no right to write from a consumer", () => {
    expect(bench({ role: "consumer" }).assembly.context.health.needsWrites).toBe(false);
  });
});

describe("a change in the store", () => {
  it("is read after its message", async () => {
    const { assembly, clock, source, state, write } = bench();
    await within(clock, 100, source.subscribeAndRead());
    await write(state);
    await clock.advance(100);
    expect(assembly.local.cached?.stored.generation).toBe(1);
  });
});
