import { describe, expect, it } from "vitest";
import { Secret } from "../index.ts";
import { fleet, within, type Node } from "./fleet.fixture.ts";

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const lifetimeMs = 2 * hourMs;

const fatal = { outcome: "fatal", platformCode: "40125" } as const;
const address = { outcome: "fatal", platformCode: "40164", scope: "node" } as const;

function gapsOf(instants: readonly number[]): number[] {
  return instants.slice(1).map((instant, index) => instant - instants[index]!);
}

function expectPace(instants: readonly number[]): void {
  const [first, ...later] = gapsOf(instants);
  expect(first).toBeGreaterThanOrEqual(minuteMs);
  expect(first).toBeLessThanOrEqual(minuteMs + 10 * secondMs);
  expect(Math.min(...later)).toBeGreaterThanOrEqual(7 * minuteMs);
  expect(Math.max(...later)).toBeLessThanOrEqual(9 * minuteMs);
}

describe("a refusal whose cause a person must correct", () => {
  it.each([fatal, address])(
    "is tried again without help after a minute, then every 7 to 9 minutes, and the error says when: $platformCode",
    async (step) => {
      const { clock, node, platform } = fleet();
      platform.refuse(step);
      const one = node();
      await expect(within(clock, secondMs, one.get())).rejects.toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
        retryable: false,
        reason: "refused",
        retryAfterMs: minuteMs,
        message: expect.stringMatching(/tries again by itself in 60 s/),
        cause: { platformCode: step.platformCode },
      });
      await clock.advance(30 * secondMs);
      await expect(within(clock, secondMs, one.get())).rejects.toMatchObject({
        retryAfterMs: expect.closeTo(29_800, -3),
      });
      await clock.advance(6 * hourMs);
      expectPace(platform.issues.map(({ sentAtMs }) => sentAtMs));
      expect(platform.issues.length).toBeGreaterThan((6 * 60) / 9);
    },
  );

  it.each([10 * secondMs, 3 * minuteMs, 20 * minuteMs, 5 * hourMs])(
    "is over for every node within ten minutes after the correction, without a restart: corrected after %i ms",
    async (afterMs) => {
      for (const [step, pushesChanges] of [
        [fatal, true],
        [fatal, false],
        [address, true],
        [address, false],
      ] as const) {
        const { clock, node, platform } = fleet({ pushesChanges });
        const mend = platform.refuse(step);
        const nodes = [node(), node(), node()];
        for (const each of nodes) each.get().catch(() => {});
        await clock.advance(afterMs);
        mend();
        await clock.advance(10 * minuteMs - 2 * secondMs);
        // Later callers are served with a credential that was fetched without a caller.
        expect(platform.issues.filter(({ outcome }) => outcome === "ok")).toHaveLength(1);
        for (const each of nodes)
          expect(platform.alive(await within(clock, 1_500, each.get()))).toBe(true);
        expect(platform.issues.filter(({ outcome }) => outcome === "ok")).toHaveLength(1);
      }
    },
  );

  it("of the account is tried by one node for the fleet, and the others fail at once", async () => {
    const { clock, node, platform } = fleet();
    platform.refuse(fatal);
    const nodes = Array.from({ length: 6 }, () => node());
    await Promise.all(
      nodes.map((each) =>
        expect(within(clock, 2 * secondMs, each.get())).rejects.toMatchObject({
          cause: { platformCode: "40125" },
        }),
      ),
    );
    expect(platform.issues).toHaveLength(1);
    await clock.advance(3 * hourMs);
    expectPace(platform.issues.map(({ sentAtMs }) => sentAtMs));
    // A process that starts now learns it from the document.
    const late = node();
    await expect(within(clock, 500, late.get())).rejects.toMatchObject({
      reason: "refused",
      message: expect.stringMatching(/asked for the whole fleet/),
    });
    expect(late.typesOf()).not.toContain("refused-fatally");
  });

  it("of one node's address is tried again by that node, and stops no other node from fetching", async () => {
    const { clock, node, platform } = fleet();
    const mend = platform.refuse(address, ["a", "b"]);
    const [a, b, c] = ["a", "b", "c"].map((name) =>
      node({ issuer: platform.as(name, "same") }),
    ) as [Node, Node, Node];
    for (const each of [a, b])
      await expect(within(clock, 2 * secondMs, each.get())).rejects.toMatchObject({
        cause: { platformCode: "40164" },
      });
    await within(clock, 2 * secondMs, c.get());
    expect(platform.issues.map(({ client }) => client)).toEqual(["a", "b", "c"]);
    // Another node's stored credential serves them too.
    for (const each of [a, b])
      expect((await within(clock, 500, each.get())).reveal()).toBe(platform.latest);
    await c.close();
    await clock.advance(lifetimeMs + minuteMs);
    mend();
    await clock.advance(10 * minuteMs);
    expect(platform.alive(await within(clock, secondMs, a.get()))).toBe(true);
    const asked = new Set(
      platform.issues.filter(({ outcome }) => outcome === "fatal").map(({ client }) => client),
    );
    expect(asked).toEqual(new Set(["a", "b"]));
  });

  it("of one node's address is over for that node as soon as another node stores a credential", async () => {
    const { clock, node, platform } = fleet();
    const mend = platform.refuse(address, ["refused"]);
    const [refused, other] = [node({ issuer: platform.as("refused") }), node()];
    refused.get().catch(() => {});
    // Its next try is minutes away.
    await clock.advance(2 * minuteMs);
    expect(platform.issues).toHaveLength(2);
    mend();
    await within(clock, 2 * secondMs, other.get());
    await within(clock, 2 * secondMs, refused.get());
    await other.close();
    platform.revoke(platform.latest!);
    const replaced = await within(clock, 2 * secondMs, refused.reject(refused.peek()!));
    expect(replaced).toMatchObject({ replaced: true });
  });

  it("does not take a live credential out of use", async () => {
    const { clock, node, platform } = fleet();
    const nodes = [node(), node()];
    for (const each of nodes) await within(clock, 2 * secondMs, each.get());
    platform.refuse(fatal);
    const untilMs = clock.monotonicMs() + lifetimeMs - 5 * minuteMs;
    while (clock.monotonicMs() < untilMs) {
      for (const each of nodes)
        expect(platform.alive(await within(clock, 10, each.get()))).toBe(true);
      await clock.advance(minuteMs);
    }
    expect(platform.issues.length).toBeGreaterThan(1);
  });
});

describe("a wrong secret", () => {
  it("costs the fleet one fetch, and a node with another secret goes on at once and serves the others", async () => {
    const { clock, document, node, platform } = fleet();
    platform.refuse(fatal, ["old"]);
    const old = Array.from({ length: 5 }, () => node({ issuer: platform.as("old") }));
    const startMs = clock.monotonicMs();
    for (const each of old)
      await expect(within(clock, 2 * secondMs, each.get())).rejects.toMatchObject({
        reason: "refused",
      });
    expect(clock.monotonicMs() - startMs).toBeLessThan(2 * secondMs);
    await clock.advance(50 * secondMs);
    expect(platform.issues.map(({ client }) => client)).toEqual(["old"]);
    const renewed = node({ issuer: platform.as("new") });
    expect((await within(clock, 1_500, renewed.get())).reveal()).toBe(platform.latest);
    for (const each of old)
      expect((await within(clock, 500, each.get())).reveal()).toBe(platform.latest);
    expect((await document())?.refusal).toBeUndefined();
    expect(platform.issues.map(({ client }) => client)).toEqual(["old", "new"]);
  });

  it("that is replaced in a running process is noticed within a second", async () => {
    const { clock, node, platform } = fleet();
    platform.refuse(fatal, ["old"]);
    let secret = "old";
    const issuer = {
      ...platform,
      issue: (request: Parameters<typeof platform.issue>[0]) => platform.as(secret).issue(request),
      revision: () => secret,
    };
    const one = node({ issuer });
    await expect(within(clock, secondMs, one.get())).rejects.toMatchObject({ reason: "refused" });
    secret = "new";
    await clock.advance(secondMs);
    expect((await within(clock, 2 * secondMs, one.get())).reveal()).toBe(platform.latest);
  });

  it("does not stop a node that still has to load its secret, and then has the right one", async () => {
    const { clock, node, platform } = fleet();
    platform.refuse(fatal, ["old"]);
    await expect(
      within(clock, secondMs, node({ issuer: platform.as("old") }).get()),
    ).rejects.toMatchObject({ reason: "refused" });
    let revision = "";
    clock.setTimer(300, () => (revision = "new"));
    const late = node({ issuer: { ...platform.as("new"), revision: () => revision } });
    expect((await within(clock, 2 * secondMs, late.get())).reveal()).toBe(platform.latest);
  });

  it("is forgotten when an operator asks, whatever the fleet remembers", async () => {
    const { clock, node, platform } = fleet();
    const mend = platform.refuse(fatal);
    const [one, two] = [node(), node()];
    await expect(within(clock, secondMs, one.get())).rejects.toMatchObject({ reason: "refused" });
    mend();
    expect((await within(clock, secondMs, two.refresh())).reveal()).toBe(platform.latest);
  });
});

describe("without a store, an issuer whose fetches kill no token", () => {
  const policy = { kind: "stable", renewWithinMs: 300_000 } as const;

  it("remembers a refusal, and tries again at the same pace", async () => {
    const { clock, node, platform } = fleet({ policy });
    const mend = platform.refuse(fatal);
    const one = node();
    one.faults.unreachable = true;
    for (let seconds = 0; seconds < 3_600; seconds += 10) {
      one.get().catch(() => {});
      await clock.advance(10 * secondMs);
    }
    expectPace(platform.issues.map(({ sentAtMs }) => sentAtMs));
    mend();
    await clock.advance(10 * minuteMs);
    expect(platform.alive(await within(clock, secondMs, one.get()))).toBe(true);
  });

  it("has its parent replaced when the platform refuses it", async () => {
    const { clock, node, platform } = fleet({ policy });
    const rejected: string[] = [];
    const secrets = ["dead", "alive"];
    const parentOf = (name: string): Secret => new Secret(name, name);
    const parent = {
      get: async () => parentOf(secrets[0]!),
      reject: async (refused: Secret | string) => {
        rejected.push(typeof refused === "string" ? refused : refused.reveal());
        secrets.shift();
        return { replaced: true as const, secret: parentOf(secrets[0]!) };
      },
    };
    platform.script({ outcome: "parent", platformCode: "40001" });
    const child = node({ parent });
    child.faults.unreachable = true;
    expect(platform.alive(await within(clock, 5 * secondMs, child.get()))).toBe(true);
    expect(rejected).toEqual(["dead"]);
  });
});

describe("a day's quota that the platform says is used up", () => {
  const quota = { perDay: 2_000, dayOffsetMs: 8 * hourMs };

  it("is tried once an hour by one node for the fleet, and a quota that was reset is noticed within the hour", async () => {
    const { clock, document, node, platform } = fleet({ quota });
    const nodes = [node(), node(), node()];
    for (const each of nodes) await within(clock, 2 * secondMs, each.get());
    const mend = platform.refuse({
      outcome: "quota",
      platformCode: "45009",
      retryAfterMs: 9 * hourMs,
    });
    await clock.advance(lifetimeMs + minuteMs);
    const before = platform.issues.length;
    for (let minutes = 0; minutes < 5 * 60; minutes += 1) {
      for (const each of nodes) each.get().catch(() => {});
      await clock.advance(minuteMs);
    }
    expect(platform.issues.length - before).toBeGreaterThanOrEqual(4);
    expect(
      Math.min(...gapsOf(platform.issues.slice(1).map(({ sentAtMs }) => sentAtMs))),
    ).toBeGreaterThanOrEqual(hourMs - minuteMs);
    expect((await document())?.quota).toMatchObject({
      used: 2_000,
      gone: { used: platform.issues.length },
    });
    await clock.advance(12 * minuteMs);
    await expect(within(clock, secondMs, nodes[0]!.get())).rejects.toMatchObject({
      code: "QUOTA_EXHAUSTED",
      retryAfterMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= hourMs),
    });
    mend();
    await clock.advance(hourMs);
    expect(platform.alive(await within(clock, 2 * secondMs, nodes[1]!.get()))).toBe(true);
    const { gone, used } = (await document())!.quota;
    expect([gone, used]).toEqual([undefined, platform.issues.length]);
  });

  it("is tried again soon when the node that made the hour's try died or got no answer", async () => {
    const { clock, node, platform } = fleet({ quota });
    const [one, two] = [node(), node()];
    for (const each of [one, two]) await within(clock, 2 * secondMs, each.get());
    const mend = platform.refuse({ outcome: "quota", platformCode: "45009" });
    await clock.advance(lifetimeMs + minuteMs);
    mend();
    platform.script(...Array.from({ length: 2 }, () => "unknown-unprocessed" as const));
    const before = platform.issues.length;
    while (platform.issues.length === before) await clock.advance(minuteMs);
    await clock.advance(4 * minuteMs);
    expect(platform.alive(await within(clock, 2 * secondMs, two.get()))).toBe(true);
  });
});
