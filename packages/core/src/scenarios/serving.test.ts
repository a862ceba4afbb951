import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

describe("a credential", () => {
  it("is fetched once at a cold start, however many callers and nodes need it", async () => {
    const { clock, node, platform } = fleet();
    const nodes = Array.from({ length: 8 }, () => node());
    const secrets = await within(
      clock,
      2_000,
      Promise.all(nodes.flatMap((each) => Array.from({ length: 50 }, () => each.get()))),
    );
    expect(platform.issues).toHaveLength(1);
    expect(new Set(secrets.map((secret) => secret.reveal()))).toEqual(new Set([platform.latest]));
  });

  it("reaches all waiting callers of other processes with the commit, without polling", async () => {
    const { clock, node, store } = fleet();
    const nodes = Array.from({ length: 32 }, () => node());
    const waiting = Promise.all(nodes.map((each) => each.get()));
    await clock.advance(195);
    const before = store.commands;
    await clock.advance(10);
    await within(clock, 10, waiting);
    expect(store.commands - before).toBeLessThanOrEqual(32 * 2 + 4);
    await Promise.all(nodes.map((each) => each.close()));
  });

  it("costs a new leading node eight store commands, and a waiting node four", async () => {
    const { clock, node, store } = fleet();
    const nodes = [node(), node()];
    await within(clock, 1_000, Promise.all(nodes.map((each) => each.get())));
    expect(store.commands).toBe(8 + 4);
    await Promise.all(nodes.map((each) => each.close()));
  });

  it("is served from memory without any store command while it is fresh", async () => {
    const { clock, node, store } = fleet();
    const one = node();
    const first = await within(clock, 1_000, one.get());
    const before = store.commands;
    expect(await one.get()).toBe(first);
    expect(one.peek()).toBe(first);
    expect(store.commands).toBe(before);
    expect(one.status()).toMatchObject({
      state: "fresh",
      generation: 1,
      uses: 3,
      role: "owner",
      quota: { used: 1 },
    });
  });

  it("is adopted by a node that comes later, without a fetch", async () => {
    const { clock, node, platform } = fleet();
    await within(clock, 1_000, node().get());
    const late = node();
    await within(clock, 1_000, late.get());
    expect(platform.issues).toHaveLength(1);
    expect(late.typesOf()).toEqual(["adopted"]);
  });

  it("is read again by a node when its subscription begins", async () => {
    const { clock, node, platform } = fleet({ latencyMs: 10 });
    const one = node();
    await within(clock, 1_000, one.get());
    const late = node();
    await within(clock, 10, late.get());
    await within(clock, 50, one.refresh());
    expect(late.peek()?.reveal()).not.toBe(platform.latest);
    await clock.advance(100);
    expect(late.peek()?.reveal()).toBe(platform.latest);
  });

  it("does nothing while it is only constructed", async () => {
    const { clock, node, platform, store } = fleet();
    const idle = node();
    await clock.advance(86_400_000);
    expect(platform.issues).toHaveLength(0);
    expect(store.commands).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    expect(idle.peek()).toBeUndefined();
    expect(idle.status()).toMatchObject({ state: "none", storeReachable: undefined });
  });

  it("rejects a caller whose signal has aborted before any I/O, and one that aborts later alone", async () => {
    const { clock, node, platform, store } = fleet();
    const one = node();
    await expect(one.get({ signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
    expect(store.commands).toBe(0);
    const leaver = new AbortController();
    const left = one.get({ signal: leaver.signal });
    const stayed = one.get();
    await clock.advance(50);
    leaver.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    expect((await within(clock, 1_000, stayed)).reveal()).toBe(platform.latest);
    expect(platform.issues).toHaveLength(1);
  });

  it("is never handed out after its hard deadline", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    await within(clock, 1_000, one.get());
    platform.script(...Array.from({ length: 2_000 }, () => "unknown-unprocessed" as const));
    await clock.advance(7_200_000 - 31_000);
    expect(one.peek()).toBeDefined();
    await clock.advance(31_000);
    expect(one.peek()).toBeUndefined();
    await expect(within(clock, 60_000, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      retryable: true,
    });
  });
});

describe("an operator's refresh", () => {
  it("fetches a new credential also when the store evicted the document", async () => {
    const { cache, clock, node, platform } = fleet({ pushesChanges: false });
    const one = node();
    const old = await within(clock, 1_000, one.get());
    await clock.advance(60_000);
    await cache.withPrefix("production").delete(platform.id);
    expect((await within(clock, 5_000, one.refresh())).fingerprint).not.toBe(old.fingerprint);
    expect(platform.issues).toHaveLength(2);
  });

  it("fetches a new credential also when the stored one is suspect and this node holds the previous one", async () => {
    const { clock, document, node, platform, write } = fleet({ pushesChanges: false });
    const [one, two] = [node(), node()];
    const old = await within(clock, 1_000, one.get());
    await within(clock, 1_000, two.get());
    await clock.advance(40_000);
    await within(clock, 5_000, two.refresh());
    const state = (await document())!;
    await write({
      ...state,
      suspect: { fingerprint: state.credential!.fingerprint, atMs: state.credential!.issuedAtMs },
    });
    expect((await within(clock, 5_000, one.refresh())).fingerprint).not.toBe(old.fingerprint);
    expect(platform.issues).toHaveLength(3);
  });
});

describe("a caller that joins a long wait late", () => {
  it("waits for its own waitMs", async () => {
    const { clock, node, platform, store } = fleet();
    const one = node();
    await store.lock().withPrefix("production").tryAcquire(platform.id, "somebody", 21_000);
    const first = one.get();
    first.catch(() => {});
    await clock.advance(19_500);
    const second = one.get();
    await expect(within(clock, 1_000, first)).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      reason: "wait",
    });
    expect(platform.alive(await within(clock, 5_000, second))).toBe(true);
  });
});

describe("refreshing ahead", () => {
  it("costs one fetch per lifetime with 1, 3 and 10 nodes, before any caller has to wait", async () => {
    for (const size of [1, 3, 10]) {
      const { clock, node, platform } = fleet();
      const nodes = Array.from({ length: size }, () => node());
      await within(clock, 2_000, Promise.all(nodes.map((each) => each.get())));
      for (let hour = 0; hour < 20; hour += 1) {
        await clock.advance(3_600_000);
        for (const each of nodes) expect(platform.alive(each.peek()!)).toBe(true);
      }
      const lifetimes = Math.floor((20 * 3_600_000) / (7_200_000 - 900_000));
      expect(platform.issues.length).toBeGreaterThanOrEqual(lifetimes);
      expect(platform.issues.length).toBeLessThanOrEqual(lifetimes + 2);
      expect(platform.concurrencyMax).toBe(1);
      expect(nodes.every((each) => !each.typesOf().includes("in-doubt"))).toBe(true);
      await Promise.all(nodes.map((each) => each.close()));
      await clock.advance(500);
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it("works without messages from the store, by reading repeatedly", async () => {
    const { clock, node, platform } = fleet({ pushesChanges: false });
    const nodes = [node(), node(), node()];
    await within(clock, 3_000, Promise.all(nodes.map((each) => each.get())));
    expect(platform.issues).toHaveLength(1);
    for (let step = 0; step < 600; step += 1) {
      await clock.advance(60_000);
      for (const each of nodes) expect(platform.alive(each.peek()!)).toBe(true);
    }
  });

  it("reads as often as without messages after a message was missed, until a message arrives again", async () => {
    const { clock, node } = fleet();
    const [one, two] = [node(), node()];
    await within(clock, 2_000, one.get());
    await within(clock, 2_000, two.get());
    /** The longest time between two reads of the second node within the next twenty minutes. */
    const longestGapMs = async (): Promise<number> => {
      const atMs: number[] = [];
      for (let second = 0, calls = two.faults.calls("get"); second < 1_200; second += 1) {
        await clock.advance(1_000);
        if (two.faults.calls("get") > calls) atMs.push(second * 1_000);
        calls = two.faults.calls("get");
      }
      return Math.max(...atMs.slice(1).map((ms, index) => ms - atMs[index]!));
    };
    expect(await longestGapMs()).toBeGreaterThan(250_000);
    two.faults.losesMessages = true;
    await within(clock, 2_000, one.refresh());
    await clock.advance(310_000);
    expect(two.peek()?.fingerprint).toBe(one.peek()?.fingerprint);
    expect(await longestGapMs()).toBeLessThanOrEqual(241_000);
    two.faults.losesMessages = false;
    await within(clock, 2_000, one.refresh());
    expect(await longestGapMs()).toBeGreaterThan(250_000);
  });

  it("does not loop if a stable issuer returns the same credential", async () => {
    const { clock, node, platform } = fleet({ policy: { kind: "stable", renewWithinMs: 300_000 } });
    const nodes = [node(), node(), node()];
    await within(clock, 2_000, Promise.all(nodes.map((each) => each.get())));
    await clock.advance(20 * 3_600_000);
    for (const each of nodes) expect(platform.alive(each.peek()!)).toBe(true);
    expect(platform.issues.length).toBeLessThanOrEqual(2 * 11);
  });
});

describe("closing", () => {
  it("settles callers with CLOSED, stores what is in flight, and leaves no timer", async () => {
    const { clock, node, platform, document } = fleet();
    const one = node();
    const waiting = one.get();
    waiting.catch(() => {});
    await clock.advance(100);
    const closed = one.close();
    await expect(waiting).rejects.toMatchObject({ code: "CLOSED" });
    await within(clock, 9_000, closed);
    expect((await document())?.credential?.secret).toBe(platform.latest);
    expect(clock.pendingTimers).toBe(0);
    await expect(one.get()).rejects.toMatchObject({ code: "CLOSED" });
    expect(one.status().state).toBe("closed");
  });

  it("with waitMs: 0 no caller waits, and the refresh that the first caller started serves the next", async () => {
    const { clock, node, platform } = fleet();
    const one = node({ parameters: { waitMs: 0 } });
    const told = expect(one.get()).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    await clock.advance(1);
    await told;
    await clock.advance(1_000);
    expect((await one.get()).reveal()).toBe(platform.latest);
  });
});
