import { describe, expect, it } from "vitest";
import { credential, type Credential, type CredentialOptions } from "../index.ts";
import { scriptedIssuer, seededRandom } from "../testing/index.ts";
import { answering, fleet, within, type Fleet } from "./fleet.fixture.ts";

/** A node whose events have no listener. */
function quiet(
  { clock, platform, store }: Fleet,
  name: string,
  options: Partial<CredentialOptions> = {},
): Credential {
  return credential({
    issuer: platform,
    cache: store.cache(),
    lock: store.lock(),
    environment: "production",
    node: name,
    clock,
    random: seededRandom(name),
    ...options,
  });
}

const hourMs = 3_600_000;

describe("the background of a credential without uses", () => {
  it("lets a credential that was used once expire, with at most one more fetch in a week without calls", async () => {
    const world = fleet();
    const one = quiet(world, "one");
    await within(world.clock, 2_000, one.get());
    await world.clock.advance(7 * 24 * hourMs);
    expect(world.platform.issues.length).toBeLessThanOrEqual(2);
    await within(world.clock, 2_000, one.get());
    expect(one.peek()?.reveal()).toBe(world.platform.latest);
  });

  it("counts a use for the whole lifetime, even if the platform returns the same credential", async () => {
    const world = fleet({ policy: { kind: "sliding" } });
    const { clock, platform } = world;
    const ends = new Map<string, number>();
    const sameUntilItsEnd = answering(platform, (issued) => {
      const [present, endMs] = [...ends].at(-1) ?? ["", 0];
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs > 0) return { ...issued, secret: present, expiresInMs: leftMs };
      const secret = `ticket-${ends.size + 1}`;
      ends.set(secret, clock.monotonicMs() + 2 * hourMs);
      return { ...issued, secret, expiresInMs: 2 * hourMs };
    });
    const one = quiet(world, "one", { issuer: sameUntilItsEnd });
    await within(clock, 2_000, one.get());
    await clock.advance(hourMs);
    one.peek();
    await clock.advance(hourMs + 60_000);
    expect([...ends.keys()].at(-1)).toBe(one.peek()?.reveal());
    expect(ends.size).toBe(2);
  });

  it("does not use up the quota when credentials live one second", async () => {
    const world = fleet();
    const one = quiet(world, "one");
    world.platform.script({ expiresInMs: 1_000 });
    await within(world.clock, 2_000, one.get()).catch(() => undefined);
    for (let lives = 0; lives < 3_000; lives += 1) world.platform.script({ expiresInMs: 1_000 });
    await world.clock.advance(27 * 60_000);
    expect(world.platform.issues.length).toBeLessThanOrEqual(5);
  });

  it("keeps a credential fresh that is used from memory, that has keepAlive, or that has a listener", async () => {
    const world = fleet();
    const used = quiet(world, "used");
    await within(world.clock, 2_000, used.get());
    for (let hours = 0; hours < 24; hours += 1) {
      await world.clock.advance(hourMs);
      expect(used.peek()?.reveal()).toBe(world.platform.latest);
    }
    expect(world.platform.issues.length).toBeGreaterThanOrEqual(12);
    await used.close();

    for (const keep of [{ keepAlive: true }, "watch"] as const) {
      const other = fleet();
      const one = quiet(other, "one", keep === "watch" ? {} : keep);
      if (keep === "watch") one.watch(() => {});
      await within(other.clock, 2_000, one.get());
      await other.clock.advance(24 * hourMs);
      expect(other.platform.issues.length).toBeGreaterThanOrEqual(12);
      expect(one.peek()?.reveal()).toBe(other.platform.latest);
    }
  });

  it.each([true, false])(
    "continues to refresh for a consumer on another node, which writes at most once a lifetime (messages: %s)",
    async (pushesChanges) => {
      const world = fleet({ pushesChanges });
      const owner = quiet(world, "owner");
      await within(world.clock, 2_000, owner.get());
      const consumer = quiet(world, "consumer", { role: "consumer" });
      await within(world.clock, 2_000, consumer.get());
      const marks = new Set<number | undefined>();
      for (let minutes = 0; minutes < 24 * 60; minutes += 10) {
        await world.clock.advance(600_000);
        expect(consumer.peek(), `after ${minutes} min`).toBeDefined();
        marks.add((await world.document())?.usedAtMs);
      }
      expect(marks.size).toBeGreaterThanOrEqual(10);
      expect(marks.size).toBeLessThanOrEqual(13);
      // No caller uses it any more, so it expires.
      await consumer.close();
      await world.clock.advance(6 * hourMs);
      const { length } = world.platform.issues;
      await world.clock.advance(48 * hourMs);
      expect(world.platform.issues.length).toBe(length);
    },
  );

  it("does not keep a credential fresh for a listener that only observes", async () => {
    const world = fleet();
    const one = quiet(world, "one");
    const types: string[] = [];
    one.watch(({ type }) => types.push(type), { keepsFresh: false });
    await within(world.clock, 2_000, one.get());
    await world.clock.advance(24 * hourMs);
    expect(world.platform.issues.length).toBeLessThanOrEqual(2);
    expect(types).toContain("refreshed");
  });

  it("keeps a credential fresh for a listener on a consumer, as long as it listens", async () => {
    const world = fleet();
    await within(world.clock, 2_000, quiet(world, "owner").get());
    const consumer = quiet(world, "consumer", { role: "consumer" });
    const stop = consumer.watch(() => {});
    await within(world.clock, 2_000, consumer.get());
    await world.clock.advance(24 * hourMs);
    expect(consumer.status()).toMatchObject({ state: "fresh" });
    expect(world.platform.issues.length).toBeGreaterThanOrEqual(12);
    stop();
    await world.clock.advance(6 * hourMs);
    const { length } = world.platform.issues;
    await world.clock.advance(24 * hourMs);
    expect(world.platform.issues.length).toBe(length);
  });

  it.each(["owner", "consumer"] as const)(
    "reads an expired credential that nobody uses no more often than a used one (%s)",
    async (role) => {
      const world = fleet();
      const owner = quiet(world, "owner");
      await within(world.clock, 2_000, owner.get());
      const idle = role === "owner" ? owner : quiet(world, "consumer", { role });
      await within(world.clock, 2_000, idle.get());
      if (role === "consumer") await owner.close();
      await world.clock.advance(24 * hourMs);
      const { commands } = world.store;
      await world.clock.advance(24 * hourMs);
      expect(world.store.commands - commands).toBeLessThanOrEqual(24 * 15);
    },
  );

  it("keeps a credential fresh whose only user is its child", async () => {
    const world = fleet();
    const { clock } = world;
    const parent = quiet(world, "parent");
    const issuer = scriptedIssuer({ clock, latencyMs: 10, id: "test:child:wx1" });
    const child = quiet(world, "child", { issuer, parent, keepAlive: true });
    await within(clock, 2_000, child.get());
    for (let hours = 0; hours < 24; hours += 1) {
      await clock.advance(hourMs);
      expect(parent.peek()?.reveal()).toBe(world.platform.latest);
    }
    expect(world.platform.issues.length).toBeGreaterThanOrEqual(12);
  });

  it("starts again for a consumer that comes after the credential expired", async () => {
    const world = fleet();
    await within(world.clock, 2_000, quiet(world, "owner").get());
    await world.clock.advance(24 * hourMs);
    const consumer = quiet(world, "consumer", { role: "consumer" });
    expect((await within(world.clock, 20_000, consumer.get())).reveal()).toBe(
      world.platform.latest,
    );
  });
});
