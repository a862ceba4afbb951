/** What callers and operators get while the platform refuses or nothing is stored. */
import { tracingChannel } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import { credential } from "./manager.ts";
import { refreshChannelName, type TracedRefresh } from "../events/tracing.ts";
import { fleet, within, type Fleet, type Node } from "../scenarios/fleet.fixture.ts";
import { lifetimeMs } from "../scenarios/node.fixture.ts";
import { scriptedIssuer, seededRandom, type ScriptedIssuerOptions } from "../testing/index.ts";

const fatal = { outcome: "fatal", scope: "node" } as const;
const reasonsOf = ({ platform }: Fleet) => platform.issues.map(({ reason }) => reason);

async function warm(options: Partial<ScriptedIssuerOptions> = {}) {
  const world = fleet({ latencyMs: 0, ...options });
  const one = world.node();
  const secret = await within(world.clock, 1_000, one.get());
  return { ...world, one, secret };
}

/** A process without listeners, so that its credential expires when no caller needs it. */
async function runOut() {
  const world = fleet({ latencyMs: 0 });
  const { clock, platform, store } = world;
  const one = credential({
    issuer: platform,
    cache: store.cache(),
    lock: store.lock(),
    environment: "production",
    node: "node-0",
    clock,
    random: seededRandom("node-0"),
  });
  await within(clock, 1_000, one.get());
  await clock.advance(3 * lifetimeMs);
  expect(one.peek()).toBeUndefined();
  const before = platform.issues.length;
  return { ...world, one, newReasons: () => reasonsOf(world).slice(before) };
}

describe("a credential that has run out", () => {
  it("is replaced for the next caller", async () => {
    const { clock, newReasons, one, platform } = await runOut();
    const published: string[] = [];
    const channel = tracingChannel<unknown, TracedRefresh>(refreshChannelName).start;
    const onStart = (work: unknown): unknown => published.push((work as TracedRefresh).reason);
    channel.subscribe(onStart);
    onTestFinished(() => void channel.unsubscribe(onStart));
    const secret = await within(clock, 1_000, one.get());
    expect(secret.reveal()).toBe(platform.latest);
    expect([published, newReasons()]).toEqual([["expired"], ["expired"]]);
  });

  it("that is also reported as refused is replaced once", async () => {
    const { clock, newReasons, one, platform } = await runOut();
    const answer = await within(clock, 1_000, one.reject(platform.latest!));
    expect(answer).toMatchObject({ replaced: true });
    expect(newReasons()).toEqual(["rejected"]);
  });
});

describe("a report about an unknown credential", () => {
  it("fetches a credential if the fleet has none", async () => {
    const world = fleet({ latencyMs: 0 });
    const answer = await within(world.clock, 1_000, world.node().reject("another"));
    expect(answer).toMatchObject({ replaced: true });
    expect(reasonsOf(world)).toEqual(["cold"]);
  });

  it("counts one use of the present credential, which it returns", async () => {
    const { clock, one } = await warm();
    const { uses } = one.status();
    await within(clock, 100, one.reject("another"));
    expect(one.status().uses).toBe(uses + 1);
  });
});

describe("a call from within the credential's own issuer", () => {
  it.each<[string, (one: Node) => Promise<unknown>]>([
    ["get", (one) => one.get()],
    ["reject", (one) => one.reject("another")],
    ["check", (one) => one.check()],
    ["refresh", (one) => one.refresh()],
    ["seed", (one) => one.seed({ secret: "S", expiresInMs: 1_000 })],
    ["useFallback", (one) => one.useFallback(true)],
    ["reset", (one) => one.reset()],
    ["reconcileQuota", (one) => one.reconcileQuota({ used: 1, remaining: 1 })],
  ])("is refused, because it would wait for itself: %s", async (_what, act) => {
    const { clock, node, platform } = fleet({ latencyMs: 0 });
    const told: unknown[] = [];
    const one: Node = node({
      issuer: {
        ...platform,
        fallback: platform,
        issue: async (request) => {
          await act(one).catch((error: unknown) => told.push(error));
          return platform.issue(request);
        },
      },
    });
    await within(clock, 1_000, one.get());
    expect(told).toMatchObject([{ code: "RECURSIVE_REFRESH" }]);
  });
});

describe("an operator's operation", () => {
  it("restarts the retries: after another refusal the next one comes within a minute", async () => {
    const { clock, node, platform } = fleet({ latencyMs: 0 });
    platform.script(fatal, fatal);
    const one = node();
    await expect(within(clock, 1_000, one.get())).rejects.toThrow("fatal");
    await expect(within(clock, 1_000, one.refresh())).rejects.toThrow("fatal");
    const told = await within(clock, 1_000, one.get()).catch((error: unknown) => error);
    expect(told).toMatchObject({ reason: "refused" });
    expect((told as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it("that resets the credential ends this node's wait after a refusal", async () => {
    const { clock, node, platform } = fleet({ latencyMs: 0 });
    platform.script(fatal);
    const one = node();
    await expect(within(clock, 1_000, one.get())).rejects.toThrow("fatal");
    await within(clock, 1_000, one.reset());
    expect(platform.alive(await within(clock, 1_000, one.get()))).toBe(true);
  });

  it("that seeds an expired credential fetches another one", async () => {
    const world = fleet({ latencyMs: 0 });
    const { clock, node, platform } = world;
    const given = { secret: "seeded", expiresInMs: 60_000 };
    const secret = await within(clock, 1_000, node().seed(given, { ageMs: 60_000 }));
    expect(secret.reveal()).toBe(platform.latest);
    expect(reasonsOf(world)).toEqual(["expired"]);
  });

  it("that switches to the fallback changes the status before its event", async () => {
    const { clock, node, platform } = fleet({ latencyMs: 0 });
    const policy = { kind: "stable", renewWithinMs: 300_000 } as const;
    const calm = scriptedIssuer({ clock, id: "test:stable:wx0123456789abcdef", policy });
    const one = node({ issuer: { ...platform, fallback: calm } });
    await within(clock, 1_000, one.get());
    await within(clock, 1_000, one.reset());
    const seen: boolean[] = [];
    one.watch(({ type }) => void (type === "switched" && seen.push(one.status().onFallback)));
    await within(clock, 1_000, one.useFallback(true));
    expect(seen).toEqual([true]);
    expect(calm.issues.map(({ reason }) => reason)).toEqual(["expired"]);
  });
});

describe("closing", () => {
  it("rejects waiting callers at once, but lets the node's request end", async () => {
    const { clock, node, platform } = fleet();
    platform.script({ requestMs: 5_000 });
    const one = node();
    const told = expect(one.get()).rejects.toMatchObject({ code: "CLOSED" });
    await clock.advance(1_000);
    const closed = one.close();
    await within(clock, 10, told);
    await within(clock, 5_000, closed);
    expect(platform.issues).toMatchObject([{ outcome: "ok" }]);
  });

  it("emits no event for a read that ends later", async () => {
    const { clock, one } = await warm();
    one.faults.frozen = true;
    const work = one.refresh();
    const told = expect(work).rejects.toMatchObject({ code: "CLOSED" });
    await clock.settle();
    await within(clock, 5_000, one.close());
    await told;
    await clock.advance(60_000);
    expect(one.events.at(-1)?.type).toBe("closed");
  });
});
