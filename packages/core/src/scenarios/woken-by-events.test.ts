/** Work for which an event shows the right moment does not wait for a timer. */
import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

const secondMs = 1_000;

describe("an owner that fetched without the store, which sends no messages", () => {
  it.each([10, 60, 200])(
    "stores its credential within a minute of the store's return, for a consumer that waits: away for %i s",
    async (awaySeconds) => {
      const policy = { kind: "supersede", overlapMs: 300_000 } as const;
      const world = fleet({ policy, probes: true, pushesChanges: false });
      const { clock, platform } = world;
      const owner = world.node({ standalone: "always" });
      const consumer = world.node({ role: "consumer" });
      await within(clock, 2 * secondMs, Promise.all([owner.get(), consumer.get()]));
      await clock.advance(60 * secondMs);
      owner.faults.unreachable = true;
      platform.revoke(platform.latest!);
      await within(clock, 20 * secondMs, owner.reject(owner.peek()!));
      await clock.advance(awaySeconds * secondMs);
      owner.faults.unreachable = false;
      await clock.advance(Math.min(60, awaySeconds) * secondMs + 10 * secondMs);
      expect((await world.document())?.credential?.secret).toBe(platform.latest);
      const replaced = await within(clock, 2 * secondMs, consumer.reject(consumer.peek()!));
      expect(replaced).toMatchObject({ replaced: true });
    },
  );
});

describe("an owner that pauses after refreshes that failed, while its credential still works", () => {
  it("ends that pause when a consumer finds the credential dead", async () => {
    const policy = { kind: "supersede", overlapMs: 300_000 } as const;
    const world = fleet({ policy, probes: true });
    const { clock, platform } = world;
    const owner = world.node({ keepAlive: true });
    const consumer = world.node({ role: "consumer" });
    await within(clock, 2 * secondMs, Promise.all([owner.get(), consumer.get()]));
    const busy = { outcome: "unsent" as const };
    platform.script(busy, busy, busy);
    while (platform.issues.length < 4) await clock.advance(secondMs);
    // The third failure in a row: the owner pauses for 16 to 24 s, because it has a credential.
    platform.revoke(platform.latest!);
    const replaced = consumer.reject(consumer.peek()!);
    expect(await within(clock, 9 * secondMs, replaced)).toMatchObject({ replaced: true });
  });
});

describe("a store that returns while its owner fetches without it", () => {
  it("has the credential as soon as the platform answers", async () => {
    const policy = { kind: "supersede", overlapMs: 300_000 } as const;
    const world = fleet({ policy, latencyMs: 3 * secondMs, probes: true });
    const { clock, platform } = world;
    const [owner, other] = [world.node({ standalone: "always" }), world.node()];
    await within(clock, 10 * secondMs, Promise.all([owner.get(), other.get()]));
    await clock.advance(60 * secondMs);
    owner.faults.unreachable = true;
    platform.revoke(platform.latest!);
    const replaced = owner.reject(owner.peek()!);
    await clock.advance(secondMs);
    expect(platform.issues).toHaveLength(2);
    owner.faults.unreachable = false;
    // A read finds the store back, before there is anything to write.
    await within(clock, secondMs, owner.reconcileQuota({ used: 2, remaining: 1_998 }));
    await within(clock, 10 * secondMs, replaced);
    await clock.advance(100);
    expect((await world.document())?.credential?.secret).toBe(platform.latest);
  });
});
