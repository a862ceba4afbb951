import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

describe("a store in trouble", () => {
  it("is never taken for a miss: a cold node rejects after three seconds of trying and fetches nothing", async () => {
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
    "that holds a document of a newer release for a moment, when an answer comes, loses nothing: %s",
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

  it("that is failing over when a process starts is waited for", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    one.faults.unreachable = true;
    const first = one.get();
    await clock.advance(2_000);
    one.faults.unreachable = false;
    await within(clock, 1_500, first);
    expect(platform.issues).toHaveLength(1);
  });

  it("that does not answer when a node hears of a change is asked again soon", async () => {
    const { clock, node, platform } = fleet();
    const [one, two] = [node(), node()];
    await within(clock, 2_000, Promise.all([one.get(), two.get()]));
    await clock.advance(60_000);
    // The readings at the news of the request and of its outcome.
    one.faults.next("get", "fail-before", "fail-before");
    await within(clock, 2_000, two.refresh());
    await clock.advance(1_500);
    expect(one.peek()?.reveal()).not.toBe(platform.latest);
    await clock.advance(3_000);
    expect(one.peek()?.reveal()).toBe(platform.latest);
  });

  it("lets a warm node serve to the hard deadline without fetching, and says so", async () => {
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

  it("does not lose what was issued when it goes down before the commit: it is served, then stored", async () => {
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

  it("counts a write once whose answer was lost", async () => {
    const { clock, node, platform, document } = fleet();
    const one = node();
    one.faults.next("set", undefined, "fail-after", undefined, "fail-after");
    await within(clock, 5_000, one.get());
    expect((await document())?.quota.used).toBe(1);
    expect((await document())?.credential?.generation).toBe(1);
    expect(platform.issues).toHaveLength(1);
  });

  it("is written again by a node that knows what a failover lost, without a fetch", async () => {
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

  it("is written again after it was emptied", async () => {
    const { clock, node, platform, store, document } = fleet();
    const empty = store.snapshot();
    const one = node();
    await within(clock, 2_000, one.get());
    store.failOver(empty);
    await clock.advance(1_000);
    expect((await document())?.credential?.secret).toBe(platform.latest);
    expect(platform.issues).toHaveLength(1);
  });

  it("may hold what this release must not use: nothing is fetched and nothing overwritten", async () => {
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

  it("does not stop a stable credential: it is the same for everybody", async () => {
    const { clock, node, platform } = fleet({ policy: { kind: "stable", renewWithinMs: 300_000 } });
    const nodes = [node(), node()];
    for (const each of nodes) each.faults.unreachable = true;
    const [one, two] = await within(clock, 3_000, Promise.all(nodes.map((each) => each.get())));
    expect(one!.reveal()).toBe(two!.reveal());
    expect(platform.alive(one!)).toBe(true);
  });
});

describe("a platform in trouble", () => {
  it("is asked again when it was busy, within the same lease", async () => {
    const { clock, node, platform } = fleet();
    platform.script("busy", "busy");
    await within(clock, 5_000, node().get());
    expect(platform.issues.map(({ outcome }) => outcome)).toEqual(["busy", "busy", "ok"]);
  });

  it.each([
    { answer: "that asks for patience", busy: { outcome: "busy", retryAfterMs: 5_000 } as const },
    { answer: "that may be repeated at once", busy: { outcome: "busy" } as const },
  ])(
    "backs the whole fleet off after an answer $answer: attempts do not grow with the number of nodes",
    async ({ busy }) => {
      for (const size of [1, 10]) {
        const { clock, node, platform } = fleet();
        platform.script(...Array.from({ length: 10_000 }, () => busy));
        const nodes = Array.from({ length: size }, () => node());
        for (let second = 0; second < 600; second += 1) {
          for (const each of nodes) each.get().catch(() => {});
          await clock.advance(1_000);
        }
        expect(platform.issues.length).toBeLessThanOrEqual(Math.log2(60) + 600 / 60 + 3);
        await Promise.all(nodes.map((each) => each.close()));
      }
    },
  );

  it("is asked by callers no more often than by itself while it refuses, and at once when an operator asks", async () => {
    const { clock, node, platform } = fleet();
    platform.refuse({ outcome: "fatal", platformCode: "40125" });
    const one = node();
    await expect(within(clock, 5_000, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      retryable: false,
      reason: "refused",
      cause: { platformCode: "40125" },
    });
    for (let call = 0; call < 100; call += 1) {
      await expect(within(clock, 5_000, one.get())).rejects.toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
      });
      await clock.advance(60_000);
    }
    const tries = platform.issues.length;
    expect(tries).toBeLessThanOrEqual(2 + 100 / 7);
    expect(one.typesOf()).toContain("refused-fatally");
    await expect(within(clock, 5_000, one.refresh())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    expect(platform.issues).toHaveLength(tries + 1);
  });

  it("owes a reconciling refresh after an answer that was lost, made late and after the drain", async () => {
    const { clock, node, platform, document } = fleet();
    const nodes = [node(), node()];
    await within(clock, 2_000, Promise.all(nodes.map((each) => each.get())));
    platform.script({ outcome: "unknown-processed" });
    await clock.advance(7_200_000 - 120_000);
    expect(platform.issues.length).toBeGreaterThanOrEqual(3);
    await clock.advance(300_000);
    const state = await document();
    expect(state?.doubtSinceMs).toBeUndefined();
    expect(state?.credential?.secret).toBe(platform.latest);
    expect(nodes.flatMap((each) => each.typesOf())).toContain("reconciled");
  });

  it("is asked again for an old doubt no sooner than the present credential's overlap calls for", async () => {
    const { clock, node, platform, document, write } = fleet();
    await within(clock, 2_000, node().get());
    const state = (await document())!;
    await write({ ...state, doubtSinceMs: state.credential!.sentAtMs - 500_000 });
    await clock.advance(150_000);
    expect(platform.issues).toHaveLength(1);
    await clock.advance(60_000);
    expect(platform.issues.map(({ reason }) => reason)).toEqual(["cold", "reconcile"]);
    expect((await document())?.doubtSinceMs).toBeUndefined();
  });

  it("is told nothing when the ledger is at its cap", async () => {
    const { clock, node, platform } = fleet({
      policy: { kind: "supersede", overlapMs: 0 },
    });
    const one = node({ parameters: { quotaPerDay: 20 } });
    await within(clock, 2_000, one.get());
    await within(clock, 2_000, one.reconcileQuota({ used: 19, remaining: 1 }));
    await within(clock, 2_000, one.refresh());
    await clock.advance(600_000);
    platform.issueElsewhere();
    await expect(within(clock, 20_000, one.reject(one.peek()!))).rejects.toMatchObject({
      code: "QUOTA_EXHAUSTED",
      resetsInMs: expect.any(Number),
    });
    expect(platform.issues).toHaveLength(2);
    await clock.advance(86_400_000);
    await within(clock, 20_000, one.get());
    expect(platform.issues.length).toBeGreaterThan(2);
  });

  it("is named to a caller whose patience ends while it is being asked again", async () => {
    const { clock, node, platform } = fleet();
    platform.script({ outcome: "unsent", platformCode: "ECONNREFUSED" }, { requestMs: 60_000 });
    const one = node({ parameters: { waitMs: 4_000 } });
    await expect(within(clock, 4_001, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      reason: "back-off",
      cause: { platformCode: "ECONNREFUSED" },
    });
    expect(platform.issues).toHaveLength(2);
  });

  it("may hang: the deadline ends the request, and what it did is in doubt", async () => {
    const { clock, node, platform } = fleet();
    platform.script({ requestMs: 60_000 });
    const one = node();
    await within(clock, 12_000, one.get());
    expect(platform.issues).toHaveLength(2);
    expect(one.status().inDoubt).toBe(true);
  });

  it("may call back into what it is asked for: an error, not a deadlock", async () => {
    const { clock, node, platform } = fleet();
    const one: ReturnType<typeof node> = node({
      issuer: {
        ...platform,
        issue: async () => ({ secret: (await one.get()).reveal(), expiresInMs: 1 }),
      },
    });
    await expect(within(clock, 30_000, one.get())).rejects.toMatchObject({
      code: "RECURSIVE_REFRESH",
    });
  });
});

describe("a credential that has almost run out", () => {
  it("is replaced by a node that starts cold in its last seconds, and by one that reports an older one then", async () => {
    for (const start of ["get", "reject"] as const) {
      const { clock, node, platform } = fleet();
      const first = node();
      await within(clock, 2_000, first.get());
      await first.close();
      await clock.advance(7_200_000 - 10_000);
      const late = node();
      const wanted: Promise<unknown> = start === "get" ? late.get() : late.reject("an-older-token");
      await within(clock, 5_000, wanted);
      expect(platform.issues).toHaveLength(2);
      expect(platform.alive(late.peek()!)).toBe(true);
    }
  });
});

describe("a store that fell back by two generations", () => {
  it("is not believed by a node that knows only the last two", async () => {
    const { clock, node, platform, store, document } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    const image = store.snapshot();
    await clock.advance(400_000);
    await within(clock, 5_000, one.refresh());
    const two = node();
    await within(clock, 5_000, two.get());
    await one.close();
    await clock.advance(400_000);
    await within(clock, 5_000, two.refresh());
    store.failOver(image);
    await clock.advance(1_000);
    expect((await document())?.credential?.secret).toBe(platform.latest);
    expect(two.peek()?.reveal()).toBe(platform.latest);
    expect(platform.issues).toHaveLength(3);
  });
});

describe("a node without a store", () => {
  it("believes the store's clock, not its own, once the store answers", async () => {
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
  it("does not go back and forth when it reads an earlier one meanwhile", async () => {
    const { clock, node, platform, document, write } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    const before = (await document())!;
    await clock.advance(400_000);
    // The request leaves, and from then on nothing of this node's is written.
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
