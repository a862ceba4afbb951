import { describe, expect, it } from "vitest";
import type { ScriptedOutcome } from "../testing/index.ts";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

/**
 * The first of three warm nodes has announced a refresh when the store becomes unreachable for all
 * of them, and the platform gives this answer.
 */
async function refusedMeanwhile(
  outcome: ScriptedOutcome,
  overlapMs: number,
  isKilled = false,
  standalone: "never" | "always" = "never",
): Promise<{ world: Fleet; nodes: Node[] }> {
  const policy = { kind: "supersede", overlapMs } as const;
  const world = fleet({ policy, latencyMs: 300, probes: true });
  const { clock, platform } = world;
  const nodes = [world.node({ standalone }), world.node(), world.node()];
  await within(clock, 2 * secondMs, Promise.all(nodes.map((each) => each.get())));
  await clock.advance(10 * minuteMs);
  platform.script(outcome);
  // The intent goes through, and nothing after it.
  nodes[0]!.faults.next(
    "set",
    undefined,
    ...Array.from({ length: 1_000 }, () => "fail-before" as const),
  );
  if (isKilled) {
    platform.revoke(platform.latest!);
    nodes[0]!.reject(nodes[0]!.peek()!).catch(() => {});
  } else nodes[0]!.refresh().catch(() => {});
  await clock.advance(100);
  expect((await world.document())?.intent).toBeDefined();
  for (const each of nodes) each.faults.unreachable = true;
  nodes[0]!.faults.forget("set");
  await clock.advance(secondMs);
  return { world, nodes };
}

const rows = [0, 300_000].flatMap((overlapMs) =>
  [2, 8, 60].map((seconds) => ({ overlapMs, awayMs: seconds * secondMs })),
);

describe("a refusal that could not be recorded because the store was unreachable", () => {
  it.each(rows)(
    "is recorded when the store returns after $awayMs ms, and leaves no doubt (overlap $overlapMs ms)",
    async ({ awayMs, overlapMs }) => {
      for (const outcome of ["unsent", "fatal", "quota"] as const) {
        const { world, nodes } = await refusedMeanwhile(outcome, overlapMs);
        await world.clock.advance(awayMs);
        for (const each of nodes) each.faults.unreachable = false;
        await world.clock.advance(secondMs);
        const stored = await world.document();
        expect([stored?.intent, stored?.doubtSinceMs], outcome).toEqual([undefined, undefined]);
        const issues = world.platform.issues.length;
        await world.clock.advance(5 * minuteMs);
        // A refusal needs no reconciling. A refusal of the account is tried again after a minute.
        const later = world.platform.issues.slice(issues);
        expect(
          later.filter(({ reason }) => reason === "reconcile"),
          outcome,
        ).toEqual([]);
        for (const each of nodes) expect(world.platform.alive(each.peek()!)).toBe(true);
      }
    },
  );

  it("stops the other nodes from sending a request that would be refused too", async () => {
    const { world, nodes } = await refusedMeanwhile("fatal", 0, true);
    world.platform.refuse({ outcome: "fatal", platformCode: "40125" });
    for (const each of nodes) each.faults.unreachable = false;
    await world.clock.advance(100);
    for (const each of nodes) each.reject(world.platform.latest!).catch(() => {});
    for (let seconds = 0; seconds < 50; seconds += 1) {
      for (const each of nodes) each.get().catch(() => {});
      await world.clock.advance(secondMs);
    }
    expect(world.platform.issues).toHaveLength(2);
    expect((await world.document())?.refusal).toMatchObject({ node: "node-1" });
  });

  it("keeps the lease only while the store is unreachable, and is recorded at the latest when its node closes", async () => {
    for (const end of ["return", "close"] as const) {
      const { world, nodes } = await refusedMeanwhile("unsent", 0);
      await world.clock.advance(2 * secondMs);
      nodes[0]!.faults.unreachable = false;
      await (end === "close"
        ? within(world.clock, 5 * secondMs, nodes[0]!.close())
        : world.clock.advance(500));
      expect((await world.document())?.intent, end).toBeUndefined();
      const lock = world.store.lock().withPrefix("production");
      expect(await lock.tryAcquire(world.platform.id, "somebody", 1_000), end).toMatchObject({
        acquired: true,
      });
    }
  });
});

describe("an unknown outcome that could not be recorded, and was resolved by a fetch without the store", () => {
  const settled = [0, 300_000].flatMap((overlapMs) =>
    ["unknown-processed", "unknown-unprocessed"].flatMap((outcome) =>
      ["abandon", "repair"].map((first) => ({ first, outcome, overlapMs })),
    ),
  ) as readonly {
    readonly first: "abandon" | "repair";
    readonly outcome: ScriptedOutcome;
    readonly overlapMs: number;
  }[];

  it.each(settled)(
    "costs no further fetch when the store returns ($outcome, overlap $overlapMs ms, first written: $first)",
    async ({ first, outcome, overlapMs }) => {
      const { world, nodes } = await refusedMeanwhile(outcome, overlapMs, false, "always");
      const { clock, platform } = world;
      // The request can no longer be processed, the platform kills the node's credential, and the
      // node fetches another one by itself.
      await clock.advance(40 * secondMs);
      platform.revoke(nodes[0]!.peek()!.reveal());
      await within(clock, 20 * secondMs, nodes[0]!.reject(nodes[0]!.peek()!));
      const before = platform.issues.length;
      if (first === "repair") nodes[0]!.faults.next("set", "fail-before");
      for (const each of nodes) each.faults.unreachable = false;
      await clock.advance(5 * secondMs);
      const stored = await world.document();
      expect([stored?.intent, stored?.doubtSinceMs]).toEqual([undefined, undefined]);
      expect(stored?.credential?.secret).toBe(platform.latest);
      await clock.advance(6 * minuteMs);
      expect(platform.issues).toHaveLength(before);
      for (const each of nodes) expect(platform.alive(each.peek()!)).toBe(true);
    },
  );
});
