import { describe, expect, it } from "vitest";
import { scriptedIssuer } from "../testing/index.ts";
import { fleet, within } from "./fleet.fixture.ts";

/**
 * Kills the fleet's credential at once by two foreign fetches, because the newest two are alive.
 */
function kill(platform: { issueElsewhere(): string }): void {
  platform.issueElsewhere();
  platform.issueElsewhere();
}

describe("a credential that the platform refuses", () => {
  it("is replaced by one fetch for all who report it, on all nodes", async () => {
    const { clock, node, platform } = fleet();
    const nodes = Array.from({ length: 4 }, () => node());
    const [first] = await within(clock, 2_000, Promise.all(nodes.map((each) => each.get())));
    await clock.advance(3_600_000);
    kill(platform);
    const reports = nodes.flatMap((each) =>
      Array.from({ length: 25 }, () => each.reject(first!, { platformCode: "40001" })),
    );
    const answers = await within(clock, 5_000, Promise.all(reports));
    expect(platform.issues).toHaveLength(2);
    expect(answers.every((answer) => answer.replaced && platform.alive(answer.secret))).toBe(true);
    expect(nodes.every((each) => platform.alive(each.peek()!))).toBe(true);
  });

  it("costs no fetch when it was replaced before: its reporter gets the present one", async () => {
    const { clock, node, platform } = fleet();
    const [one, two] = [node(), node()];
    const old = await within(clock, 2_000, one.get());
    await within(clock, 2_000, two.get());
    await clock.advance(60_000);
    await within(clock, 5_000, one.refresh());
    await clock.advance(1_000);
    const answer = await within(clock, 1_000, two.reject(old));
    expect(answer).toMatchObject({ replaced: true });
    expect(platform.issues).toHaveLength(2);
    expect(two.events.find(({ type }) => type === "rejected")).toMatchObject({
      verdict: "replaced",
    });
  });

  it("is not replaced again by a node that reports it late, with the raw text and an empty memory", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    const old = (await within(clock, 2_000, one.get())).reveal();
    await clock.advance(60_000);
    await within(clock, 5_000, one.refresh());
    const stranger = node();
    const answer = await within(clock, 2_000, stranger.reject(old));
    expect(answer.replaced && answer.secret.reveal()).toBe(platform.latest);
    expect(platform.issues).toHaveLength(2);
  });

  it("is replaced at once by one that its node adopts while it waits to reconcile", async () => {
    const { clock, document, node, platform, write } = fleet();
    const one = node();
    const old = await within(clock, 2_000, one.get());
    await clock.advance(600_000);
    const { credential, ...rest } = (await document())!;
    const nowMs = credential!.issuedAtMs + 600_000;
    const owing = { ...rest, doubtSinceMs: nowMs - 300_000 };
    await write({
      ...owing,
      outcomeId: "owing",
      inFlightUntilMs: nowMs + 15_000,
      credential: credential!,
    });
    await clock.advance(1_000);
    const report = one.reject(old);
    const later = {
      ...credential!,
      generation: 2,
      commitId: "later",
      secret: platform.issueElsewhere(),
      fingerprint: "later",
      sentAtMs: nowMs,
    };
    await write({
      ...owing,
      outcomeId: "later",
      inFlightUntilMs: nowMs + 30_000,
      credential: later,
    });
    const answer = await within(clock, 1_000, report);
    expect(answer.replaced && answer.secret.reveal()).toBe(later.secret);
    expect(platform.issues).toHaveLength(1);
    await clock.advance(35_000);
    expect(platform.issues).toHaveLength(2);
  });

  it('is never handed out again by the process that the platform answered "dead"', async () => {
    const { clock, node, platform } = fleet({ probes: true });
    const one = node();
    const old = await within(clock, 2_000, one.get());
    await clock.advance(60_000);
    platform.revoke(old.reveal());
    platform.script(...Array.from({ length: 100 }, () => "unknown-unprocessed" as const));
    const report = one.reject(old);
    report.catch(() => {});
    await clock.advance(1);
    expect(one.peek()).toBeUndefined();
    await expect(within(clock, 60_000, report)).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    await expect(within(clock, 60_000, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    expect(one.peek()).toBeUndefined();
  });

  it("is not handed out again while a replacement is under way, if the issuer cannot probe", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    const old = await within(clock, 2_000, one.get());
    await clock.advance(60_000);
    platform.script(...Array.from({ length: 100 }, () => "unknown-unprocessed" as const));
    const report = one.reject(old);
    report.catch(() => {});
    await clock.advance(100);
    expect(one.peek()).toBeUndefined();
    await expect(within(clock, 60_000, report)).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    await expect(within(clock, 60_000, one.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    expect(one.peek()).toBeUndefined();
  });

  it.each(["store out of reach from the start", "store lost before the commit"])(
    "is not served to its reporter when the platform hands it out again: %s",
    async (when) => {
      const { clock, node, platform } = fleet({
        policy: { kind: "stable", renewWithinMs: 300_000 },
        probes: true,
      });
      const isLostLater = when === "store lost before the commit";
      const one = node({ standalone: isLostLater ? "never" : "when-harmless" });
      const secret = await within(clock, 2_000, one.get());
      platform.revoke(secret.reveal());
      platform.script(...Array.from({ length: 100 }, () => "same" as const));
      one.faults.unreachable = !isLostLater;
      const report = one.reject(secret);
      report.catch(() => {});
      await clock.advance(100);
      one.faults.unreachable = true;
      for (let second = 0; second < 20; second += 1) {
        await clock.advance(1_000);
        expect(one.peek()).toBeUndefined();
      }
      await expect(within(clock, 21_000, report)).rejects.toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
      });
      expect(platform.issues.length).toBeGreaterThan(1);
      expect(platform.issues.length).toBeLessThanOrEqual(6);
    },
  );

  it.each([0, 40_000, 3_600_000])(
    "is kept when the platform calls it alive, whatever its age: %d ms",
    async (ageMs) => {
      const { clock, document, node, platform } = fleet({ probes: true });
      const [one, two] = [node(), node()];
      const secret = await within(clock, 2_000, one.get());
      await within(clock, 2_000, two.get());
      await clock.advance(ageMs);
      const answers = await within(
        clock,
        5_000,
        Promise.all([one.reject(secret), one.reject(secret), two.reject(secret.reveal())]),
      );
      expect(answers).toEqual([{ replaced: false }, { replaced: false }, { replaced: false }]);
      expect(platform.probesMade).toBeLessThanOrEqual(3);
      expect(platform.issues).toHaveLength(1);
      expect(one.peek()).toBe(secret);
      expect(one.typesOf()).not.toContain("contended");
      expect(await document()).not.toHaveProperty("suspect");
      kill(platform);
      expect(await within(clock, 5_000, one.reject(secret))).toMatchObject({ replaced: true });
      expect(platform.issues).toHaveLength(2);
    },
  );

  it("is probed again for a caller that was refused after the probe was sent", async () => {
    const { clock, node, platform } = fleet({ probes: true });
    let hasDied = false;
    const probe = async (): Promise<"alive" | "dead"> => {
      const found = hasDied ? "dead" : "alive";
      await new Promise<void>((resolve) => void clock.setTimer(500, resolve));
      return found;
    };
    const one = node({ issuer: { ...platform, probe } });
    const secret = await within(clock, 2_000, one.get());
    const bogus = one.reject(secret);
    await clock.advance(100);
    hasDied = true;
    const honest = one.reject(secret);
    expect(await within(clock, 2_000, bogus)).toEqual({ replaced: false });
    expect(await within(clock, 2_000, honest)).toMatchObject({ replaced: true });
  });

  it("stays in use until it is replaced, if no probe says whether it is alive", async () => {
    const { clock, node, platform } = fleet({ quota: { perDay: 20, dayOffsetMs: 0 } });
    const one = node({ issuer: { ...platform, probe: async () => "unknown" as const } });
    await within(clock, 2_000, one.get());
    for (let spent = 0; spent < 2; spent += 1) await within(clock, 2_000, one.reject(one.peek()!));
    expect(platform.issues).toHaveLength(3);
    const present = one.peek()!;
    await expect(within(clock, 20_000, one.reject(present))).rejects.toMatchObject({
      reason: "governor",
      retryAfterMs: expect.any(Number),
    });
    expect(one.peek()).toBe(present);
    await clock.advance(86_400_000 / 10);
    expect(await within(clock, 20_000, one.reject(one.peek()!))).toMatchObject({ replaced: true });
    expect(one.typesOf()).not.toContain("contended");
  });

  it("stays in use after a doubtful report that the platform does not confirm", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    const secret = await within(clock, 2_000, one.get());
    expect(await within(clock, 2_000, one.reject(secret, { doubtful: true }))).toEqual({
      replaced: false,
    });
    expect(platform.issues).toHaveLength(1);
  });

  it("is remembered, however many unknown texts are reported as refused", async () => {
    const { clock, document, node, platform, write } = fleet({ probes: true });
    const one = node();
    const secret = await within(clock, 2_000, one.get());
    const stored = (await document())!;
    kill(platform);
    // No replacement is possible yet, and a failover removes the mark from the document.
    platform.refuse({ outcome: "busy" });
    one.reject(secret).catch(() => {});
    await clock.advance(1_000);
    for (let text = 0; text < 40; text += 1) one.reject(`foreign-${text}`).catch(() => {});
    await clock.advance(1_000);
    await write(stored);
    await clock.advance(60_000);
    expect(one.peek()).toBeUndefined();
  });

  it("is taken out of use when a consumer's probe says dead, and kept when an owner's probe answers for a consumer without one", async () => {
    const { clock, document, node, platform } = fleet({ probes: true });
    const [owner, consumer] = [node(), node({ role: "consumer" })];
    const pause = node({
      role: "consumer",
      issuer: { ...platform, probe: async () => "unknown" as const },
    });
    const secret = await within(clock, 2_000, owner.get());
    await within(clock, 2_000, Promise.all([consumer.get(), pause.get()]));
    expect(await within(clock, 20_000, pause.reject(secret))).toEqual({ replaced: false });
    expect(platform.issues).toHaveLength(1);
    expect(await document()).not.toHaveProperty("suspect");
    kill(platform);
    const answer = await within(clock, 20_000, consumer.reject(secret));
    expect(answer.replaced && platform.alive(answer.secret)).toBe(true);
    expect(platform.issues).toHaveLength(2);
  });

  it("is reported as contended with evidence: suspected at the first death in a lifetime, confirmed at the second", async () => {
    const { clock, node, platform } = fleet({ probes: true });
    const one = node();
    await within(clock, 2_000, one.get());
    for (let war = 0; war < 2; war += 1) {
      await clock.advance(600_000);
      kill(platform);
      await within(clock, 5_000, one.reject(one.peek()!, { platformCode: "40001" }));
    }
    const contended = one.events.filter(({ type }) => type === "contended");
    expect(contended).toMatchObject([
      { state: "suspected", count: 1 },
      { state: "confirmed", count: 2 },
    ]);
    expect(contended[0]).toMatchObject({
      ageMs: expect.closeTo(600_000, -4),
      remedy: expect.stringContaining("AppID"),
    });
  });

  it.each(["another owner", "a consumer"])(
    "is reported by the node that marks it first, even if another node fetches: %s",
    async (who) => {
      const { clock, node, platform } = fleet({ probes: true });
      const owner = node();
      const other = node(who === "a consumer" ? { role: "consumer" } : {});
      await within(clock, 2_000, Promise.all([owner.get(), other.get()]));
      for (let war = 0; war < 2; war += 1) {
        await clock.advance(600_000);
        kill(platform);
        await within(clock, 5_000, other.reject(other.peek()!, { platformCode: "40001" }));
      }
      const contended = [...owner.events, ...other.events].filter(
        ({ type }) => type === "contended",
      );
      expect(contended).toMatchObject([{ state: "suspected" }, { state: "confirmed" }]);
    },
  );

  it("is reported with the name of the other environment that claims the same AppID in this store", async () => {
    const { clock, node, platform } = fleet({
      policy: { kind: "supersede", overlapMs: 0 },
      probes: true,
    });
    const two = ["production", "staging"].map((environment) =>
      node({ environment, onConflict: "warn" }),
    );
    for (const each of two) await within(clock, 2_000, each.get());
    for (let turn = 0; turn < 4; turn += 1) {
      await clock.advance(60_000);
      // The other environment has fetched meanwhile.
      const each = two[turn % 2]!;
      await within(clock, 5_000, each.reject(each.peek()!, { platformCode: "40001" }));
    }
    const claimedBy = two.map(({ events }) =>
      events.flatMap((event) => (event.type === "contended" ? [event.claimedBy] : [])),
    );
    expect(claimedBy).toEqual([
      ["staging", "staging"],
      ["production", "production"],
    ]);
    expect(platform.issues).toHaveLength(6);
  });

  it("is not called contended if the fleet's own doubt explains it", async () => {
    const { clock, node, platform } = fleet();
    platform.script({ requestMs: 9_000 });
    const one = node();
    await within(clock, 12_000, one.get());
    expect(one.status().inDoubt).toBe(true);
    kill(platform);
    await within(clock, 30_000, one.reject(one.peek()!));
    expect(platform.alive(one.peek()!)).toBe(true);
    expect(one.typesOf()).not.toContain("contended");
  });
});

describe("a stable credential that the platform returns although it refuses it", () => {
  const policy = { kind: "stable", renewWithinMs: 300_000 } as const;
  const quota = (perDay: number) => ({
    perDay: 500_000,
    dayOffsetMs: 0,
    forced: { perDay, gapMs: 30_000 },
  });

  it("is replaced by a forced refresh within one call, but only after a plain one returned it and a probe said dead", async () => {
    const { clock, node, platform } = fleet({ policy, quota: quota(20) });
    const dead = new Set<string>();
    const one = node({
      issuer: {
        ...platform,
        probe: async (secret) => (dead.has(secret.reveal()) ? "dead" : "alive"),
      },
    });
    for (let time = 0; time < 8; time += 1) {
      const refused = await within(clock, 2_000, one.get());
      await clock.advance(610_000);
      dead.add(refused.reveal());
      const answer = await within(clock, 5_000, one.reject(refused));
      expect(
        answer.replaced && answer.secret.fingerprint !== refused.fingerprint,
        `time ${time}`,
      ).toBe(true);
    }
    expect(platform.issues.map(({ forced }) => forced)).toEqual([
      false,
      ...Array.from({ length: 8 }, () => [false, true]).flat(),
    ]);
    await one.close();
  });

  it.each(["alive", "unknown"] as const)(
    "is kept without a forced refresh when the platform calls it %s",
    async (found) => {
      const { clock, node, platform } = fleet({ policy, quota: quota(20) });
      const answers = found === "alive" ? ["unknown", "unknown", "unknown", "alive"] : [];
      const probe = async (): Promise<"alive" | "unknown"> =>
        (answers.shift() ?? found) as "alive" | "unknown";
      const one = node({ issuer: { ...platform, probe } });
      const refused = await within(clock, 2_000, one.get());
      await clock.advance(60_000);
      expect(await within(clock, 5_000, one.reject(refused))).toEqual({ replaced: false });
      expect(one.peek()?.fingerprint).toBe(refused.fingerprint);
      expect(platform.issues.map(({ forced }) => forced)).toEqual([false, false]);
      expect(one.typesOf()).not.toContain("contended");
      await one.close();
    },
  );

  it("is requested without force, at growing intervals, when the day's forced requests are used up", async () => {
    const { clock, node, platform } = fleet({ policy, quota: quota(0) });
    const dead = new Set<string>();
    const one = node({
      issuer: {
        ...platform,
        probe: async (secret) => (dead.has(secret.reveal()) ? "dead" : "alive"),
      },
    });
    const refused = await within(clock, 2_000, one.get());
    dead.add(refused.reveal());
    await clock.advance(60_000);
    for (let minute = 0; minute < 60; minute += 1) {
      await within(clock, 25_000, one.reject(refused)).catch(() => {});
      await clock.advance(40_000);
    }
    expect(platform.issues.length).toBeGreaterThan(5);
    expect(platform.issues.length).toBeLessThan(25);
    expect(platform.issues.every(({ forced }) => !forced)).toBe(true);
    platform.issueElsewhere();
    await clock.advance(600_000);
    expect(platform.alive(await within(clock, 25_000, one.get()))).toBe(true);
    await one.close();
  });

  it("is requested without force as often as others replace it, because those requests kill nothing", async () => {
    const { clock, node, platform } = fleet({ policy, quota: quota(20), probes: true });
    const one = node();
    await within(clock, 2_000, one.get());
    for (let time = 0; time < 60; time += 1) {
      await clock.advance(1_000);
      platform.issueElsewhere();
      const answer = await within(clock, 2_000, one.reject(one.peek()!));
      expect(answer.replaced && platform.alive(answer.secret), `time ${time}`).toBe(true);
    }
    expect(platform.issues.filter(({ forced }) => forced)).toHaveLength(0);
    await one.close();
  });
});

describe("a fleet whose issuer has a fallback", () => {
  it("switches to it on every node and consumer when an operator says so, and back again", async () => {
    const world = fleet({ probes: true });
    const { clock, platform } = world;
    const policy = { kind: "stable", renewWithinMs: 300_000 } as const;
    const calm = scriptedIssuer({
      clock,
      policy,
      id: "test:stable:wx0123456789abcdef",
      latencyMs: 200,
    });
    // The two platforms number their credentials alike.
    for (let other = 0; other < 9; other += 1) calm.issueElsewhere();
    const issuer = { ...platform, fallback: calm };
    const [one, two, consumer] = [
      world.node({ issuer }),
      world.node({ issuer }),
      world.node({ issuer, role: "consumer" }),
    ];
    const own = await within(clock, 2_000, one.get());
    await within(clock, 2_000, Promise.all([two.get(), consumer.get()]));
    const switched = await within(clock, 5_000, one.useFallback(true));
    await clock.advance(2_000);
    expect([one, two, consumer].map((node) => node.status().onFallback)).toEqual([
      true,
      true,
      true,
    ]);
    expect(switched).not.toBe(own);
    expect(calm.issues).toHaveLength(1);
    await within(clock, 5_000, one.useFallback(false));
    await clock.advance(2_000);
    expect([one, two, consumer].map((node) => node.status().onFallback)).toEqual([
      false,
      false,
      false,
    ]);
    expect([one, two, consumer].every((node) => platform.alive(node.peek()!))).toBe(true);
    expect(one.events.filter(({ type }) => type === "switched")).toMatchObject([
      { to: "fallback" },
      { to: "own" },
    ]);
    await expect(within(clock, 1_000, consumer.useFallback(true))).rejects.toMatchObject({
      code: "CONFIGURATION",
    });
    await expect(within(clock, 1_000, world.node().useFallback(true))).rejects.toMatchObject({
      code: "CONFIGURATION",
    });
  });
});
