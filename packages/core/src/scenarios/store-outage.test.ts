import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

describe("a store", () => {
  it("that is unreachable is never treated as a miss: a cold node rejects after three seconds", async () => {
    for (const fault of ["unreachable", "frozen"] as const) {
      const { clock, node, platform } = fleet();
      const one = node();
      one.faults[fault] = true;
      await expect(within(clock, 4_100, one.get())).rejects.toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
        reason: "store",
        cause: { code: "CACHE_UNAVAILABLE" },
      });
      expect(platform.issues).toHaveLength(0);
      one.faults[fault] = false;
      await within(clock, 2_000, one.get());
      expect(platform.issues).toHaveLength(1);
    }
  });

  it.each(["supersede", "rotate"] as const)(
    "that holds a newer release's document when an answer arrives loses nothing: %s",
    async (kind) => {
      const rotates = kind === "rotate";
      const { cache, clock, document, node, platform } = fleet({
        latencyMs: 2_000,
        ...(rotates && { policy: { kind: "rotate", overlapMs: 300_000 } }),
      });
      const one = node();
      if (rotates)
        await within(
          clock,
          5_000,
          one.seed({ secret: "S0", expiresInMs: 7_200_000, nextInput: "R0" }),
        );
      else await within(clock, 5_000, one.get());
      await clock.advance(60_000);
      const refreshed = one.refresh().catch((error: unknown) => error);
      await clock.advance(1_000);
      const stored = (await cache.withPrefix("production").get(platform.id))!.value;
      await cache
        .withPrefix("production")
        .set(platform.id, JSON.stringify({ ...JSON.parse(stored), v: 2 }));
      await clock.advance(3_000);
      if (rotates) expect(await refreshed).toMatchObject({ code: "UNREADABLE_ENTRY" });
      else expect(one.peek()?.reveal()).toBe(platform.latest);
      await cache.withPrefix("production").set(platform.id, stored);
      await clock.advance(120_000);
      expect((await document())?.credential?.secret).toBe(platform.latest);
      expect(one.peek()?.reveal()).toBe(platform.latest);
    },
  );

  it("that is failing over while a process starts is waited for", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    one.faults.unreachable = true;
    const first = one.get();
    await clock.advance(2_000);
    one.faults.unreachable = false;
    await within(clock, 1_500, first);
    expect(platform.issues).toHaveLength(1);
  });

  it("that does not answer after a node was notified of a change is asked again soon", async () => {
    const { clock, node, platform } = fleet();
    const [one, two] = [node(), node()];
    await within(clock, 2_000, Promise.all([one.get(), two.get()]));
    await clock.advance(60_000);
    // The reads after the messages about the request and its outcome.
    one.faults.next("get", "fail-before", "fail-before");
    await within(clock, 2_000, two.refresh());
    await clock.advance(1_500);
    expect(one.peek()?.reveal()).not.toBe(platform.latest);
    await clock.advance(3_000);
    expect(one.peek()?.reveal()).toBe(platform.latest);
  });

  it("that is unreachable lets a warm node serve to the hard deadline and report that it is degraded", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    one.faults.unreachable = true;
    await clock.advance(7_100_000);
    expect(platform.alive(one.peek()!)).toBe(true);
    expect(platform.issues).toHaveLength(1);
    expect(
      one.typesOf().filter((type) => type === "store-unavailable" || type === "kept-stale"),
    ).toEqual(["store-unavailable", "kept-stale"]);
    one.faults.unreachable = false;
    await clock.advance(60_000);
    expect(one.typesOf()).toContain("store-recovered");
    expect(platform.issues).toHaveLength(2);
  });

  it("that goes down before the commit loses no issued credential: it is served, then stored", async () => {
    const { clock, node, platform, document } = fleet();
    const one = node();
    const waiting = one.get();
    await clock.advance(150);
    one.faults.unreachable = true;
    const secret = await within(clock, 5_000, waiting);
    expect(secret.reveal()).toBe(platform.latest);
    expect((await document())?.credential).toBeUndefined();
    await clock.advance(30_000);
    one.faults.unreachable = false;
    await clock.advance(20_000);
    expect((await document())?.credential?.secret).toBe(platform.latest);
    expect(platform.issues).toHaveLength(1);
  });

  it("that loses its answer to a write counts the write once", async () => {
    const { clock, node, platform, document } = fleet();
    const one = node();
    one.faults.next("set", undefined, "fail-after", undefined, "fail-after");
    await within(clock, 5_000, one.get());
    expect((await document())?.quota.used).toBe(1);
    expect((await document())?.credential?.generation).toBe(1);
    expect(platform.issues).toHaveLength(1);
  });

  it("that lost writes in a failover is repaired without a fetch by a node that knows them", async () => {
    const { clock, node, platform, store, document } = fleet();
    const nodes = [node(), node(), node()];
    await within(clock, 2_000, Promise.all(nodes.map((each) => each.get())));
    const image = store.snapshot();
    await clock.advance(600_000);
    await within(clock, 5_000, nodes[0]!.refresh());
    await clock.advance(1_000);
    store.failOver(image);
    await clock.advance(1_000);
    expect((await document())?.credential?.secret).toBe(platform.latest);
    expect(platform.issues).toHaveLength(2);
    expect(
      nodes.flatMap((each) => each.typesOf()).filter((type) => type === "repaired"),
    ).toHaveLength(1);
    expect(new Set(nodes.map((each) => each.peek()?.reveal()))).toEqual(new Set([platform.latest]));
  });

  it("that was emptied is repaired without a fetch", async () => {
    const { clock, node, platform, store, document } = fleet();
    const empty = store.snapshot();
    const one = node();
    await within(clock, 2_000, one.get());
    store.failOver(empty);
    await clock.advance(1_000);
    expect((await document())?.credential?.secret).toBe(platform.latest);
    expect(platform.issues).toHaveLength(1);
  });

  it("that holds an unreadable document causes no fetch, and the document is not overwritten", async () => {
    const { clock, node, platform, cache } = fleet();
    for (const text of ['{"v":2}', "garbage", '{"v":1}', "[]", '{"v":1,"__proto__":{"v":1}}']) {
      await cache.withPrefix("production").set(platform.id, text);
      const one = node();
      await expect(within(clock, 2_000, one.get())).rejects.toMatchObject({
        code: "UNREADABLE_ENTRY",
      });
      expect((await cache.withPrefix("production").get(platform.id))?.value).toBe(text);
      expect(one.typesOf()).toContain("unreadable");
    }
    expect(platform.issues).toHaveLength(0);
  });

  it("that is unreachable does not stop the fetch of a stable credential, which is the same for every node", async () => {
    const { clock, node, platform } = fleet({ policy: { kind: "stable", renewWithinMs: 300_000 } });
    const nodes = [node(), node()];
    for (const each of nodes) each.faults.unreachable = true;
    const [one, two] = await within(clock, 3_000, Promise.all(nodes.map((each) => each.get())));
    expect(one!.reveal()).toBe(two!.reveal());
    expect(platform.alive(one!)).toBe(true);
  });
});

describe("a node without a store", () => {
  it("uses the store's clock, not its own, once the store answers", async () => {
    const { clock, node, platform, document } = fleet({
      policy: { kind: "stable", renewWithinMs: 300_000 },
    });
    clock.stepWall(86_400_000);
    const one = node();
    one.faults.unreachable = true;
    await within(clock, 3_000, one.get());
    clock.stepWall(-86_400_000);
    one.faults.unreachable = false;
    await clock.advance(300_000);
    await within(clock, 3_000, one.get());
    const expiresAtMs = (await document())?.credential?.expiresAtMs ?? 0;
    expect(expiresAtMs - clock.wallMs()).toBeLessThanOrEqual(7_200_000);
    expect(platform.alive(one.peek()!)).toBe(true);
  });
});

describe("a node whose credential waits to be stored", () => {
  it("keeps serving that credential when it reads an earlier one meanwhile", async () => {
    const { clock, node, platform, document, write } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    const before = (await document())!;
    await clock.advance(400_000);
    // The request leaves, and from then on none of this node's writes succeed.
    one.faults.next("set", undefined, ...Array.from({ length: 8 }, () => "fail-before" as const));
    const latest = await within(clock, 5_000, one.refresh());
    const earlier = {
      ...before.credential!,
      epoch: before.credential!.epoch + 1,
      generation: 2,
      sentAtMs: clock.wallMs() - 1_000,
      expiresAtMs: clock.wallMs() + 7_000_000,
    };
    await write({
      ...before,
      credential: { ...earlier, secret: "stray", fingerprint: "stray", commitId: "stray" },
    });
    await clock.advance(300);
    expect(one.peek()?.reveal()).toBe(latest.reveal());
    await clock.advance(60_000);
    expect((await document())?.credential?.secret).toBe(platform.latest);
    expect(one.peek()?.reveal()).toBe(platform.latest);
    expect(one.events.filter(({ type }) => type === "adopted")).toEqual([]);
  });
});
