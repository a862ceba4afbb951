import { describe, expect, it } from "vitest";
import { credential, releaseClaim } from "../index.ts";
import { scriptedIssuer } from "../testing/index.ts";
import { fleet, within } from "./fleet.fixture.ts";

describe("a consumer", () => {
  it("reads the stored credential of an owner, and never fetches", async () => {
    const { clock, node, platform } = fleet();
    const consumer = node({ role: "consumer" });
    const waiting = consumer.get();
    await clock.advance(3_000);
    expect(platform.issues).toHaveLength(0);
    await within(clock, 2_000, node().get());
    expect((await within(clock, 100, waiting)).reveal()).toBe(platform.latest);
    await clock.advance(20 * 3_600_000);
    expect(platform.alive(consumer.peek()!)).toBe(true);
    await expect(consumer.refresh()).rejects.toMatchObject({ code: "CONFIGURATION" });
  });

  it("rejects after waitMs with an error that says that no owner has stored anything", async () => {
    const { clock, node, platform } = fleet();
    await expect(within(clock, 21_000, node({ role: "consumer" }).get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      retryable: true,
    });
    expect(platform.issues).toHaveLength(0);
  });

  it("has a refused credential replaced by an owner", async () => {
    const { clock, node, platform } = fleet();
    const [owner, consumer] = [node(), node({ role: "consumer" })];
    await within(clock, 2_000, owner.get());
    const old = await within(clock, 2_000, consumer.get());
    await clock.advance(600_000);
    platform.issueElsewhere();
    platform.issueElsewhere();
    const answer = await within(clock, 10_000, consumer.reject(old));
    expect(answer.replaced && platform.alive(answer.secret)).toBe(true);
    expect(platform.issues.map(({ reason }) => reason)).toEqual(["cold", "rejected"]);
  });
});

describe("an owner without callers", () => {
  it("replaces a token that a consumer reported as soon as the lease of a dead holder has ended", async () => {
    const { clock, node, platform, store } = fleet();
    const [owner, consumer] = [node(), node({ role: "consumer" })];
    await within(clock, 2_000, owner.get());
    const old = await within(clock, 2_000, consumer.get());
    await clock.advance(600_000);
    platform.issueElsewhere();
    platform.issueElsewhere();
    await store.lock().withPrefix("production").tryAcquire(platform.id, "dead", 60_000);
    consumer.reject(old).catch(() => {});
    await clock.advance(60_000);
    expect(platform.issues).toHaveLength(1);
    await clock.advance(2_500);
    expect(owner.peek()?.reveal()).toBe(platform.latest);
    expect(platform.issues.map(({ reason }) => reason)).toEqual(["cold", "rejected"]);
  });
});

describe("two environments with one AppID in one store", () => {
  it("conflict before the second fetches, and the error names the first and the remedies", async () => {
    const { clock, node, platform } = fleet();
    await within(clock, 2_000, node().get());
    const development = node({ environment: "development" });
    await expect(within(clock, 2_000, development.get())).rejects.toMatchObject({
      code: "CREDENTIAL_CONFLICT",
      claimedBy: "production",
      message: expect.stringMatching(/nothing was fetched.*AppID of its own.*consume.*stable/s),
    });
    expect(platform.issues).toHaveLength(1);
    expect(development.typesOf()).toContain("claim-conflicted");
  });

  it("share the first one's credential when the second consumes", async () => {
    const { clock, node, platform } = fleet();
    const production = node();
    const token = await within(clock, 2_000, production.get());
    const development = node({ environment: "development", onConflict: "consume" });
    expect((await within(clock, 2_000, development.get())).reveal()).toBe(token.reveal());
    expect(development.status().role).toBe("consumer");
    await clock.advance(20 * 3_600_000);
    expect(platform.alive(development.peek()!)).toBe(true);
    expect(platform.issues.every(({ outcome }) => outcome === "ok")).toBe(true);
    expect(platform.concurrencyMax).toBe(1);
  });

  it('are only warned with the mode "warn", and unhindered when the first is gone', async () => {
    const { clock, node, platform, cache } = fleet();
    await within(clock, 2_000, node().get());
    const warned = node({ environment: "staging", onConflict: "warn" });
    await within(clock, 2_000, warned.get());
    expect(warned.events.find(({ type }) => type === "claim-conflicted")).toMatchObject({
      claimedBy: "production",
      action: "warn",
    });
    expect(platform.issues).toHaveLength(2);
    expect(await releaseClaim(cache, platform.id, "production")).toBe(true);
    expect(await releaseClaim(cache, platform.id, "staging")).toBe(true);
    expect(await releaseClaim(cache, platform.id, "nobody")).toBe(false);
    await within(clock, 2_000, node({ environment: "development" }).get());
  });

  it("no longer conflict after one of them was silent for two days", async () => {
    const { clock, node, platform } = fleet();
    const production = node();
    await within(clock, 2_000, production.get());
    await production.close();
    await clock.advance(2 * 86_400_000 + 1_000);
    const development = await within(clock, 2_000, node({ environment: "development" }).get());
    expect(platform.alive(development)).toBe(true);
  });

  it("coexist with a stable credential, which is the same for both", async () => {
    const { clock, node, platform } = fleet({ policy: { kind: "stable", renewWithinMs: 300_000 } });
    const one = await within(clock, 2_000, node().get());
    const other = await within(clock, 2_000, node({ environment: "development" }).get());
    expect(other.reveal()).toBe(one.reveal());
    expect(platform.issues.every(({ forced }) => !forced)).toBe(true);
  });

  it("cannot be set to coexist if each issue kills the previous token", () => {
    const { node } = fleet();
    expect(() => node({ onConflict: "coexist" })).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
  });
});

it.each(["", " production", "生产", "a\nb", "x".repeat(65), "\u001b[31m"])(
  "an environment's name is validated: %j",
  (environment) => {
    const { node } = fleet();
    expect(() => node({ environment })).toThrow(expect.objectContaining({ code: "CONFIGURATION" }));
  },
);

it("the error shows only four characters of a refused name, because it may be a secret", () => {
  const { node } = fleet();
  expect(() => node({ environment: "9f3b/7c5d1e8a2046" })).toThrow(/"9f3b" and 13 characters more/);
});

describe("a credential that needs a parent", () => {
  it("is issued with the parent's secret, and reports a parent that the platform refuses, once", async () => {
    const { clock, node, platform, store } = fleet();
    const parent = node();
    const tickets = scriptedIssuer({
      clock,
      id: "test:ticket",
      policy: { kind: "stable", renewWithinMs: 7_200_000 },
    });
    const parents: (string | undefined)[] = [];
    const issuer = {
      ...tickets,
      issue: (request: Parameters<typeof tickets.issue>[0]) => (
        parents.push(request.parent?.reveal()),
        tickets.issue(request)
      ),
    };
    const child = credential({
      issuer,
      parent,
      cache: store.cache(),
      lock: store.lock(),
      environment: "production",
      node: "child",
      clock,
    });
    await within(clock, 2_000, child.get());
    expect(parents).toEqual([platform.latest]);

    await clock.advance(3_600_000);
    platform.issueElsewhere();
    platform.issueElsewhere();
    tickets.script({ outcome: "parent", platformCode: "40001" });
    await within(clock, 10_000, child.refresh());
    expect(parents).toHaveLength(3);
    expect(parents[2]).toBe(platform.latest);
    expect(platform.issues.map(({ reason }) => reason)).toEqual(["cold", "rejected"]);
    expect(tickets.issues.map(({ outcome }) => outcome)).toEqual(["ok", "parent", "ok"]);
    await Promise.all([child.close(), parent.close()]);
  });

  it("rejects with an error that names the missing parent option", async () => {
    const { clock, node, platform, store } = fleet();
    platform.script({ outcome: "fatal", platformCode: "40125" });
    const parent = node();
    const tickets = scriptedIssuer({ clock, id: "test:ticket", policy: { kind: "sliding" } });
    const child = credential({
      issuer: tickets,
      parent,
      cache: store.cache(),
      lock: store.lock(),
      environment: "production",
      node: "child",
      clock,
    });
    await expect(within(clock, 5_000, child.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      cause: { platformCode: "40125" },
    });
    expect(tickets.issues).toHaveLength(0);
    await child.close();
  });
});
