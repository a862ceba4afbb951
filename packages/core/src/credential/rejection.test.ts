import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

/** Kills the fleet's credential at once: two fetches elsewhere, because the newest two live. */
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
    const reports = nodes.flatMap((each) => Array.from({ length: 25 }, () => each.reject(first!, { platformCode: "40001" })));
    const answers = await within(clock, 5_000, Promise.all(reports));
    expect(platform.issues).toHaveLength(2);
    expect(answers.every((answer) => answer.replaced && platform.alive(answer.secret))).toBe(true);
    expect(nodes.every((each) => platform.alive(each.peek()!))).toBe(true);
  });

  it("is answered with the present one, and nothing is fetched, when it was replaced before", async () => {
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
    expect(two.events.find(({ type }) => type === "rejected")).toMatchObject({ verdict: "replaced" });
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

  it("is given up for one that this node adopts while it waits to reconcile: who reports does not wait for the end of that", async () => {
    const { clock, document, node, platform, write } = fleet();
    const one = node();
    const old = await within(clock, 2_000, one.get());
    await clock.advance(600_000);
    const { credential, ...rest } = (await document())!;
    const nowMs = credential!.issuedAtMs + 600_000;
    const owing = { ...rest, doubtSinceMs: nowMs - 300_000 };
    await write({ ...owing, outcomeId: "owing", dangerUntilMs: nowMs + 15_000, credential: credential! });
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
    await write({ ...owing, outcomeId: "later", dangerUntilMs: nowMs + 30_000, credential: later });
    const answer = await within(clock, 18_000, report);
    expect(answer.replaced && answer.secret.reveal()).toBe(later.secret);
    expect(platform.issues).toHaveLength(1);
    await clock.advance(20_000);
    expect(platform.issues).toHaveLength(2);
  });

  it("is never handed out again by the process that saw it refused", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    const old = await within(clock, 2_000, one.get());
    await clock.advance(60_000);
    platform.script(...Array.from({ length: 100 }, () => "unknown-unprocessed" as const));
    const report = one.reject(old);
    report.catch(() => {});
    expect(one.peek()).toBeUndefined();
    await expect(within(clock, 60_000, report)).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    await expect(within(clock, 60_000, one.get())).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    expect(one.peek()).toBeUndefined();
  });

  it.each(["store out of reach from the start", "store lost before the commit"])(
    "is never handed out again when the platform hands it out again: %s",
    async (when) => {
      const { clock, node, platform } = fleet({ policy: { kind: "stable", renewWithinMs: 300_000 } });
      const isLostLater = when === "store lost before the commit";
      const one = node({ standalone: isLostLater ? "never" : "when-harmless" });
      const secret = await within(clock, 2_000, one.get());
      one.faults.unreachable = !isLostLater;
      const report = one.reject(secret);
      report.catch(() => {});
      await clock.advance(100);
      one.faults.unreachable = true;
      for (let second = 0; second < 20; second += 1) {
        await clock.advance(1_000);
        expect(one.peek()).toBeUndefined();
      }
      await expect(within(clock, 21_000, report)).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
      expect(platform.issues.length).toBeGreaterThan(1);
      expect(platform.issues.length).toBeLessThanOrEqual(6);
    },
  );

  it("is probed first while it is young, once for all, and kept when the platform accepts it", async () => {
    const { clock, node, platform } = fleet({ probes: true });
    const one = node();
    const secret = await within(clock, 2_000, one.get());
    const answers = await within(clock, 5_000, Promise.all([one.reject(secret), one.reject(secret), one.reject(secret)]));
    expect(answers).toEqual([{ replaced: false }, { replaced: false }, { replaced: false }]);
    expect(platform.probesMade).toBe(1);
    expect(platform.issues).toHaveLength(1);
    expect(one.peek()).toBe(secret);
    kill(platform);
    expect(await within(clock, 5_000, one.reject(secret))).toMatchObject({ replaced: true });
    expect(platform.issues).toHaveLength(2);
  });

  it("is replaced ever more slowly when each new one is refused, and who will not wait for that is told why", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    const rejectNext = (): Promise<unknown> => {
      kill(platform);
      return within(clock, 30_000, one.reject(one.peek()!)).catch((error: unknown) => error);
    };
    let answer = await rejectNext();
    while (!(answer instanceof Error) && platform.issues.length < 20) answer = await rejectNext();
    expect(answer).toMatchObject({ code: "CREDENTIAL_UNAVAILABLE", reason: "governor", retryAfterMs: expect.any(Number) });
    expect(platform.issues.length).toBeLessThan(20);
  });

  it("is reported as contended with evidence, suspected first and confirmed at the second in one lifetime", async () => {
    const { clock, node, platform } = fleet();
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
    expect(contended[0]).toMatchObject({ ageMs: expect.closeTo(600_000, -4), remedy: expect.stringContaining("AppID") });
  });

  it("is not called contended when the fleet's own doubt explains it", async () => {
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

  it("costs at most 150 fetches in 24 h of war against a refresher every 10 s", async () => {
    const { clock, node, platform } = fleet({ policy: { kind: "supersede", window: 2, overlapMs: 0 } });
    const one = node({ parameters: { waitMs: 1_000 } });
    await within(clock, 2_000, one.get());
    let last = one.peek();
    for (let second = 0; second < 86_400; second += 10) {
      platform.issueElsewhere();
      const held = one.peek();
      if (held !== undefined && held !== last) last = held;
      if (held !== undefined) one.reject(held).catch(() => {});
      else one.get().catch(() => {});
      await clock.advance(10_000);
    }
    expect(platform.issues.length).toBeLessThanOrEqual(150);
    expect(platform.issues.length).toBeGreaterThan(20);
  });
});

describe("a stable credential that the platform hands out again although it refuses it", () => {
  const policy = { kind: "stable", renewWithinMs: 300_000 } as const;
  const quota = (perDay: number) => ({ perDay: 500_000, dayOffsetMs: 0, forced: { perDay, gapMs: 30_000 } });

  it("is replaced by force each time, within one call", async () => {
    const { clock, node, platform } = fleet({ policy, quota: quota(20) });
    const one = node();
    for (let time = 0; time < 8; time += 1) {
      const refused = await within(clock, 2_000, one.get());
      await clock.advance(610_000);
      const answer = await within(clock, 5_000, one.reject(refused));
      expect(answer.replaced && answer.secret.fingerprint !== refused.fingerprint, `time ${time}`).toBe(true);
    }
    expect(platform.issues.filter(({ forced }) => forced)).toHaveLength(8);
    await one.close();
  });

  it("is asked for without force, ever more rarely, when the day's forced requests are used up, and taken when it is another", async () => {
    const { clock, node, platform } = fleet({ policy, quota: quota(0) });
    const one = node();
    const refused = await within(clock, 2_000, one.get());
    await clock.advance(60_000);
    for (let minute = 0; minute < 60; minute += 1) {
      await within(clock, 25_000, one.reject(refused)).catch(() => {});
      await clock.advance(40_000);
    }
    expect(platform.issues.length).toBeGreaterThan(5);
    expect(platform.issues.length).toBeLessThan(20);
    expect(platform.issues.every(({ forced }) => !forced)).toBe(true);
    platform.issueElsewhere();
    await clock.advance(600_000);
    expect(platform.alive(await within(clock, 25_000, one.get()))).toBe(true);
    await one.close();
  });
});
