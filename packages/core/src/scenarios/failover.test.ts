import { describe, expect, it } from "vitest";
import type { Secret } from "../secret.ts";
import type { State } from "../state/state.ts";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";
import { runWorkload } from "./workload.fixture.ts";

const overlaps = [0, 300_000] as const;

/** Four warm nodes. */
async function warm(overlapMs: number): Promise<{ world: Fleet; nodes: readonly Node[] }> {
  const world = fleet({
    policy: { kind: "supersede", overlapMs },
    latencyMs: 300,
    probes: true,
  });
  const { clock, node } = world;
  const nodes = [node(), node(), node(), node()];
  await within(clock, 2_000, Promise.all(nodes.map((each) => each.get())));
  await clock.advance(600_000);
  return { world, nodes };
}

/**
 * The first of them has just asked the platform for a new token when the store stops answering all
 * of them.
 */
async function frozenInRefresh(
  overlapMs: number,
): Promise<{ world: Fleet; nodes: readonly Node[]; thaw: (node: Node) => void }> {
  const { world, nodes } = await warm(overlapMs);
  nodes[0]!.refresh().catch(() => {});
  await world.clock.advance(150);
  for (const each of nodes) each.faults.frozen = true;
  return { world, nodes, thaw: (each) => (each.faults.frozen = false) };
}

/**
 * How long the store is unreachable, which node reaches it last, and how much later. Drivers
 * reconnect at times of their own.
 */
const returns = [
  { title: "all at once", lateMs: [0, 0, 0, 0] },
  { title: "the one that was answered last", lateMs: [1_000, 0, 0, 0] },
  { title: "the one that was answered first", lateMs: [0, 800, 900, 1_000] },
];
const rows = overlaps.flatMap((overlapMs) =>
  [4_000, 9_000, 12_000].flatMap((awayMs) =>
    returns.map((each) => ({ ...each, overlapMs, awayMs })),
  ),
);

describe("a store that stops answering while a refresh is under way", () => {
  it.each(rows)(
    "for $awayMs ms, with an overlap of $overlapMs ms: reached again by $title, costs no fetch of its own and no failed call",
    async ({ awayMs, overlapMs, lateMs }) => {
      const { world, nodes, thaw } = await frozenInRefresh(overlapMs);
      const thaws = lateMs.map((ms, index) => [awayMs + ms, nodes[index]!] as const);
      const acts = Object.fromEntries(
        thaws.map(([atMs]) => [
          atMs,
          () => thaws.forEach(([dueMs, node]) => void (dueMs === atMs && thaw(node))),
        ]),
      );
      const { failures, slowestMs } = await runWorkload(world, nodes, 35_000, acts);
      expect(failures).toEqual([]);
      expect(world.platform.issues).toHaveLength(2);
      expect((await world.document())?.credential?.secret).toBe(world.platform.latest);
      expect(slowestMs).toBeLessThanOrEqual(awayMs + Math.max(...lateMs) + 2_000);
    },
  );
});

describe("a token that the platform killed, and whose replacement is in flight when the store fails,", () => {
  it.each(rows)(
    "costs one fetch and no failed call if the store is unreachable for $awayMs ms with an overlap of $overlapMs ms, and is reached again by $title",
    async ({ awayMs, overlapMs, lateMs }) => {
      const { world, nodes } = await warm(overlapMs);
      world.platform.revoke(world.platform.latest!);
      const freeze = (frozen: boolean, due: readonly boolean[]): void =>
        nodes.forEach((node, at) => void (due[at] && (node.faults.frozen = frozen)));
      const acts: Record<number, () => void> = {
        200: () => freeze(true, [true, true, true, true]),
      };
      for (const ms of new Set(lateMs))
        acts[200 + awayMs + ms] = () =>
          freeze(
            false,
            lateMs.map((late) => late === ms),
          );
      const { failures, slowestMs } = await runWorkload(world, nodes, 35_000, acts);
      expect(failures).toEqual([]);
      expect(world.platform.issues).toHaveLength(2);
      expect(slowestMs).toBeLessThanOrEqual(awayMs + Math.max(...lateMs) + 2_000);
    },
  );
});

describe.each(overlaps)(
  "with an overlap of %i ms, a refresh during which the store",
  (overlapMs) => {
    it.each(["asked for", "caused by a kill", "asked for, and nobody is told"])(
      "is emptied fails no call and delays none, and its doubt is not reconciled early: %s",
      async (cause) => {
        const { world, nodes } = await warm(overlapMs);
        const empty = { entries: new Map(), leases: new Map() };
        world.platform.script({ requestMs: 300, replyMs: 300 });
        const begin = (): void => {
          if (cause === "caused by a kill") world.platform.revoke(world.platform.latest!);
          else nodes[0]!.refresh().catch(() => {});
        };
        const flush = (): void => {
          const isSilent = cause.endsWith("nobody is told");
          for (const node of nodes) node.faults.losesMessages = isSilent;
          world.store.failOver(empty);
          void world.clock
            .settle()
            .then(() => nodes.forEach((node) => (node.faults.losesMessages = false)));
        };
        const { failures, slowestMs } = await runWorkload(world, nodes, 100_000, {
          0: begin,
          200: flush,
        });
        expect(failures).toEqual([]);
        // If the present token is dead when the nodes notice, none can write it back, and all know
        // of the request.
        expect(world.platform.issues.length).toBeLessThanOrEqual(
          cause === "asked for" && overlapMs === 0 ? 3 : 2,
        );
        expect(slowestMs).toBeLessThanOrEqual(2_000);
      },
    );

    it("is emptied and at once repaired by another node costs no second request", async () => {
      const { world, nodes } = await warm(overlapMs);
      world.platform.script({ requestMs: 300, replyMs: 1_500 });
      nodes[0]!.refresh().catch(() => {});
      await world.clock.advance(100);
      world.store.failOver({ entries: new Map(), leases: new Map() });
      nodes[1]!.faults.unreachable = true;
      nodes[1]!.faults.unreachable = false;
      await world.clock.advance(350);
      expect((await world.document())?.credential).toBeDefined();
      const used = nodes[2]!.peek()!;
      world.platform.revoke(used.reveal());
      const healed = await within(world.clock, 5_000, nodes[2]!.reject(used));
      expect(healed.replaced && world.platform.alive(healed.secret)).toBe(true);
      expect(world.platform.issues).toHaveLength(2);
    });

    it("fails over to a replica without the refresh's writes fails no call, and costs at most one surplus fetch", async () => {
      const { world, nodes } = await warm(overlapMs);
      const image = world.store.snapshot();
      const reach = (unreachable: boolean) => (): void =>
        nodes.forEach((node) => (node.faults.unreachable = unreachable));
      const { failures, slowestMs } = await runWorkload(world, nodes, 300_000, {
        0: () => void nodes[0]!.refresh().catch(() => {}),
        200: () => reach(true)(),
        2_200: () => {
          world.store.failOver(image);
          reach(false)();
        },
      });
      expect(failures).toEqual([]);
      expect(world.platform.issues.length).toBeLessThanOrEqual(3);
      expect(slowestMs).toBeLessThanOrEqual(4_000);
    });
  },
);

describe("a call whose token was refused, while the stored one is alive but in doubt, and another node's request is open", () => {
  async function reporting(): Promise<{
    world: Fleet;
    node: Node;
    old: Secret;
    report: (open: Partial<State>) => Promise<void>;
  }> {
    const { world, nodes } = await warm(300_000);
    const [one, two] = nodes as [Node, Node];
    const old = two.peek()!;
    two.faults.losesMessages = true;
    await within(world.clock, 2_000, one.refresh());
    world.platform.revoke(old.reveal());
    const report = async (open: Partial<State>): Promise<void> =>
      world.write({ ...(await world.document())!, ...open });
    return { world, node: two, old, report };
  }
  const openAt = (atMs: number): Partial<State> => ({
    doubtSinceMs: atMs,
    outcomeId: "theirs",
    intent: { epoch: atMs + 1_000, operationId: "theirs", atMs },
  });

  it("waits until the request is reported, and sends nothing itself", async () => {
    const { world, node, old, report } = await reporting();
    const { clock, platform } = world;
    await report(openAt(clock.wallMs()));
    const answer = node.reject(old);
    await clock.advance(3_000);
    const { intent: _, ...stored } = (await world.document())!;
    await world.write(stored);
    const { replaced } = await within(clock, 2_100, answer);
    expect([replaced, platform.issues.length]).toEqual([true, 2]);
    await clock.advance(100_000);
    expect(platform.issues).toHaveLength(2);
  });

  it("waits only as long as the platform may still process that request, and never longer than waitMs", async () => {
    for (const [storeAwayMs, withinMs] of [
      [0, 15_100],
      [12_000, 20_100],
      [16_000, 20_100],
    ] as const) {
      const { world, node, old, report } = await reporting();
      const { clock, platform } = world;
      node.faults.unreachable = storeAwayMs > 0;
      const answer = node.reject(old);
      await clock.advance(storeAwayMs);
      await report(openAt(clock.wallMs()));
      node.faults.unreachable = false;
      const verdict = await within(clock, withinMs - storeAwayMs, answer);
      expect(verdict.replaced && platform.alive(verdict.secret)).toBe(true);
      expect(platform.issues).toHaveLength(2);
    }
  });
});

describe("with an overlap of 0, a doubt that a failover left", () => {
  it('is settled after the drain without a fetch, by one node\'s probe that the platform answers with "alive"', async () => {
    const { world, nodes } = await warm(0);
    await world.write({
      ...(await world.document())!,
      outcomeId: "doubted",
      doubtSinceMs: world.clock.wallMs(),
    });
    await world.clock.advance(300_000);
    expect(await world.document()).not.toHaveProperty("doubtSinceMs");
    expect([world.platform.issues.length, world.platform.probesMade]).toEqual([1, 1]);
    expect(
      nodes.flatMap((node) => node.typesOf()).filter((type) => type === "reconciled"),
    ).toHaveLength(1);
  });

  it('costs a fetch when the platform answers the probe with "dead"', async () => {
    const { world, nodes } = await warm(0);
    const lost = world.platform.issueElsewhere();
    await world.write({
      ...(await world.document())!,
      outcomeId: "doubted",
      doubtSinceMs: world.clock.wallMs(),
    });
    await world.clock.advance(300_000);
    expect(world.platform.alive(lost)).toBe(false);
    expect(world.platform.issues).toHaveLength(2);
    expect(nodes.every((node) => world.platform.alive(node.peek()!))).toBe(true);
  });
});

describe("a leader that waits until an earlier request must have been processed", () => {
  it.each([0, 1])(
    "stops waiting as soon as node %i finds the stored token dead, so no call waits",
    async (finder) => {
      const { world, nodes } = await warm(300_000);
      const { clock, document, platform, write } = world;
      await write({
        ...(await document())!,
        outcomeId: "unknown",
        inFlightUntilMs: clock.wallMs() + 15_000,
        doubtSinceMs: clock.wallMs(),
      });
      await clock.advance(500);
      nodes[0]!.refresh().catch(() => {});
      await clock.advance(1_000);
      expect(platform.issues).toHaveLength(1);
      platform.revoke(platform.latest!);
      const { failures, slowestMs } = await runWorkload(world, [nodes[finder]!], 5_000);
      expect(failures).toEqual([]);
      expect(slowestMs).toBeLessThanOrEqual(1_500);
    },
  );
});
