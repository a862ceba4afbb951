/** When a leader repeats a request under its lease, and when it stops. */
import { describe, expect, it } from "vitest";
import { bench, cold, rotate, stable, steps } from "./leader.fixture.ts";
import { recover } from "./send.ts";
import { IssueError } from "../errors.ts";
import type { Issuer, IssueRequest } from "../issuer.ts";
import { seed } from "../refresh/seed.ts";
import type { Fleet } from "../scenarios/fleet.fixture.ts";
import { lifetimeMs, storedAt } from "../scenarios/node.fixture.ts";
import { Secret } from "../secret.ts";
import { emptyState } from "../state/state.ts";
import { seededRandom } from "../testing/index.ts";

const drawing = (draw: number) => ({ random: { ...seededRandom("draws"), next: () => draw } });
const slow = { parameters: { fetchDeadlineMs: 19_000, leaseMs: 25_000, drainMs: 40_000 } };
const quota = { perDay: 1_000, dayOffsetMs: 0, forced: { perDay: 20, gapMs: 30_000 } };
const answers =
  (probe: Issuer["probe"]) =>
  ({ platform }: Fleet) => ({ issuer: { ...platform, ...(probe && { probe }) } });

describe("a credential that the platform hands out in its last two seconds", () => {
  // It is not handed out in the last tenth of its life.
  it.each([
    [{ expiresInMs: 20_000, replyMs: 18_000 }, 0, 20_000],
    [{ expiresInMs: 20_000, replyMs: 18_000 }, 0.5, 20_050],
    // It expired before the answer arrived.
    [{ expiresInMs: 500, replyMs: 1_000 }, 0, 1_000],
  ])("makes the leader wait for its end: %o, drawn %d, %i ms", async (step, draw, gapMs) => {
    const { assembly, gaps, platform, refresh } = bench({ policy: stable }, () => ({
      ...drawing(draw),
      ...slow,
    }));
    platform.script(step);
    await refresh(cold, 21_000);
    expect(gaps()).toEqual([gapMs]);
    expect(assembly.local.isUsable).toBe(true);
  });

  it("makes the leader wait three times at most, and then needs a person", async () => {
    const { platform, refresh } = bench({ policy: stable });
    const short = { expiresInMs: 500, replyMs: 490 };
    platform.script(short, short, short);
    await expect(refresh(cold, 3_000)).rejects.toThrow("hands out a credential");
    expect(platform.issues).toHaveLength(3);
  });

  it("does not make the leader wait or force a new one if it lives longer", async () => {
    const { platform, refresh } = bench({ policy: stable, quota }, (world) => ({
      ...answers(async () => "dead")(world),
      ...slow,
    }));
    platform.script({ expiresInMs: 20_010, replyMs: 18_009 });
    await expect(refresh(cold, 18_100)).rejects.toThrow("hands out a credential");
    expect(platform.issues).toMatchObject([{ forced: false }]);
  });

  it("is replaced by force at once if it is refused and dead", async () => {
    const { clock, gaps, platform, refresh, rejected } = bench(
      { policy: stable, quota },
      answers(async () => "dead"),
    );
    await refresh();
    await clock.advance(lifetimeMs - 1_500);
    platform.script("same");
    await refresh(rejected());
    expect(platform.issues.map(({ forced }) => forced)).toEqual([false, false, true]);
    expect(gaps()[1]).toBe(0);
  });
});

describe("a stable credential that was refused, and that the platform hands out again", () => {
  it("is marked as dead for all nodes while the forced request has to wait", async () => {
    const { assembly, document, expired, faults, refresh, rejected } = bench(
      { policy: stable, quota },
      answers(async () => "dead"),
    );
    await refresh();
    await refresh({ ...expired(), reason: "manual" });
    expect(faults.calls("tryAcquire")).toBe(2);
    await expect(refresh(rejected(), 100, false)).rejects.toMatchObject({ reason: "forced" });
    expect((await document())?.suspect).toMatchObject({ dead: true });
    expect(assembly.local.state?.suspect).toMatchObject({ dead: true });
    expect(assembly.local.isUsable).toBe(false);
  });

  it("is out of use when it is dead, even if the platform accepts no forced request", async () => {
    const { assembly, platform, refresh, rejected } = bench(
      { policy: stable },
      answers(async () => "dead"),
    );
    await refresh();
    await expect(refresh(rejected(), 100)).rejects.toThrow("hands out a credential");
    expect(platform.issues).toHaveLength(2);
    expect(assembly.local.isUsable).toBe(false);
  });

  it("is replaced by force under the same lease when it is dead", async () => {
    const { faults, platform, refresh, rejected } = bench(
      { policy: stable, quota },
      answers(async () => "dead"),
    );
    await refresh();
    await refresh(rejected());
    expect(faults.calls("tryAcquire")).toBe(2);
    expect(platform.issues.map(({ forced }) => forced)).toEqual([false, false, true]);
  });

  it("is replaced by force at the first request if the document calls it dead", async () => {
    const { clock, platform, refresh, write } = bench({ policy: stable, quota });
    const suspect = { fingerprint: "fingerprint-1", atMs: 0, dead: true } as const;
    const credential = storedAt(clock.wallMs());
    await write({ ...emptyState, outcomeId: "o", credential, suspect });
    await refresh({ reason: "rejected", refused: "fingerprint-1" });
    expect(platform.issues.map(({ forced }) => forced)).toEqual([true]);
  });

  it("is handed out again when it is alive, even if the store refuses that write", async () => {
    for (const faulty of [[], ["fail-before", "fail-before"] as const]) {
      const { assembly, faults, refresh, rejected } = bench(
        { policy: stable },
        answers(async () => "alive"),
      );
      await refresh();
      const goal = { ...rejected(false), isFirstHand: true };
      faults.next("set", undefined, undefined, ...faulty);
      await expect(refresh(goal, 1_000)).rejects.toThrow("hands out a credential");
      expect(assembly.local.wasRefused(goal.refused ?? "")).toBe(false);
      expect(assembly.local.isUsable).toBe(true);
      expect(assembly.local.state?.suspect === undefined).toBe(faulty.length === 0);
    }
  });

  it.each([undefined, storedAt(0, { generation: 9 })])(
    "is not confused with the document that was stored during the probe: %o",
    async (credential) => {
      const probed: string[] = [];
      const { assembly, refresh, rejected } = bench({ policy: stable }, (world) => ({
        issuer: {
          ...world.platform,
          async probe(secret) {
            probed.push(secret.reveal());
            await world.write({ ...emptyState, outcomeId: "o", ...(credential && { credential }) });
            return "alive";
          },
        },
      }));
      await refresh();
      await expect(refresh(rejected(false), 1_000)).rejects.toThrow("hands out a credential");
      expect(probed).toHaveLength(1);
      expect(assembly.local.cached?.stored.generation).toBe(1);
    },
  );
});

describe("a reconciling refresh", () => {
  it("ends when its credential is stored, even if that one is in doubt too", async () => {
    const { clock, document, platform, refresh, write } = bench({ latencyMs: 200 });
    const credential = storedAt(clock.wallMs());
    const doubtSinceMs = clock.wallMs() - 60_000;
    await write({ ...emptyState, outcomeId: "o", credential, doubtSinceMs });
    const work = refresh({ reason: "reconcile" });
    await clock.advance(100);
    await write({ ...(await document())!, outcomeId: "another" });
    await work;
    expect((await document())?.doubtSinceMs).toBe(doubtSinceMs);
    expect(platform.issues).toHaveLength(1);
  });
});

describe("a pause under the lease", () => {
  it.each([
    [0, 200],
    [0.5, 600],
  ])("for a busy platform has a random length: %d, %i ms", async (draw, gapMs) => {
    const { gaps, platform, refresh } = bench({}, () => drawing(draw));
    platform.script("busy");
    await refresh(cold, 3_000);
    expect(gaps()).toEqual([gapMs]);
  });

  it("for an earlier request ends with the drain, to the millisecond", async () => {
    const { assembly, gaps, platform, refresh } = bench({ latencyMs: 130 });
    await refresh();
    platform.script("unknown-unprocessed");
    const replaces = assembly.local.cached?.stored.commitId;
    await refresh({ reason: "manual", replaces }, 19_000);
    expect(gaps()[1]).toBe(15_000);
  });
});

describe("a process that closes while its request is in flight", () => {
  it("sends no further request, and drops the answer", async () => {
    for (const isFirst of [true, false]) {
      const { assembly, clock, platform, refresh } = bench({ latencyMs: 200 });
      if (!isFirst) {
        platform.script({ outcome: "busy", retryAfterMs: 2_000 });
        await expect(refresh(cold, 1_000, false)).rejects.toMatchObject({ reason: "error" });
        await clock.advance(10_000);
      }
      const work = refresh();
      await clock.advance(100);
      assembly.local.close();
      await expect(work).rejects.toThrow("hands out a credential");
      expect(platform.issues).toHaveLength(isFirst ? 1 : 2);
      expect(assembly.local.isUsable).toBe(false);
    }
  });
});

describe("an input that the platform refuses", () => {
  const given = { secret: "S", expiresInMs: lifetimeMs, nextInput: "first" };
  /** Counts the calls of the issuer. */
  const refusing = (error: IssueError, recovers: boolean) => {
    const asked = { issues: 0, recoveries: 0 };
    const made = bench({ policy: rotate }, ({ platform }) => ({
      issuer: {
        ...platform,
        issue: () => {
          asked.issues += 1;
          return Promise.reject(error);
        },
        ...(recovers && {
          recover: async () => {
            asked.recoveries += 1;
            return "second";
          },
        }),
      },
    }));
    return { ...made, asked };
  };

  it.each([
    ["input", true, { issues: 2, recoveries: 1 }],
    ["input", false, { issues: 1, recoveries: 0 }],
    ["fatal", true, { issues: 1, recoveries: 0 }],
  ] as const)(
    "is recovered once at most, if the issuer can: %s, %s",
    async (outcome, recovers, times) => {
      const error = new IssueError(outcome, "used");
      const { asked, assembly, expired, refresh } = refusing(error, recovers);
      await seed(assembly, assembly.source, given);
      await expect(refresh(expired(), 2_000, false)).rejects.toMatchObject({
        cause: { outcome: "fatal", message: "used" },
      });
      expect(asked).toEqual(times);
    },
  );

  it("is recovered with the parent's credential, even if no input was sent before", async () => {
    const requests: Pick<IssueRequest, "parent">[] = [];
    const parent = new Secret("P", "fingerprint of P");
    const made = steps({ policy: rotate }, ({ platform }) => ({
      issuer: {
        ...platform,
        recover: async (request) => {
          requests.push(request);
          return "second";
        },
      },
    }));
    const attempt = await made.attempt(cold, {}, { parent });
    expect((await recover(made.assembly, attempt, made.outcomes, undefined)).reveal()).toBe(
      "second",
    );
    expect(requests).toMatchObject([{ parent }]);
    expect((await made.document())?.intent).toBeUndefined();
  });

  it("does not count as a failure if the recovery requested its own credential", async () => {
    const recursion = Object.assign(new Error("x"), { code: "RECURSIVE_REFRESH" });
    const made = steps({ policy: rotate }, ({ platform }) => ({
      issuer: { ...platform, recover: () => Promise.reject(recursion) },
    }));
    const attempt = await made.attempt();
    await expect(recover(made.assembly, attempt, made.outcomes, undefined)).rejects.toBe(recursion);
    expect(await made.document()).toMatchObject({ failures: 0, quota: { used: 0 } });
    expect((await made.document())?.intent).toBeUndefined();
    expect((await made.document())?.failure).toBeUndefined();
  });
});
