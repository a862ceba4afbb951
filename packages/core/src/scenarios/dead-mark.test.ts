/**
 * A credential that the document calls dead, by the platform's verdict, is out of use on every node
 * that reads it.
 */
import { describe, expect, it } from "vitest";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

const minuteMs = 60_000;

/** Two warm nodes; the platform kills their token, and answers the next request after 3 s. */
async function killed(): Promise<{ world: Fleet; one: Node; two: Node }> {
  const world = fleet({ probes: true });
  const slow = {
    ...world.platform,
    issue: async (request: Parameters<Fleet["platform"]["issue"]>[0]) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      world.clock.setTimer(world.platform.issues.length === 0 ? 0 : 3_000, resolve);
      await promise;
      return world.platform.issue(request);
    },
  };
  const [one, two] = [world.node({ issuer: slow }), world.node({ issuer: slow })];
  await within(world.clock, 5_000, Promise.all([one.get(), two.get()]));
  await world.clock.advance(10 * minuteMs);
  world.platform.revoke(world.platform.latest!);
  return { world, one, two };
}

describe("a credential that the document calls dead", () => {
  it("is no longer handed out by a node that holds it, even if its own calls were not refused", async () => {
    const { world, one, two } = await killed();
    const dead = two.peek()!;
    const healed = one.reject(one.peek()!);
    await world.clock.advance(500);
    expect((await world.document())?.suspect?.dead).toBe(true);
    expect(two.peek()).toBeUndefined();
    const waiting = two.get();
    await within(world.clock, 5_000, healed);
    const next = await within(world.clock, 1_000, waiting);
    expect(next.fingerprint).not.toBe(dead.fingerprint);
    expect(world.platform.alive(next)).toBe(true);
    expect(world.platform.issues).toHaveLength(2);
  });

  it("is replaced by an owner without callers if a consumer marked it", async () => {
    const { world, one } = await killed();
    const consumer = world.node({ role: "consumer" });
    await within(world.clock, 1_000, consumer.get());
    consumer.reject(consumer.peek()!).catch(() => {});
    await world.clock.advance(8_000);
    expect(one.peek()?.reveal()).toBe(world.platform.latest);
    expect(world.platform.issues).toHaveLength(2);
  });

  it("is handed out again when the mark is removed", async () => {
    const world = fleet({ probes: true });
    const one = world.node();
    const secret = await within(world.clock, 5_000, one.get());
    await world.clock.advance(minuteMs);
    const state = (await world.document())!;
    const { fingerprint } = state.credential!;
    const suspect = { fingerprint, atMs: state.credential!.sentAtMs + 1, dead: true } as const;
    // Marked by a node whose request is in flight, so this node does not act.
    const atMs = state.credential!.sentAtMs + minuteMs;
    const intent = { epoch: state.credential!.epoch + 1, operationId: "other", atMs };
    const lock = world.store.lock().withPrefix("production");
    await lock.tryAcquire(world.platform.id, "other", 60_000);
    await world.write({ ...state, suspect, intent });
    await world.clock.advance(500);
    expect(one.peek()).toBeUndefined();
    await world.write(state);
    await world.clock.advance(500);
    expect(one.peek()).toBe(secret);
    expect(world.platform.issues).toHaveLength(1);
  });
});
