/**
 * Cases that the simulation found: a credential was handed out although the document, or the
 * platform, knew better.
 */
import { describe, expect, it } from "vitest";
import { credential } from "../index.ts";
import { manualClock, scriptedIssuer, seededRandom, simulatedStore } from "../testing/index.ts";
import { fleet, within } from "./fleet.fixture.ts";

describe("a credential that may not be the live one", () => {
  it("is not handed out by a node that starts after another one reported it as refused", async () => {
    const { clock, node, platform } = fleet();
    const [one, two] = [node(), node()];
    const dead = await within(clock, 1_000, one.get());
    await clock.advance(600_000);
    platform.issueElsewhere();
    platform.issueElsewhere();
    platform.script({ outcome: "unknown-unprocessed" });
    const healed = one.reject(dead);
    await clock.advance(1_000);
    const first = await within(clock, 25_000, two.get());
    expect(platform.alive(first)).toBe(true);
    await within(clock, 25_000, healed);
  });

  it("is probed before it replaces a refused one, while the document is in doubt", async () => {
    const { clock, node, platform, document, write } = fleet({
      probes: true,
      pushesChanges: false,
    });
    const [one, two] = [node(), node()];
    const old = await within(clock, 1_000, one.get());
    await within(clock, 1_000, two.get());
    await clock.advance(600_000);
    await within(clock, 5_000, one.refresh());
    // Two requests whose answers were lost: the stored credential is dead, and the document says
    // that this is possible.
    platform.issueElsewhere();
    platform.issueElsewhere();
    const stored = await document();
    await write({ ...stored!, doubtSinceMs: clock.wallMs() });
    const answer = await within(clock, 25_000, two.reject(old));
    expect(answer.replaced && platform.alive(answer.secret)).toBe(true);
  });

  it("is not used while a request that will kill it is in flight", async () => {
    const { clock, node, platform, document, write } = fleet({
      pushesChanges: false,
      latencyMs: 3_000,
    });
    const [one, two] = [node(), node()];
    const old = await within(clock, 5_000, one.get());
    await within(clock, 5_000, two.get());
    await clock.advance(600_000);
    await within(clock, 5_000, one.refresh());
    const stored = await document();
    await write({ ...stored!, doubtSinceMs: clock.wallMs() });
    platform.issueElsewhere();
    // The stored credential is alive until this request is processed. Then two newer ones exist.
    const refreshed = one.refresh();
    await clock.advance(1_000);
    const answer = await within(clock, 25_000, two.reject(old));
    await within(clock, 25_000, refreshed);
    expect(answer.replaced && platform.alive(answer.secret)).toBe(true);
  });

  it("is handed out during a stalled node's request if a superseded credential keeps working", async () => {
    const { clock, node, platform, document, write } = fleet({
      pushesChanges: false,
      probes: true,
    });
    const [one, two] = [node(), node()];
    const old = await within(clock, 5_000, one.get());
    await within(clock, 5_000, two.get());
    await clock.advance(600_000);
    await within(clock, 5_000, one.refresh());
    platform.revoke(old.reveal());
    const stored = await document();
    const atMs = clock.wallMs();
    await write({
      ...stored!,
      doubtSinceMs: atMs,
      intent: { epoch: atMs, operationId: "paused", atMs },
    });
    expect(await within(clock, 8_500, two.reject(old))).toMatchObject({ replaced: true });
  });
});

it("a node with a wrong clock counts the life of the first credential by the store's clock", async () => {
  const clock = manualClock();
  const store = simulatedStore({
    clock,
    random: seededRandom("store"),
    nowMs: () => clock.worldMs(),
  });
  clock.stepWall(86_400_000);
  const node = credential({
    issuer: scriptedIssuer({ clock }),
    cache: store.cache(),
    lock: store.lock(),
    environment: "production",
    node: "tomorrow",
    clock,
    random: seededRandom("node"),
  });
  await within(clock, 1_000, node.get());
  expect(node.status().remainingMs).toBeLessThanOrEqual(7_200_000);
  await node.close();
});
