import { describe, expect, it } from "vitest";
import { IssueError, type Issuer } from "../index.ts";
import { fleet, within } from "./fleet.fixture.ts";

const secondMs = 1_000;

async function ownerAndConsumer({ probes = false, pushesChanges = true } = {}) {
  const policy = { kind: "supersede", overlapMs: 300_000 } as const;
  const world = fleet({ policy, probes, pushesChanges });
  const { clock } = world;
  const [owner, consumer] = [world.node(), world.node({ role: "consumer" })];
  await within(clock, 2 * secondMs, owner.get());
  await within(clock, 2 * secondMs, consumer.get());
  await clock.advance(secondMs);
  return { ...world, owner, consumer };
}

describe("a consumer whose owner has no callers", () => {
  it("is served soon after an operator's reset", async () => {
    const { clock, platform, owner, consumer } = await ownerAndConsumer();
    const before = platform.latest;
    await within(clock, secondMs, owner.reset());
    await clock.advance(100);
    const secret = await within(clock, 3 * secondMs, consumer.get());
    expect(secret.reveal()).toBe(platform.latest);
    expect(secret.reveal()).not.toBe(before);
    expect(platform.issues).toHaveLength(2);
  });

  it.each([40, 50, 60])(
    "is not delayed by the owner's pause after attempts that failed until %i s past 7 000 s",
    async (lateS) => {
      const { clock, platform, store, owner, consumer } = await ownerAndConsumer();
      // Another process holds the lease in the refresh window, so the owner's pauses grow.
      const lock = store.lock().withPrefix("production");
      await clock.advance(6_000 * secondMs);
      for (let held = 0; held < 100 + lateS / 10; held += 1) {
        await lock.tryAcquire(platform.id, "somebody", 60 * secondMs);
        await clock.advance(10 * secondMs);
      }
      await lock.release(platform.id, "somebody");
      const used = consumer.peek()!;
      platform.revoke(used.reveal());
      const rejection = await within(clock, secondMs, consumer.reject(used));
      expect(rejection.replaced && platform.alive(rejection.secret)).toBe(true);
      expect(owner.peek()?.reveal()).toBe(platform.latest);
      expect(platform.issues).toHaveLength(2);
    },
  );

  it.each([100, 120, 140, 160])(
    "is served soon after a store is back that was unreachable for %i s while its owner fetched",
    async (awayS) => {
      const { clock, platform, consumer, ...world } = await ownerAndConsumer();
      await world.owner.close();
      const restarted = world.node({ standalone: "always" });
      restarted.faults.unreachable = true;
      platform.revoke(platform.latest!);
      await within(clock, 5 * secondMs, restarted.get());
      await clock.advance(awayS * secondMs);
      restarted.faults.unreachable = false;
      const rejection = await within(clock, 3 * secondMs, consumer.reject(consumer.peek()!));
      expect(rejection.replaced && platform.alive(rejection.secret)).toBe(true);
    },
  );

  it.each(
    (["unreachable", "readonly"] as const).flatMap((trouble) =>
      [true, false].flatMap((pushesChanges) =>
        (["always", "never"] as const).map((standalone) => ({
          pushesChanges,
          standalone,
          trouble,
        })),
      ),
    ),
  )(
    "is served soon after its owner has the store again, which its token did not survive: $trouble, messages: $pushesChanges, standalone: $standalone",
    async ({ trouble, pushesChanges, standalone }) => {
      for (const awayS of [100, 600]) {
        const world = await ownerAndConsumer({ pushesChanges });
        const { clock, platform, consumer } = world;
        await world.owner.close();
        const owner = world.node({ standalone });
        await within(clock, secondMs, owner.get());
        await clock.advance(300 * secondMs);
        if (trouble === "unreachable") owner.faults.unreachable = true;
        else owner.faults.refusesWrites = trouble;
        const used = owner.peek()!;
        platform.revoke(used.reveal());
        consumer.reject(used).catch(() => {});
        owner.reject(used).catch(() => {});
        await clock.advance(30 * secondMs);
        const calls = owner.faults.calls();
        await clock.advance((awayS - 30) * secondMs);
        expect(owner.faults.calls() - calls).toBeLessThanOrEqual(4 * awayS);
        const waiting = consumer.reject(used);
        await clock.advance(secondMs);
        owner.faults.unreachable = false;
        owner.faults.refusesWrites = undefined;
        // Without a store and without messages, this owner has not heard of the refusal.
        const isUnheard = trouble === "unreachable" && !pushesChanges && standalone === "never";
        const rejection = await within(clock, (isUnheard ? 12 : 1.9) * secondMs, waiting);
        expect(rejection.replaced && platform.alive(rejection.secret)).toBe(true);
        expect(platform.issues).toHaveLength(2);
      }
    },
  );

  it.each([5, 65, 125, 185])(
    "is served within its wait where the store reports no changes, %i s after the owner read",
    async (afterS) => {
      const { clock, platform, consumer } = await ownerAndConsumer({ pushesChanges: false });
      await clock.advance(300 * secondMs + afterS * secondMs);
      const used = consumer.peek()!;
      platform.revoke(used.reveal());
      const rejection = await within(clock, 11 * secondMs, consumer.reject(used));
      expect(rejection.replaced && platform.alive(rejection.secret)).toBe(true);
      expect(platform.issues).toHaveLength(2);
    },
  );

  it.each([true, false])(
    "is served soon after it started and the store had lost everything (messages: %s)",
    async (pushesChanges) => {
      const { cache, clock, owner, platform, ...world } = await ownerAndConsumer({ pushesChanges });
      // The owner has read the consumer's mark.
      await clock.advance(240 * secondMs);
      const document = cache.withPrefix("production");
      const { value } = (await document.get(platform.id))!;
      await document.set(platform.id, value, { ttlMs: 1 });
      await clock.advance(30 * secondMs);
      const another = world.node({ role: "consumer" });
      const waitMs = (pushesChanges ? 3 : 11) * secondMs;
      expect((await within(clock, waitMs, another.get())).fingerprint).toBe(
        owner.peek()?.fingerprint,
      );
      expect(platform.issues).toHaveLength(1);
    },
  );

  it.each([
    { pushesChanges: true, probes: true },
    { pushesChanges: true, probes: false },
    { pushesChanges: false, probes: true },
    { pushesChanges: false, probes: false },
  ])(
    "is served soon after its call was refused and the store had lost everything: %o",
    async ({ pushesChanges, probes }) => {
      const world = await ownerAndConsumer({ pushesChanges, probes });
      const { cache, clock, consumer, platform } = world;
      await clock.advance(240 * secondMs);
      const document = cache.withPrefix("production");
      const { value } = (await document.get(platform.id))!;
      await document.set(platform.id, value, { ttlMs: 1 });
      await clock.advance(secondMs);
      const used = consumer.peek()!;
      platform.revoke(used.reveal());
      const waitMs = (pushesChanges ? 5 : 13) * secondMs;
      const rejection = await within(clock, waitMs, consumer.reject(used));
      expect(rejection.replaced && platform.alive(rejection.secret)).toBe(true);
    },
  );

  it("is served soon after the owner has another AppSecret in place of a refused one", async () => {
    const { clock, node, platform } = fleet();
    let secret = "old";
    const issuer: Issuer = {
      id: platform.id,
      policy: platform.policy,
      lifetimeMs: platform.lifetimeMs,
      revision: () => secret,
      issue: (request) =>
        secret === "old"
          ? Promise.reject(new IssueError("fatal", "The secret is wrong.", { scope: "account" }))
          : platform.issue(request),
    };
    const [owner, consumer] = [node({ issuer }), node({ issuer, role: "consumer" })];
    consumer.get().catch(() => {});
    await expect(within(clock, 2 * secondMs, owner.get())).rejects.toThrow("The secret is wrong.");
    await clock.advance(30 * secondMs);
    secret = "new";
    await clock.advance(secondMs);
    expect((await within(clock, secondMs, consumer.get())).reveal()).toBe(platform.latest);
  });
});
