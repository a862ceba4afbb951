/**
 * A credential that could not be stored, and was replaced before the store returned, is never
 * stored afterwards.
 */
import { describe, expect, it } from "vitest";
import type { State } from "../state/state.ts";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

/**
 * The first of two warm nodes fetches without the store if it has to. It has just been issued a
 * credential that it cannot store, when the store becomes unreachable for both.
 */
async function unstored(
  overlapMs: number,
  ageMs: number,
): Promise<{ world: Fleet; nodes: readonly [Node, Node] }> {
  const policy = { kind: "supersede", window: overlapMs === 0 ? 1 : 2, overlapMs } as const;
  const world = fleet({ policy, probes: true, latencyMs: 300 });
  const nodes = [world.node({ standalone: "always" }), world.node()] as const;
  await within(world.clock, 2 * secondMs, Promise.all(nodes.map((each) => each.get())));
  await world.clock.advance(ageMs);
  nodes[0].refresh().catch(() => {});
  await world.clock.advance(150);
  for (const each of nodes) each.faults.unreachable = true;
  await world.clock.advance(secondMs);
  expect(nodes[0].peek()?.reveal()).toBe(world.platform.latest);
  return { world, nodes };
}

/**
 * The platform kills the first node's credential, and the node fetches another one without the
 * store.
 */
async function replaceAlone(world: Fleet, node: Node): Promise<void> {
  world.platform.revoke(node.peek()!.reveal());
  await within(world.clock, 20 * secondMs, node.reject(node.peek()!));
  expect(world.platform.alive(node.peek()!)).toBe(true);
}

describe("a credential that could not be stored, and was replaced without the store", () => {
  const rows = [0, 300_000].flatMap((overlapMs) =>
    [
      { ageMs: 10 * minuteMs, times: 1 },
      { ageMs: 10 * minuteMs, times: 2 },
      { ageMs: 30 * secondMs, times: 2 },
    ].flatMap((row) => ["reading", "offer"].map((first) => ({ ...row, overlapMs, first }))),
  );

  it.each(rows)(
    "is never stored after the store is back (overlap $overlapMs ms, replaced $times times, the previous one aged $ageMs ms, first contact: $first)",
    async ({ ageMs, first, overlapMs, times }) => {
      const { world, nodes } = await unstored(overlapMs, ageMs);
      for (let time = 0; time < times; time += 1) await replaceAlone(world, nodes[0]);
      const { issues } = world.platform;
      const before = issues.length;
      const seen = new Set<string | undefined>();
      await world.cache.withPrefix("production").watch?.(() => {
        for (const { value } of world.store.snapshot().entries.values()) {
          const { credential } = JSON.parse(value) as Partial<State>;
          if (credential !== undefined) seen.add(credential.secret);
        }
      });
      if (first === "offer") nodes[0].faults.next("get", { requestMs: 400 });
      nodes[1].faults.unreachable = false;
      nodes[0].faults.unreachable = false;
      for (let passed = 0; passed < 30; passed += 1) {
        await world.clock.advance(secondMs);
        for (const each of nodes) expect(world.platform.alive(each.peek()!)).toBe(true);
      }
      expect([...seen]).toEqual([world.platform.latest]);
      const stored = await world.document();
      expect([stored?.intent, stored?.doubtSinceMs]).toEqual([undefined, undefined]);
      expect(stored?.quota.used).toBe(before);
      await world.clock.advance(5 * minuteMs);
      expect(issues).toHaveLength(before);
    },
  );
});
