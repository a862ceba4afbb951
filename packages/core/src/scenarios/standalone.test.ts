import { describe, expect, it } from "vitest";
import { Secret } from "../index.ts";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const stable = { kind: "stable", renewWithinMs: 300_000 } as const;
const supersede = { kind: "supersede", overlapMs: 300_000 } as const;

/** Calls every ten seconds, whatever the result. */
async function callFor(world: Fleet, node: Node, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 10 * secondMs) {
    node.get().catch(() => {});
    await world.clock.advance(10 * secondMs);
  }
}

function away(world: Fleet, options: Parameters<Fleet["node"]>[0] = {}): Node {
  const node = world.node({ standalone: "always", ...options });
  node.faults.unreachable = true;
  return node;
}

describe.each([
  ["an issuer whose fetches harm nobody", stable],
  ["a node that was told to fetch alone", supersede],
])("without a store, %s", (_, policy) => {
  it.each(["account", "node"] as const)(
    "remembers a refusal that concerns the %s, and sends one request in each retry period",
    async (scope) => {
      const world = fleet({ policy });
      const mend = world.platform.refuse({ outcome: "fatal", platformCode: "40164", scope });
      const one = away(world);
      await callFor(world, one, minuteMs - 10 * secondMs);
      expect(world.platform.issues).toHaveLength(1);
      await callFor(world, one, hourMs);
      // After a minute, then every 7 to 9.
      expect(world.platform.issues.length).toBeLessThanOrEqual(2 + 60 / 7);
      expect(world.platform.issues.length).toBeGreaterThanOrEqual(60 / 9);
      mend();
      await world.clock.advance(10 * minuteMs);
      expect(world.platform.alive(await within(world.clock, secondMs, one.get()))).toBe(true);
    },
  );

  it("reports a refused parent, has it replaced once, and backs off if the parent was not the cause", async () => {
    const world = fleet({ policy });
    const told: { name: string; doubtful: boolean | undefined }[] = [];
    let generation = 0;
    const parentOf = (): Secret => new Secret(`parent-${generation}`, `parent-${generation}`);
    const parent = {
      get: async () => parentOf(),
      reject: async (refused: Secret | string, { doubtful }: { doubtful?: boolean } = {}) => {
        told.push({ name: typeof refused === "string" ? refused : refused.reveal(), doubtful });
        if (doubtful) return { replaced: false as const };
        generation += 1;
        return { replaced: true as const, secret: parentOf() };
      },
    };
    world.platform.refuse({ outcome: "parent", platformCode: "40001" });
    const child = away(world, { parent });
    child.get().catch(() => {});
    await world.clock.advance(5 * secondMs);
    expect(told[0]).toEqual({ name: "parent-0", doubtful: false });
    await callFor(world, child, 10 * minuteMs);
    expect(generation).toBe(1);
    // After 1, 2, 4 … 60 s, and no faster because of the calls.
    expect(world.platform.issues.length).toBeLessThanOrEqual(20);
    expect((await world.document())?.credential).toBeUndefined();
  });

  it("asks a busy platform again at once, as with a store", async () => {
    const world = fleet({ policy });
    world.platform.script("busy");
    expect(world.platform.alive(await within(world.clock, 2 * secondMs, away(world).get()))).toBe(
      true,
    );
  });

  it("reports no contention and uses no fallback, because the fleet's requests are unknown", async () => {
    const world = fleet({ policy, probes: true });
    const fallback = { ...world.platform, id: "test:stable:wx0123456789abcdef", policy: stable };
    const one = world.node({
      standalone: "always",
      issuer: { ...world.platform, fallback },
      onContention: "fallback",
    });
    await within(world.clock, 2 * secondMs, one.get());
    one.faults.unreachable = true;
    for (let kills = 0; kills < 4; kills += 1) {
      await world.clock.advance(minuteMs);
      const secret = await within(world.clock, secondMs, one.get());
      world.platform.revoke(secret.reveal());
      const { replaced } = await within(world.clock, 5 * secondMs, one.reject(secret));
      expect(replaced).toBe(true);
    }
    expect(one.typesOf()).not.toContain("contended");
    expect(one.typesOf()).not.toContain("switched");
    one.faults.unreachable = false;
    await world.clock.advance(5 * minuteMs);
    expect((await world.document())?.contention.count).toBe(0);
    expect((await world.document())?.credential?.secret).toBe(world.platform.latest);
  });

  it("does not return to a credential that it could not store when the store returns", async () => {
    const world = fleet({ policy, probes: true, latencyMs: 300 });
    const one = world.node({ standalone: "always" });
    await within(world.clock, 2 * secondMs, one.get());
    await world.clock.advance(2 * minuteMs);
    // The intent goes through, the commit does not.
    world.platform.revoke(world.platform.latest!);
    one.reject(one.peek()!).catch(() => {});
    await world.clock.advance(400);
    one.faults.unreachable = true;
    await world.clock.advance(2 * secondMs);
    const unstored = one.peek()!;
    expect(unstored.reveal()).toBe(world.platform.latest);
    world.platform.revoke(unstored.reveal());
    await within(world.clock, 5 * secondMs, one.reject(unstored));
    const newer = one.peek()!;
    expect(world.platform.alive(newer)).toBe(true);
    one.faults.unreachable = false;
    const issues = world.platform.issues.length;
    for (let passed = 0; passed < 30; passed += 1) {
      await world.clock.advance(secondMs);
      expect(world.platform.alive(one.peek()!)).toBe(true);
    }
    expect((await world.document())?.credential?.secret).toBe(newer.reveal());
    expect(world.platform.issues).toHaveLength(issues);
  });
});
