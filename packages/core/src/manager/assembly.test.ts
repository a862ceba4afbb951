/** The effects of a credential's parts on each other. */
import { describe, expect, it } from "vitest";
import { fleet, within } from "../scenarios/fleet.fixture.ts";
import type { CredentialOptions } from "../credential.ts";
import { contextFrom } from "../fleet/context.ts";
import { Assembly } from "./assembly.ts";
import { Closing } from "../time/closing.ts";
import { assembled, lifetimeMs, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState } from "../state/state.ts";

const stable = { kind: "stable", renewWithinMs: 300_000 } as const;
const cold = { reason: "cold" } as const;

describe("an assembled credential", () => {
  it("is an owner unless it is configured as a consumer", () => {
    const world = fleet();
    expect(assembled(world).assembly.source.role).toBe("owner");
    expect(assembled(world, { role: "owner" }).assembly.source.role).toBe("owner");
    expect(assembled(world, { role: "consumer" }).assembly.source.role).toBe("consumer");
    expect(() => assembled(world, { role: "both" as never })).toThrow("role must be");
  });

  it.each([
    [{ kind: "supersede", overlapMs: 0 }, undefined, false],
    [{ kind: "supersede", overlapMs: 0 }, "warn", true],
    [stable, undefined, true],
    [{ kind: "sliding" }, undefined, true],
    [stable, "error", false],
  ] as const)(
    "may share its id with another environment if neither kills the other's token: %o, %s",
    async (policy, onConflict, shares) => {
      const world = fleet({ policy, latencyMs: 0 });
      await within(world.clock, 1_000, assembled(world).refresh(cold));
      const staging = assembled(world, {
        environment: "staging",
        ...(onConflict && { onConflict }),
      });
      const work = within(world.clock, 1_000, staging.refresh(cold));
      if (shares) await work;
      else await expect(work).rejects.toMatchObject({ code: "CREDENTIAL_CONFLICT" });
      expect(staging.assembly.local.isUsable).toBe(shares);
      // Environments that share by default are in no conflict.
      const conflicts = staging.events.filter(({ type }) => type === "claim-conflicted");
      expect(conflicts).toHaveLength(onConflict === undefined && shares ? 0 : 1);
    },
  );

  it.each([
    [stable, undefined, true],
    [stable, "never", false],
    [{ kind: "supersede", overlapMs: 0 }, undefined, false],
  ] as const)(
    "fetches without its store only if that harms no other node: %o, %s",
    async (policy, standalone, fetches) => {
      const world = fleet({ policy, latencyMs: 0 });
      const { faults, refresh } = assembled(world, standalone && { standalone });
      faults.unreachable = true;
      const work = within(world.clock, 100, refresh(cold, false));
      if (fetches) await work;
      else await expect(work).rejects.toMatchObject({ reason: "store" });
    },
  );

  it("keeps its documents and its lease under its environment", async () => {
    const world = fleet({ latencyMs: 0 });
    await within(world.clock, 1_000, assembled(world, { environment: "staging" }).refresh(cold));
    expect((await world.document("staging"))?.credential).toBeDefined();
    const lock = world.store.lock().withPrefix("production");
    await lock.tryAcquire(world.platform.id, "x", 60_000);
    const staging = world.store.lock().withPrefix("staging");
    expect(await staging.tryAcquire(world.platform.id, "y", 1)).toMatchObject({ acquired: true });
  });

  it("serves its callers and updates its schedule when its copy changes", async () => {
    const world = fleet();
    const { assembly, faults } = assembled(world, { keepAlive: true });
    await world.store.lock().withPrefix("production").tryAcquire(world.platform.id, "x", 60_000);
    const waiting = assembly.singleFlight.ensure(cold);
    await world.clock.advance(100);
    assembly.background.start();
    await world.write({ ...emptyState, credential: storedAt(world.clock.wallMs()) });
    expect((await within(world.clock, 100, waiting)).reveal()).toBe("secret-1");
    // From now on it is refreshed ahead of its end.
    await world.clock.advance(7_200_000);
    expect(world.platform.issues.length).toBeGreaterThan(0);
    expect(faults.calls()).toBeGreaterThan(0);
  });

  it.each([true, false])(
    "is needed for a lifetime after a call, and always with keepAlive: %s",
    async (keepAlive) => {
      const world = fleet();
      const { clock, platform, store } = world;
      const options: CredentialOptions = {
        issuer: platform,
        cache: store.cache(),
        lock: store.lock(),
        environment: "production",
        keepAlive,
        clock,
      };
      // It has no listener, because a listener would be a need too.
      const assembly = new Assembly(contextFrom(options), options, new Closing());
      const { demand } = assembly;
      expect(demand.isWanted(undefined)).toBe(keepAlive);
      assembly.admitCaller();
      expect(demand.isWanted(undefined)).toBe(true);
      await clock.advance(lifetimeMs);
      expect(demand.isWanted(undefined)).toBe(keepAlive);
    },
  );

  it("serves callers that wait for another node's lease as soon as it has a credential", async () => {
    const world = fleet();
    const { assembly } = assembled(world);
    await world.store.lock().withPrefix("production").tryAcquire(world.platform.id, "x", 60_000);
    const waiting = assembly.singleFlight.ensure(cold);
    await world.clock.advance(100);
    const credential = storedAt(world.clock.wallMs());
    assembly.local.adopt({ ...emptyState, credential }, credential);
    expect((await within(world.clock, 0, waiting)).reveal()).toBe("secret-1");
  });

  it("restarts the waiting time for an open request when the store is back", async () => {
    const { clock, ...world } = fleet();
    const { assembly } = assembled({ clock, ...world });
    const intent = { epoch: 1, operationId: "1", atMs: clock.wallMs() };
    const open = { ...emptyState, intent };
    assembly.lostRequests.waitMs(open);
    await clock.advance(1_500);
    assembly.onStoreRecovered();
    expect(assembly.lostRequests.waitMs(open)).toBe(2_000);
  });

  it("refreshes in the background at once when the store is back", async () => {
    const world = fleet({ latencyMs: 0 });
    const { assembly, faults, refresh } = assembled(world, { keepAlive: true });
    await within(world.clock, 1_000, refresh(cold));
    assembly.background.start();
    await world.clock.advance(5_000);
    faults.unreachable = true;
    await world.clock.advance(lifetimeMs + 300_000);
    const { length } = world.platform.issues;
    faults.unreachable = false;
    await assembly.source.document.read();
    await world.clock.advance(100);
    expect(world.platform.issues).toHaveLength(length + 1);
  });

  it("continues everything that waited for the store when it is back", async () => {
    const world = fleet({ latencyMs: 200 });
    const { assembly, context, faults, refresh } = assembled(world);
    const work = refresh(cold);
    await world.clock.advance(100);
    faults.unreachable = true;
    await within(world.clock, 1_000, work);
    await world.clock.advance(60_000);
    expect((await world.document())?.credential).toBeUndefined();
    faults.unreachable = false;
    // Any successful command shows that.
    await assembly.source.document.read();
    await world.clock.settle();
    expect(context.health.isReachable).toBe(true);
    expect((await world.document())?.credential?.secret).toBe(world.platform.latest);
  });

  it("accepts a lease or its refusal as proof that the lock works", async () => {
    const world = fleet();
    const { assembly, faults } = assembled(world);
    await assembly.tryLease();
    expect([faults.calls("tryAcquire"), faults.calls("release")]).toEqual([1, 1]);
    const lock = world.store.lock().withPrefix("production");
    expect(await lock.tryAcquire(world.platform.id, "x", 60_000)).toMatchObject({ acquired: true });
    await assembly.tryLease();
    expect([faults.calls("tryAcquire"), faults.calls("release")]).toEqual([2, 1]);
    faults.unreachable = true;
    await expect(assembly.tryLease()).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
  });

  it("creates the parts that only refusals need once, at the first refusal", () => {
    const { assembly } = assembled(fleet());
    const { replacement } = assembly;
    expect(assembly.replacement).toBe(replacement);
  });
});
