/** How long a refresh waits, for what, and the store commands that it costs. */
import { describe, expect, it } from "vitest";
import { CacheUnavailableError, ClosedError } from "../errors.ts";
import type { IssuePolicy } from "../issuer.ts";
import { listClaims } from "../fleet/list-claims.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { fleet, within, type Fleet } from "../scenarios/fleet.fixture.ts";
import { assembled, pausesAfterUnsent, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";
import { faultPlan, faultyCache, seededRandom, simulatedStore } from "../testing/index.ts";
import { seed } from "./seed.ts";

const cold: Goal = { reason: "cold" };

/** Another process holds the lease, and writes nothing more. */
async function leaseTakenElsewhere({ platform, store }: Fleet, ms = 60_000): Promise<void> {
  await store.lock().withPrefix("production").tryAcquire(platform.id, "another", ms);
}

/** Keeps its outcome, so that a test can let time pass first. */
function watched(work: Promise<void>) {
  const outcome: { is: "open" | "done" | "failed"; error?: unknown } = { is: "open" };
  work.then(
    () => (outcome.is = "done"),
    (error: unknown) => Object.assign(outcome, { is: "failed", error }),
  );
  return outcome;
}

const documentOf = (world: Fleet, changed: Partial<State> = {}): State => ({
  ...emptyState,
  outcomeId: "1",
  credential: storedAt(world.clock.wallMs()),
  ...changed,
});

const intent = (world: Fleet) => ({ epoch: 5, operationId: "5", atMs: world.clock.wallMs() });

describe("a refresh whose goal is served", () => {
  it("from memory sends no store command", async () => {
    const world = fleet();
    const { refresh } = assembled(world);
    await within(world.clock, 2_000, refresh(cold));
    const { commands } = world.store;
    await within(world.clock, 10, refresh(cold));
    expect(world.store.commands).toBe(commands);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("by another node's commit needs one read, and no lease", async () => {
    const world = fleet();
    await within(world.clock, 2_000, assembled(world, { node: "node-1" }).refresh(cold));
    const { faults, refresh } = assembled(world);
    await within(world.clock, 10, refresh(cold));
    expect(faults.calls()).toBe(1);
    expect(world.platform.issues).toHaveLength(1);
  });

  it.each([true, false])(
    "while it acquires the lease ends then, patient or not: %s",
    async (patient) => {
      const world = fleet();
      const { blocks, faults, assembly, refresh } = assembled(world);
      await leaseTakenElsewhere(world);
      await assembly.source.subscribeAndRead();
      faults.next("tryAcquire", { replyMs: 400 });
      const work = watched(refresh(cold, patient));
      await world.clock.advance(100);
      await world.write(documentOf(world));
      await world.clock.advance(350);
      expect(work).toEqual({ is: "done" });
      expect(blocks).toEqual([]);
    },
  );

  it("during a read that fails permanently ends without the error", async () => {
    const world = fleet();
    const reading = Promise.withResolvers<undefined>();
    const cache = faultyCache(world.store.cache(), faultPlan(world));
    const { assembly, refresh } = assembled(world, {
      cache: {
        ...cache,
        withPrefix: (name) => ({ ...cache.withPrefix(name), get: () => reading.promise }),
      },
    });
    const work = watched(refresh(cold));
    await world.clock.settle();
    const state = documentOf(world);
    assembly.local.adopt(state, state.credential!);
    reading.reject(new CacheUnavailableError("no right to read", { retryable: false }));
    await world.clock.settle();
    expect(work).toEqual({ is: "done" });
  });
});

describe("a refresh that waits for another node's lease", () => {
  it("ends at its first reason to wait unless it is patient", async () => {
    const world = fleet();
    const { blocks, refresh } = assembled(world);
    await leaseTakenElsewhere(world);
    await expect(within(world.clock, 10, refresh(cold, false))).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      reason: "wait",
    });
    expect(blocks).toMatchObject([{ kind: "wait" }]);
  });

  it.each([
    [0, 60_010],
    [0.5, 60_055],
  ])("retries at a random moment after the lease's end: %d, %d ms", async (draw, ms) => {
    const world = fleet();
    const { blocks, refresh } = assembled(world, {
      random: { ...seededRandom("node"), next: () => draw },
    });
    await leaseTakenElsewhere(world);
    await expect(within(world.clock, 10, refresh(cold, false))).rejects.toThrow(
      "There is no live credential",
    );
    expect(blocks).toEqual([{ kind: "wait", ms }]);
  });

  it("subscribes to changes only when it has to wait", async () => {
    const world = fleet();
    const { assembly, refresh } = assembled(world);
    await leaseTakenElsewhere(world);
    await expect(within(world.clock, 10, refresh(cold, false))).rejects.toThrow(
      "There is no live credential",
    );
    expect(assembly.source.hasPush).toBe(true);
    const other = fleet({ latencyMs: 0 });
    other.platform.script({ outcome: "busy", retryAfterMs: 600_000 });
    const paused = assembled(other);
    for (let calls = 0; calls < 2; calls += 1)
      await expect(within(other.clock, 10, paused.refresh(cold, false))).rejects.toThrow(
        "There is no live credential",
      );
    expect(paused.assembly.source.hasPush).toBe(false);
  });

  it("reads at growing intervals without push, at last twice a second", async () => {
    const world = fleet({ pushesChanges: false });
    const { faults, refresh } = assembled(world);
    await leaseTakenElsewhere(world);
    void refresh(cold).catch(() => {});
    await world.clock.advance(500);
    expect(faults.calls("get")).toBeGreaterThanOrEqual(4);
    await world.clock.advance(500);
    const before = faults.calls("get");
    expect(before).toBeLessThanOrEqual(8);
    await world.clock.advance(15_000);
    // Every 375 to 625 ms.
    expect(faults.calls("get") - before).toBeGreaterThanOrEqual(24);
    expect(faults.calls("get") - before).toBeLessThanOrEqual(41);
  });

  it("reads every two seconds with push, because a message may be lost", async () => {
    const world = fleet();
    const { faults, refresh } = assembled(world);
    await leaseTakenElsewhere(world);
    faults.losesMessages = true;
    void refresh(cold).catch(() => {});
    await world.clock.advance(1_000);
    const before = faults.calls("get");
    await world.clock.advance(18_000);
    expect(faults.calls("get") - before).toBeGreaterThanOrEqual(7);
    expect(faults.calls("get") - before).toBeLessThanOrEqual(12);
  });

  it("is not woken by the holder's intent", async () => {
    const world = fleet();
    const { faults, refresh } = assembled(world);
    await world.clock.advance(60_000);
    await leaseTakenElsewhere(world);
    void refresh(cold).catch(() => {});
    await world.clock.advance(500);
    const before = { locks: faults.calls("tryAcquire"), reads: faults.calls("get") };
    await world.write({ ...emptyState, outcomeId: "1", intent: intent(world) });
    await world.clock.advance(600);
    expect(faults.calls("tryAcquire")).toBe(before.locks);
    // It reads to find out what changed.
    expect(faults.calls("get")).toBe(before.reads + 1);
    await world.clock.advance(2_500);
    expect(faults.calls("get")).toBeGreaterThan(before.reads + 1);
  });

  it("ends with the commit, even if a further request is already open", async () => {
    const world = fleet();
    const { refresh } = assembled(world);
    await leaseTakenElsewhere(world);
    const work = watched(refresh(cold));
    await world.clock.advance(100);
    await world.write(documentOf(world, { intent: intent(world) }));
    await world.clock.advance(100);
    expect(work).toEqual({ is: "done" });
  });

  it("retries at once if the holder has given up", async () => {
    const world = fleet({ latencyMs: 0 });
    const { faults, refresh } = assembled(world);
    await leaseTakenElsewhere(world);
    const work = watched(refresh(cold));
    await world.clock.advance(100);
    world.store.failOver({ ...world.store.snapshot(), leases: new Map() });
    const reads = faults.calls("get");
    await world.write({ ...emptyState, outcomeId: "1" });
    await world.clock.advance(50);
    expect(faults.calls("get")).toBeGreaterThan(reads);
    expect(work).toEqual({ is: "done" });
  });

  it("continues after a message about a store in which nothing is stored", async () => {
    const world = fleet();
    const { faults, refresh } = assembled(world);
    await leaseTakenElsewhere(world);
    const work = watched(refresh(cold));
    await world.clock.advance(100);
    // The connection is new, so messages may have been missed.
    faults.unreachable = true;
    faults.unreachable = false;
    await world.clock.advance(1_000);
    expect(work).toEqual({ is: "open" });
    await world.write(documentOf(world));
    await world.clock.advance(100);
    expect(work).toEqual({ is: "done" });
  });

  it("sends no further store command once the credential closes", async () => {
    const world = fleet();
    const { closing, faults, assembly, refresh } = assembled(world);
    await leaseTakenElsewhere(world);
    const work = watched(refresh(cold));
    await world.clock.advance(100);
    const before = faults.calls();
    const closed = new ClosedError("It");
    closing.close(closed);
    assembly.source.feed.wake();
    await world.clock.settle();
    expect(work).toEqual({ is: "failed", error: closed });
    await world.clock.advance(5_000);
    expect(faults.calls()).toBe(before);
  });
});

describe("a refresh that waits for time to pass", () => {
  it("ends at once if its patience would end first", async () => {
    const world = fleet();
    world.platform.script({ outcome: "busy", retryAfterMs: 600_000 });
    const { blocks, faults, refresh } = assembled(world);
    await expect(within(world.clock, 1_000, refresh(cold))).rejects.toMatchObject({
      reason: "back-off",
    });
    expect(blocks.map((block) => block.kind === "pause" && block.why)).toEqual([
      "error",
      "back-off",
    ]);
    const locks = faults.calls("tryAcquire");
    // No lease is acquired in vain.
    await expect(within(world.clock, 10, refresh(cold))).rejects.toMatchObject({
      reason: "back-off",
    });
    expect(faults.calls("tryAcquire")).toBe(locks);
  });

  it("sends no store command until then", async () => {
    const world = fleet();
    world.platform.script({ outcome: "busy", retryAfterMs: 9_000 });
    const { faults, refresh } = assembled(world);
    const work = watched(refresh(cold));
    await world.clock.advance(1_000);
    const before = faults.calls();
    await world.clock.advance(7_000);
    expect(faults.calls()).toBe(before);
    await world.clock.advance(4_000);
    expect(work).toEqual({ is: "done" });
  });

  it("does not start if no patience would be left after it", async () => {
    const world = fleet({ latencyMs: 0 });
    world.platform.script({ outcome: "busy", retryAfterMs: 9_000 });
    const { refresh } = assembled(world, { parameters: { waitMs: 50 } });
    const work = watched(refresh(cold));
    await world.clock.settle();
    expect(work).toMatchObject({
      is: "failed",
      error: {
        reason: "error",
        retryAfterMs: 50,
        message: expect.stringContaining("last attempt"),
      },
    });
  });
});

describe("a refresh that leads", () => {
  it("does not read its own writes", async () => {
    const world = fleet();
    const { faults, assembly, refresh } = assembled(world);
    await assembly.source.subscribeAndRead();
    const before = faults.calls("get");
    await within(world.clock, 1_000, refresh(cold));
    await world.clock.advance(1_000);
    expect(faults.calls("get") - before).toBe(2);
  });

  it("dates its request by the store's clock, even the very first one", async () => {
    const world = fleet();
    const { clock } = world;
    const aheadMs = 3_600_000;
    const nowMs = (): number => clock.wallMs() + aheadMs;
    const store = simulatedStore({ clock, random: seededRandom("ahead"), nowMs });
    const { assembly, refresh } = assembled(world, { cache: store.cache(), lock: store.lock() });
    await within(clock, 1_000, refresh(cold));
    const { sentAtMs } = assembly.local.cached!.stored;
    expect(nowMs() - sentAtMs).toBeLessThan(1_000);
    expect(nowMs() - sentAtMs).toBeGreaterThanOrEqual(0);
  });

  it("extends its claim to the credential's lifetime, if that is longer than stated", async () => {
    const world = fleet();
    const expiresInMs = 90 * 86_400_000;
    world.platform.script({ expiresInMs });
    const { refresh } = assembled(world);
    await within(world.clock, 1_000, refresh(cold));
    const { claims } = await listClaims(world.cache);
    expect(claims[0]?.lapsesAtMs).toBeGreaterThanOrEqual(
      world.clock.wallMs() + expiresInMs - 1_000,
    );
  });

  it("remembers a refusal that concerns only this node, until it succeeds", async () => {
    const world = fleet({ latencyMs: 0 });
    world.platform.script({ outcome: "fatal", platformCode: "40164", scope: "node" });
    const { refresh } = assembled(world);
    for (let calls = 0; calls < 2; calls += 1)
      await expect(within(world.clock, 10, refresh(cold))).rejects.toMatchObject({
        reason: "refused",
      });
    expect(world.platform.issues).toHaveLength(1);
  });

  it("resets the pauses for its own network once a request has succeeded", async () => {
    const world = fleet({ latencyMs: 0 });
    const { assembly, refresh } = assembled(world);
    world.platform.script("unsent", "unsent", "ok", "unsent");
    await within(world.clock, 10_000, refresh(cold));
    const replaces = assembly.local.cached?.stored.commitId;
    await within(world.clock, 10_000, refresh({ reason: "expired", replaces }));
    expect(pausesAfterUnsent(world)).toEqual([1, 2, 1]);
  });

  it("follows another environment that has the claim", async () => {
    const world = fleet();
    await within(world.clock, 1_000, assembled(world, { node: "node-1" }).refresh(cold));
    const staging = { environment: "staging", onConflict: "consume" } as const;
    const { assembly, refresh } = assembled(world, staging);
    await within(world.clock, 1_000, refresh(cold));
    expect(assembly.source.role).toBe("consumer");
    expect(assembly.local.cached?.secret.reveal()).toBe(world.platform.latest);
    expect(world.platform.issues).toHaveLength(1);
  });
});

describe("a refresh that a consumer needs", () => {
  it("acquires no lease, and requests nothing from the platform", async () => {
    const world = fleet();
    const { faults, refresh } = assembled(world, { role: "consumer" });
    await expect(within(world.clock, 10, refresh(cold, false))).rejects.toMatchObject({
      reason: "wait",
    });
    expect(faults.calls("tryAcquire")).toBe(0);
    expect(world.platform.issues).toEqual([]);
  });
});

describe("a refresh for a credential that the platform calls dead", () => {
  async function refreshOfDead(changed: (world: Fleet) => Partial<State>) {
    const world = fleet({ latencyMs: 0, quota: { perDay: 20, dayOffsetMs: 0 } });
    await world.write(documentOf(world, changed(world)));
    const { faults, assembly, refresh } = assembled(world);
    await assembly.source.read();
    const refused = assembly.local.cached?.stored.fingerprint;
    const work = within(
      world.clock,
      10,
      refresh({ reason: "rejected", refused, isDead: true }, false),
    );
    return { faults, work, world };
  }

  it("marks it for the others before it waits for time to pass", async () => {
    const { work, world } = await refreshOfDead(({ clock }) => ({
      backOffUntilMs: clock.wallMs() + 60_000,
    }));
    await expect(work).rejects.toMatchObject({ reason: "back-off" });
    expect((await world.document())?.suspect).toMatchObject({ dead: true });
  });

  it("marks it for the others if the day's quota is used up, without a lease", async () => {
    const { faults, work, world } = await refreshOfDead(({ clock }) => ({
      quota: {
        day: Math.floor(clock.wallMs() / 86_400_000),
        used: 20,
        forced: { used: 0, lastAtMs: 0 },
      },
    }));
    await expect(work).rejects.toMatchObject({ code: "QUOTA_EXHAUSTED" });
    expect((await world.document())?.suspect).toMatchObject({ dead: true });
    expect(faults.calls("tryAcquire")).toBe(0);
  });

  it("writes no mark if it replaces it at once", async () => {
    const { faults, work, world } = await refreshOfDead(() => ({}));
    await work;
    expect((await world.document())?.credential?.secret).toBe(world.platform.latest);
    // The claim, the intent and the commit.
    expect(faults.calls("set")).toBe(3);
  });
});

describe("a refresh by an issuer that does not know its own configuration yet", () => {
  function refusedFleet() {
    const world = fleet({ latencyMs: 0 });
    const nowMs = world.clock.wallMs();
    const refusal = { code: "40125", node: "node-9", atMs: nowMs, nextMs: nowMs + 60_000 };
    const known = { revision: "" };
    const issuer = { ...world.platform, revision: () => known.revision };
    const node = assembled(world, { issuer });
    const begin = async () => {
      await world.write({ ...emptyState, refusal: { ...refusal, count: 1, revision: "old" } });
      return watched(node.refresh(cold));
    };
    return { ...node, begin, known, world };
  }

  it("waits two seconds to learn it", async () => {
    const { begin, blocks, world } = refusedFleet();
    const work = await begin();
    await world.clock.advance(1_999);
    expect(work).toEqual({ is: "open" });
    await world.clock.advance(1);
    expect(work).toMatchObject({ is: "failed", error: { reason: "refused" } });
    expect(blocks).toHaveLength(40);
    expect(blocks[0]).toEqual({ kind: "pause", ms: 50, why: "refused" });
  });

  it("continues if it turns out to be another one", async () => {
    const { begin, known, world } = refusedFleet();
    const work = await begin();
    await world.clock.advance(1_000);
    known.revision = "new";
    await world.clock.advance(100);
    expect(work).toEqual({ is: "done" });
  });
});

describe("a refresh of a node with an outcome that is not stored yet", () => {
  /** The store refuses the outcome until after the request can no longer be processed. */
  async function refusedWrites(step: "ok" | "busy", policy: IssuePolicy) {
    const world = fleet({ policy, latencyMs: 200 });
    const node = assembled(world);
    const { clock, platform } = world;
    const input = { secret: "S", expiresInMs: 7_200_000, nextInput: "input" };
    if (policy.kind === "rotate") await seed(node.assembly, node.assembly.source, input);
    const goal = {
      reason: "manual",
      replaces: node.assembly.local.cached?.stored.commitId,
    } as const;
    platform.script(step);
    node.refresh(goal).catch(() => {});
    await clock.advance(100);
    node.faults.refusesWrites = "readonly";
    await clock.advance(24_000);
    // A node that sees an open request for the first time waits for its report.
    for (let reads = 0; reads < 3; reads += 1) {
      await clock.advance(2_000);
      await node.assembly.source.read();
    }
    expect(node.assembly.local.cachedFor(goal)).toBeUndefined();
    node.faults.refusesWrites = undefined;
    return { ...node, goal, world };
  }

  it("keeps its lease, so that no node counts the request as lost", async () => {
    const world = fleet();
    const { faults, refresh } = assembled(world);
    const { clock, platform, store } = world;
    void refresh(cold);
    await clock.advance(100);
    faults.next("set", ...Array.from({ length: 100 }, () => "fail-before" as const));
    await clock.advance(5_000);
    const lock = store.lock().withPrefix("production");
    expect(await lock.tryAcquire(platform.id, "another", 1)).toMatchObject({ acquired: false });
    faults.forget("set");
    await clock.advance(5_000);
    expect(await lock.tryAcquire(platform.id, "another", 1)).toMatchObject({ acquired: true });
    expect((await world.document())?.credential?.secret).toBe(platform.latest);
  });

  it("stores the credential first, and needs no lease", async () => {
    const { faults, goal, assembly, refresh, world } = await refusedWrites("ok", {
      kind: "rotate",
      overlapMs: 0,
    });
    const locks = faults.calls("tryAcquire");
    await within(world.clock, 10, refresh(goal));
    expect(assembly.local.cached?.secret.reveal()).toBe(world.platform.latest);
    expect(faults.calls("tryAcquire")).toBe(locks);
    expect(world.platform.issues).toHaveLength(1);
  });

  it("fetches if the outcome was no credential", async () => {
    const { goal, assembly, refresh, world } = await refusedWrites("busy", {
      kind: "supersede",
      overlapMs: 300_000,
    });
    const asked = world.platform.issues.length;
    await within(world.clock, 5_000, refresh(goal));
    expect(assembly.local.cached?.secret.reveal()).toBe(world.platform.latest);
    expect(world.platform.issues).toHaveLength(asked + 1);
  });
});
