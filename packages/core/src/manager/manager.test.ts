/** The credential as its callers use it: results, events and refusals of each call. */
import { tracingChannel } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import { getChannelName, type TracedGet } from "../events/tracing.ts";
import { fleet, within, type Node } from "../scenarios/fleet.fixture.ts";
import { lifetimeMs } from "../scenarios/node.fixture.ts";
import { scriptedIssuer, type ScriptedIssuerOptions } from "../testing/index.ts";

async function warm(options: Partial<ScriptedIssuerOptions> = {}) {
  const world = fleet({ latencyMs: 0, ...options });
  const one = world.node();
  const secret = await within(world.clock, 1_000, one.get());
  return { ...world, one, secret };
}

const rejectedBy = (one: Node) => one.events.filter(({ type }) => type === "rejected");

describe("a call for the credential", () => {
  it("is served from memory until just before its end, and each one is counted", async () => {
    const { clock, one, secret } = await warm();
    const { uses } = one.status();
    expect(one.peek()).toBe(secret);
    expect(await one.get()).toBe(secret);
    expect(one.status()).toMatchObject({ state: "fresh", uses: uses + 2 });
    await one.close();
    const other = await warm();
    other.one.faults.unreachable = true;
    await other.clock.advance(other.one.status().remainingMs! - 1);
    expect(other.one.peek()).toBe(other.secret);
    await other.clock.advance(1);
    expect(other.one.peek()).toBeUndefined();
    await expect(within(other.clock, 30_000, other.one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it("is rejected if its signal has aborted, even with a credential in memory", async () => {
    const { one } = await warm();
    await expect(one.get({ signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    const cold = fleet();
    await expect(cold.node().get({ signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    await cold.clock.advance(1_000);
    expect(cold.store.commands).toBe(0);
  });

  it("has the id of its credential in its error", async () => {
    const origin = { provider: "test", appId: "wx1" } as never;
    const world = fleet();
    const one = world.node({ issuer: { ...world.platform, origin } });
    expect(one).toMatchObject({ id: world.platform.id, environment: "production", origin });
  });

  it("is published with the origin of its credential", async () => {
    const calls: (string | undefined)[] = [];
    const asyncEnd = (call: TracedGet): unknown => calls.push(call.source);
    const channel = tracingChannel<unknown, TracedGet>(getChannelName);
    const ignored = { start() {}, end() {}, asyncStart() {}, error() {} };
    const subscribers = { ...ignored, asyncEnd };
    channel.subscribe(subscribers);
    onTestFinished(() => channel.unsubscribe(subscribers));
    const { clock, node, one } = await warm();
    await within(clock, 1_000, node().get());
    // A call served from memory is not published.
    await one.get();
    await clock.advance(1);
    expect(calls).toEqual(["refresh", "store"]);
  });
});

describe("a report that a credential was refused", () => {
  it("is emitted with the verdict, and with the credential's age if it is the present one", async () => {
    const { clock, one, secret } = await warm();
    await clock.advance(60_000);
    await within(clock, 5_000, one.reject(secret, { platformCode: "40001" }));
    await within(clock, 5_000, one.reject(secret.reveal()));
    await within(clock, 5_000, one.reject("another"));
    expect(rejectedBy(one)).toMatchObject([
      {
        verdict: "current",
        fingerprint: secret.fingerprint.slice(0, 8),
        platformCode: "40001",
        generation: 1,
        ageMs: 60_010,
        remainingMs: lifetimeMs - 60_010,
      },
      { verdict: "replaced", fingerprint: secret.fingerprint.slice(0, 8) },
      { verdict: "unknown" },
    ]);
    expect(rejectedBy(one)[1]).not.toHaveProperty("generation");
    expect(rejectedBy(one)[1]).not.toHaveProperty("ageMs");
  });

  it("about another credential returns the present one", async () => {
    const { clock, one, platform } = await warm();
    const answer = await within(clock, 100, one.reject("another"));
    expect(answer).toMatchObject({ replaced: true, wasReplaced: true });
    expect(platform.issues).toHaveLength(1);
  });

  it("to a process without a credential is compared with the stored one", async () => {
    const { clock, node, platform, secret } = await warm();
    const [same, other] = [node(), node()];
    const replaced = await within(clock, 5_000, same.reject(secret));
    expect(replaced).toMatchObject({ replaced: true });
    expect(platform.issues.map(({ reason }) => reason)).toEqual(["cold", "rejected"]);
    const kept = await within(clock, 5_000, other.reject(secret));
    expect(kept.replaced && kept.secret.reveal()).toBe(platform.latest);
    expect(platform.issues).toHaveLength(2);
  });

  it("ends with its caller's signal before it is emitted", async () => {
    const { one, secret } = await warm();
    const signal = AbortSignal.abort("enough");
    await expect(one.reject(secret, { signal })).rejects.toBe("enough");
    expect(rejectedBy(one)).toEqual([]);
  });

  it("about a credential that was replaced and never refused here says so", async () => {
    const { clock, one, secret } = await warm();
    await within(clock, 1_000, one.refresh());
    await within(clock, 1_000, one.reject(secret));
    expect(rejectedBy(one)).toMatchObject([{ verdict: "replaced" }]);
  });

  it("to a process without a credential does not replace a live one", async () => {
    const { clock, node, platform, secret } = await warm({ probes: true });
    expect(await within(clock, 1_000, node().reject(secret))).toEqual({ replaced: false });
    expect(platform.issues).toHaveLength(1);
  });

  it("is dismissed if the platform calls the credential alive", async () => {
    const { clock, one, platform, secret } = await warm({ probes: true });
    expect(await within(clock, 1_000, one.reject(secret))).toEqual({ replaced: false });
    expect(platform.issues).toHaveLength(1);
    expect(one.peek()).toBe(secret);
  });

  it("about one that the platform called dead continues to request a replacement", async () => {
    const { clock, node, platform, secret } = await warm({ probes: true });
    const two = node();
    await within(clock, 1_000, two.get());
    platform.revoke(secret.reveal());
    await within(clock, 5_000, two.reject(secret));
    expect(platform.issues).toHaveLength(2);
    const again = await within(clock, 1_000, two.reject(secret));
    expect(again.replaced && again.secret.reveal()).toBe(platform.latest);
    expect(rejectedBy(two).map((event) => event.type === "rejected" && event.verdict)).toEqual([
      "current",
      "replaced",
    ]);
  });

  it("keeps the background running for a process that makes no other calls", async () => {
    const { clock, node, platform, secret } = await warm();
    const two = node({ keepAlive: true });
    platform.issueElsewhere();
    await within(clock, 5_000, two.reject(secret));
    await clock.advance(2 * lifetimeMs);
    expect(platform.alive(two.peek()!)).toBe(true);
  });
});

describe("a check of the credential", () => {
  it("returns the platform's answer, and replaces a dead credential", async () => {
    const { clock, one, platform, secret } = await warm({ probes: true });
    expect(await within(clock, 1_000, one.check())).toBe("alive");
    platform.revoke(secret.reveal());
    expect(await within(clock, 5_000, one.check())).toBe("replaced");
    expect(one.peek()?.reveal()).toBe(platform.latest);
    const mute = await warm();
    expect(await within(mute.clock, 1_000, mute.one.check())).toBe("unknown");
  });

  it("ends with its caller's signal", async () => {
    const { one } = await warm();
    await expect(one.check({ signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
  });
});

describe("an operation that only an owner may use", () => {
  it.each<[string, (one: Node) => Promise<unknown>, string]>([
    ["a refresh", (one) => one.refresh(), "never refreshes it"],
    ["a seed", (one) => one.seed({ secret: "S", expiresInMs: 1_000 }), "never seeds it"],
    ["a switch", (one) => one.useFallback(true), "never switches it"],
    ["a reset", (one) => one.reset(), "never resets it"],
    ["a count", (one) => one.reconcileQuota({ used: 1, remaining: 1 }), "never counts it"],
  ])(
    "%s is refused on a consumer, after closing, and by an aborted signal",
    async (_what, act, text) => {
      const world = fleet();
      const consumer = world.node({ role: "consumer" });
      const refusal = { code: "CONFIGURATION", message: expect.stringContaining(text) };
      await expect(act(consumer)).rejects.toMatchObject(refusal);
      expect(world.store.commands).toBe(0);
      const closed = world.node();
      await within(world.clock, 100, closed.close());
      await expect(act(closed)).rejects.toMatchObject({ code: "CLOSED" });
      expect(world.platform.issues).toEqual([]);
    },
  );

  it.each<[string, (one: Node, signal: AbortSignal) => Promise<unknown>]>([
    ["a refresh", (one, signal) => one.refresh({ signal })],
    ["a seed", (one, signal) => one.seed({ secret: "S", expiresInMs: 1_000 }, { signal })],
    ["a switch", (one, signal) => one.useFallback(true, { signal })],
    ["a reset", (one, signal) => one.reset({ signal })],
  ])("%s ends with its caller's signal while the store does not answer", async (_what, act) => {
    const world = fleet();
    const { platform } = world;
    const one = world.node({ issuer: { ...platform, fallback: platform } });
    const early = AbortSignal.abort("before");
    await expect(act(one, early)).rejects.toBe("before");
    expect(world.store.commands).toBe(0);
    one.faults.frozen = true;
    const abort = new AbortController();
    const work = act(one, abort.signal);
    await world.clock.settle();
    abort.abort("enough");
    await expect(work).rejects.toBe("enough");
  });
});

describe("an operator's refresh", () => {
  it("replaces the cached credential, or the stored one if none is cached", async () => {
    const { clock, node, one, platform, secret } = await warm();
    const next = await within(clock, 1_000, one.refresh());
    expect(next.fingerprint).not.toBe(secret.fingerprint);
    await within(clock, 1_000, node().refresh());
    expect(platform.issues.map(({ reason }) => reason)).toEqual(["cold", "manual", "manual"]);
  });

  it("fetches if nothing is stored, or after a reset", async () => {
    const { clock, node, platform } = fleet({ latencyMs: 0 });
    const one = node();
    await within(clock, 1_000, one.refresh());
    await within(clock, 1_000, one.reset());
    await within(clock, 1_000, one.refresh());
    expect(platform.issues).toHaveLength(2);
  });

  it("asks a platform again that has refused permanently", async () => {
    const { clock, one, platform } = await warm();
    platform.script({ outcome: "fatal", scope: "node" });
    await expect(within(clock, 1_000, one.refresh())).rejects.toMatchObject({ cause: {} });
    expect(platform.alive(await within(clock, 1_000, one.refresh()))).toBe(true);
  });
});

describe("a seed", () => {
  it("is handed out at once, and ends a refusal of this node", async () => {
    const { clock, one, platform } = await warm();
    platform.script({ outcome: "fatal", scope: "node" });
    await expect(within(clock, 1_000, one.refresh())).rejects.toThrow("fatal");
    const given = { secret: "seeded", expiresInMs: lifetimeMs };
    const seeded = await within(clock, 1_000, one.seed(given, { ageMs: 1_000 }));
    expect(seeded.reveal()).toBe("seeded");
    expect(one.status().ageMs).toBeGreaterThanOrEqual(1_000);
    await within(clock, 1_000, one.reject("seeded"));
    expect(platform.issues.map(({ reason }) => reason)).toEqual(["cold", "manual", "rejected"]);
  });
});

describe("the issuer's fallback", () => {
  async function withFallback() {
    const world = fleet({ latencyMs: 0 });
    const { clock, platform } = world;
    const id = "test:stable:wx0123456789abcdef";
    const policy = { kind: "stable", renewWithinMs: 300_000 } as const;
    const calm = scriptedIssuer({ clock, id, policy });
    // Its credentials are different.
    for (let issued = 0; issued < 5; issued += 1) calm.issueElsewhere();
    const one = world.node({ issuer: { ...platform, fallback: calm } });
    const own = await within(clock, 2_000, one.get());
    return { ...world, calm, one, own };
  }

  it("is used once an operator says so, is reported by its name, and is fetched from once", async () => {
    const { calm, clock, one, own, platform } = await withFallback();
    const switched = await within(clock, 2_000, one.useFallback(true));
    expect(switched.fingerprint).not.toBe(own.fingerprint);
    expect(calm.issues).toHaveLength(1);
    expect(await within(clock, 2_000, one.useFallback(true))).toBe(switched);
    expect(calm.issues).toHaveLength(1);
    await within(clock, 2_000, one.useFallback(false));
    expect(one.events.filter(({ type }) => type === "switched")).toMatchObject([
      { to: "fallback", cause: "operator", issuer: calm.id },
      { to: "own", cause: "operator", issuer: platform.id },
    ]);
    expect(platform.issues).toHaveLength(2);
  });

  it("is refused if it is not configured", async () => {
    const { one } = await warm();
    await expect(one.useFallback(true)).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: 'The issuer of "test:plain:wx0123456789abcdef" has no fallback.',
    });
  });
});

describe("an operator's other operations", () => {
  it("include a reset, which ends a refusal of this node", async () => {
    const { clock, one, platform } = await warm();
    platform.script({ outcome: "fatal", scope: "node" });
    await expect(within(clock, 1_000, one.refresh())).rejects.toThrow("fatal");
    await within(clock, 1_000, one.reset());
    expect(one.peek()).toBeUndefined();
    expect(platform.alive(await within(clock, 1_000, one.get()))).toBe(true);
  });

  it("include an observed quota, which this process knows at once", async () => {
    const { clock, one } = await warm({ quota: { perDay: 100, dayOffsetMs: 0 } });
    await within(clock, 1_000, one.reconcileQuota({ used: 40, remaining: 60 }));
    expect(one.status().quota).toEqual({ used: 40, perDay: 100 });
  });
});

describe("a credential that is closed", () => {
  it("hands out nothing, reports its uses, and then emits nothing more", async () => {
    const { clock, one } = await warm();
    await one.get();
    const { uses } = one.status();
    const closing = one.close();
    expect(one.close()).toBe(closing);
    await within(clock, 100, one[Symbol.asyncDispose]());
    expect(one.peek()).toBeUndefined();
    expect(one.status().state).toBe("closed");
    expect(one.events.at(-1)).toMatchObject({ type: "closed", uses });
    expect(clock.pendingTimers).toBe(0);
    await expect(one.get()).rejects.toMatchObject({
      code: "CLOSED",
      message: expect.stringContaining('The credential "test:plain:wx0123456789abcdef"'),
    });
    const { length } = one.events;
    await expect(one.reject("x")).rejects.toMatchObject({ code: "CLOSED" });
    expect(one.events).toHaveLength(length);
  });

  it("ends the waits of operators' calls", async () => {
    const world = fleet();
    const one = world.node();
    one.faults.frozen = true;
    const work = [one.refresh(), one.reset(), one.seed({ secret: "S", expiresInMs: 1_000 })];
    const outcomes = Promise.allSettled(work);
    await world.clock.settle();
    await within(world.clock, 1_000, one.close());
    for (const outcome of await within(world.clock, 10, outcomes))
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "CLOSED" } });
  });

  it("notifies listeners until they are removed", async () => {
    const { clock, node } = fleet();
    const one = node();
    const types: string[] = [];
    const unwatch = one.watch(({ type }) => types.push(type));
    await within(clock, 1_000, one.get());
    expect(types).toContain("refreshed");
    const { length } = types;
    unwatch();
    await within(clock, 1_000, one.refresh());
    expect(types).toHaveLength(length);
  });
});
