/** The requests of the lease holder, its handling of the answers, and its reports. */
import { describe, expect, it } from "vitest";
import { failedOutcomeOf } from "./send.ts";
import { toAbandonEvent } from "./write-outcome.ts";
import { ClosedError, IssueError, type IssueOutcome } from "../errors.ts";
import type { Issued, Issuer } from "../issuer.ts";
import { seed } from "../refresh/seed.ts";
import { answering } from "../scenarios/fleet.fixture.ts";
import { lifetimeMs, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";
import { bench, cold, rotate, stable } from "./leader.fixture.ts";

describe("a successful request", () => {
  it("is stored with its node, and reported", async () => {
    const { assembly, clock, document, ofType, refresh } = bench({ latencyMs: 200 });
    const nowMs = clock.wallMs();
    await refresh();
    expect((await document())?.credential).toMatchObject({
      generation: 1,
      sentAtMs: nowMs,
      issuedAtMs: nowMs + 200,
      expiresAtMs: nowMs + lifetimeMs,
      by: { node: "node-0", environment: "production", reason: "cold" },
    });
    expect((await document())?.intent).toBeUndefined();
    expect(ofType("refreshed")).toMatchObject([
      {
        generation: 1,
        epoch: (await document())?.credential?.epoch,
        reason: "cold",
        durationMs: 200,
        remainingMs: lifetimeMs - 200,
        unchanged: false,
      },
    ]);
    expect(assembly.local.cached?.isUnstored).toBe(false);
    expect(ofType("in-doubt")).toEqual([]);
  });

  it("is reported as unchanged if the platform returned the same credential", async () => {
    const { clock, expired, ofType, platform, refresh } = bench({ policy: stable });
    await refresh();
    await clock.advance(60_000);
    await refresh(expired());
    expect(ofType("refreshed")).toMatchObject([
      { unchanged: false },
      { unchanged: true, generation: 1 },
    ]);
    expect(platform.issues).toHaveLength(2);
  });

  it("reports a credential of unknown age, and its steps through the quota", async () => {
    const { ofType, refresh } = bench(
      { quota: { perDay: 20, dayOffsetMs: 0 } },
      ({ platform }) => ({
        issuer: {
          ...answering(platform, (issued): Issued => ({ ...issued, isAgeUnknown: true })),
          quota: { perDay: 2, dayOffsetMs: 0 },
        } as Issuer,
        parameters: { quotaPerDay: 20 },
      }),
    );
    await refresh();
    expect(ofType("age-unknown")).toMatchObject([{ generation: 1, confirmMs: lifetimeMs }]);
  });

  it("gets the credential that it replaces, the goal, and its parent", async () => {
    const requests: unknown[] = [];
    const { expired, refresh } = bench({}, ({ platform }) => ({
      issuer: {
        ...platform,
        issue: (request) => {
          const { current, forced, parent, reason } = request;
          requests.push([reason, forced, current?.secret.reveal(), parent?.reveal()]);
          return platform.issue(request);
        },
      },
    }));
    await refresh();
    await refresh(expired());
    expect(requests).toEqual([
      ["cold", false, undefined, undefined],
      ["expired", false, "token-0001", undefined],
    ]);
  });
});

describe("a busy platform", () => {
  it("gets three requests under one lease, and every pause is 200 to 1000 ms", async () => {
    const { faults, gaps, ofType, platform, refresh } = bench();
    platform.script("busy", "busy", "busy");
    await expect(refresh(cold, 3_000, false)).rejects.toMatchObject({ reason: "error" });
    expect(platform.issues).toHaveLength(3);
    expect(gaps().every((ms) => ms >= 200 && ms <= 1_000)).toBe(true);
    expect(faults.calls("tryAcquire")).toBe(1);
    // Attempts that are repeated at once are neither reported nor counted as failures.
    expect(ofType("refresh-failed")).toMatchObject([
      { reason: "cold", failures: 1, outcome: "busy", errorCode: "ISSUE_REFUSED" },
    ]);
  });

  it.each([
    [1_000, 2],
    [1_001, 1],
  ])("that asks for a pause of %i ms gets %i requests", async (retryAfterMs, times) => {
    const { platform, refresh } = bench();
    platform.script({ outcome: "busy", retryAfterMs }, "fatal");
    await expect(refresh(cold, 3_000, false)).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    expect(platform.issues).toHaveLength(times);
  });

  it("gets one request a turn while the fleet backs off, and otherwise the configured number", async () => {
    const { clock, platform, refresh, write } = bench();
    await write({ ...emptyState, failures: 1, outcomeId: "1" });
    platform.script("busy", "busy");
    await expect(refresh(cold, 100, false)).rejects.toThrow("last attempt");
    expect(platform.issues).toHaveLength(1);
    await clock.advance(60_000);
    const once = bench({}, () => ({ parameters: { attemptsMax: 1 } }));
    once.platform.script("busy");
    await expect(once.refresh(cold, 100, false)).rejects.toThrow("last attempt");
    expect(once.platform.issues).toHaveLength(1);
  });
});

describe("a request of unknown outcome", () => {
  it("is reported, and leaves a doubt if an issue kills the previous credential", async () => {
    const { document, ofType, platform, refresh } = bench();
    platform.script("unknown-processed");
    await expect(refresh(cold, 100, false)).rejects.toThrow("last attempt");
    expect(ofType("refresh-failed")).toMatchObject([{ outcome: "unknown", failures: 1 }]);
    expect(ofType("in-doubt")).toMatchObject([{ cause: "unknown-outcome" }]);
    expect((await document())?.doubtSinceMs).toBeDefined();
    const harmless = bench({ policy: stable });
    harmless.platform.script("unknown-processed");
    await expect(harmless.refresh(cold, 100, false)).rejects.toThrow("last attempt");
    expect(harmless.ofType("in-doubt")).toEqual([]);
  });

  it("makes the leader wait while a credential lives, with a read every half second", async () => {
    const { assembly, faults, gaps, ofType, platform, refresh } = bench();
    await refresh();
    platform.script("unknown-unprocessed");
    const reads = faults.calls("get");
    const replaces = assembly.local.cached?.stored.commitId;
    await refresh({ reason: "manual", replaces }, 19_000);
    expect(gaps()[1]).toBeGreaterThanOrEqual(15_000);
    expect(gaps()[1]).toBeLessThanOrEqual(15_600);
    expect(faults.calls("get") - reads).toBeGreaterThan(25);
    expect(faults.calls("get") - reads).toBeLessThan(50);
    expect(ofType("reconciled")).toMatchObject([{ generation: 2 }]);
  });

  it("makes the leader wait no longer when the credential closes", async () => {
    const { assembly, clock, closing, platform, refresh } = bench();
    await refresh();
    platform.script("unknown-unprocessed");
    const replaces = assembly.local.cached?.stored.commitId;
    const work = refresh({ reason: "manual", replaces }, 19_000).catch((error: unknown) => error);
    await clock.advance(5_000);
    const closed = new ClosedError("It");
    closing.close(closed);
    await clock.advance(100);
    expect(await work).toBe(closed);
    expect(platform.issues).toHaveLength(2);
  });
});

describe("a refusal", () => {
  it("that is final is reported with its code, and the fleet remembers it with the node's name", async () => {
    const { document, ofType, platform, refresh } = bench();
    platform.script({ outcome: "fatal", platformCode: "40125" });
    await expect(refresh(cold, 100)).rejects.toMatchObject({ cause: { platformCode: "40125" } });
    expect(ofType("refused-fatally")).toMatchObject([{ platformCode: "40125", reason: "cold" }]);
    expect((await document())?.refusal).toMatchObject({ code: "40125", node: "node-0", count: 1 });
    const own = bench();
    own.platform.script({ outcome: "fatal", scope: "node" });
    await expect(own.refresh(cold, 100)).rejects.toMatchObject({ reason: "refused" });
    expect((await own.document())?.refusal).toBeUndefined();
  });

  it.each<[IssueOutcome, string, boolean]>([
    ["busy", "refused", false],
    ["fatal", "refused", false],
    ["quota", "refused", true],
    ["parent", "parent", false],
    ["input", "refused", false],
    ["unsent", "unsent", false],
    ["unknown", "unknown", false],
  ])("is recorded with its meaning: %s", (outcome, recorded, quotaGone) => {
    const bare = failedOutcomeOf(new IssueError(outcome, "x"), false);
    const code = outcome === "unknown" ? "ISSUE_FAILED" : "ISSUE_REFUSED";
    expect(bare).toEqual({
      outcome: recorded,
      code,
      quotaGone,
      again: false,
      ...(outcome === "fatal" && { refusal: "account" }),
    });
    const options = { platformCode: "1", retryAfterMs: 5, scope: "node" } as const;
    expect(failedOutcomeOf(new IssueError(outcome, "x", options), true)).toMatchObject({
      code: "1",
      retryAfterMs: 5,
      again: true,
      ...(outcome === "fatal" && { refusal: "node" }),
    });
    const older = Object.assign(new IssueError("fatal", "x"), { scope: undefined });
    expect(failedOutcomeOf(older as never, false).refusal).toBe("account");
  });

  it("of an account is recorded with the node and its configuration, and one of a node without", () => {
    const { context } = oneNode({ revision: () => "r" });
    const ending = { outcome: "refused", code: "1", quotaGone: false, again: false } as const;
    expect(toAbandonEvent(context, ending)).toEqual(ending);
    expect(toAbandonEvent(context, { ...ending, refusal: "node" })).toEqual({
      ...ending,
      refusal: { scope: "node" },
    });
    expect(toAbandonEvent(context, { ...ending, refusal: "account" })).toEqual({
      ...ending,
      refusal: { scope: "account", node: "node-1", revision: "r", jitter: expect.any(Number) },
    });
  });

  it("of a request for its own credential is no outcome, because nothing was sent", async () => {
    const { assembly, document, refresh } = bench({}, ({ platform }) => ({
      issuer: {
        ...platform,
        issue: () => Promise.reject(Object.assign(new Error("x"), { code: "RECURSIVE_REFRESH" })),
      },
    }));
    await expect(refresh(cold, 100)).rejects.toMatchObject({
      cause: { code: "RECURSIVE_REFRESH" },
    });
    expect(await document()).toMatchObject({ failures: 0, quota: { used: 0 } });
    expect((await document())?.intent).toBeUndefined();
    expect(assembly.local.state?.intent).toBeUndefined();
  });
});

describe("a stable credential that is refused and then returned again", () => {
  const forced = { perDay: 1_000, dayOffsetMs: 0, forced: { perDay: 20, gapMs: 30_000 } };

  it("is replaced by force if the platform calls it dead, and not otherwise", async () => {
    for (const verdict of ["dead", "alive", "unknown"] as const) {
      const { assembly, document, platform, refresh, rejected } = bench(
        { policy: stable, quota: forced },
        ({ platform: of }) => ({ issuer: { ...of, probe: async () => verdict } }),
      );
      await refresh();
      const goal = rejected(verdict === "dead");
      const work = refresh(goal, 1_000);
      if (verdict === "dead") await work;
      else await expect(work).rejects.toThrow("hands out a credential");
      expect(platform.issues.map((issue) => issue.forced)).toEqual(
        verdict === "dead" ? [false, false, true] : [false, false],
      );
      expect(assembly.local.isUsable).toBe(true);
      expect((await document())?.suspect).toBeUndefined();
    }
  });

  it("is replaced by force if an operator asks", async () => {
    const { expired, platform, refresh } = bench({ policy: stable, quota: forced });
    await refresh();
    await refresh({ ...expired(), reason: "manual" });
    expect(platform.issues.map((issue) => issue.forced)).toEqual([false, true]);
    const plain = bench({ policy: stable });
    await plain.refresh();
    await plain.refresh({
      reason: "manual",
      replaces: plain.assembly.local.cached?.stored.commitId,
    });
    expect(plain.platform.issues.map((issue) => issue.forced)).toEqual([false, false]);
  });
});

describe("an issuer that needs an input for each request", () => {
  const given = { secret: "S", expiresInMs: lifetimeMs, nextInput: "first" };

  it("hands out a credential only after its next input is stored", async () => {
    const { assembly, document, expired, faults, platform, refresh } = bench({ policy: rotate });
    await seed(assembly, assembly.source, given);
    await refresh(expired());
    expect(platform.issues).toMatchObject([{ input: "first" }]);
    const next = (await document())?.credential?.nextInput;
    expect(next).not.toBe("first");
    faults.next("set", undefined, "fail-before", "fail-before");
    await expect(refresh(expired(), 100, false)).rejects.toMatchObject({ reason: "store" });
    expect(assembly.local.cached?.stored.generation).toBe(2);
    expect(platform.issues).toMatchObject([{}, { input: next }]);
  });

  it("recovers another input once if the first one is refused", async () => {
    const { assembly, expired, platform, refresh } = bench(
      { policy: rotate, recovers: true },
      ({ platform: of }) => ({
        issuer: {
          ...of,
          issue: (request) =>
            request.input?.reveal() === "first"
              ? Promise.reject(new IssueError("input", "used", { platformCode: "40163" }))
              : of.issue(request),
        },
      }),
    );
    platform.issueElsewhere();
    await seed(assembly, assembly.source, given);
    await refresh(expired(), 2_000);
    expect(platform.recoveries).toBe(1);
    expect(assembly.local.cached?.stored.generation).toBe(2);
  });

  it("needs a person if no other input can be recovered", async () => {
    for (const recovers of [false, true]) {
      const { assembly, document, expired, refresh } = bench(
        { policy: rotate },
        ({ platform: of }) => ({
          issuer: {
            ...of,
            issue: () => Promise.reject(new IssueError("input", "used", { platformCode: "40163" })),
            ...(recovers && { recover: async () => "first" }),
          },
        }),
      );
      await seed(assembly, assembly.source, given);
      await expect(refresh(expired(), 2_000)).rejects.toMatchObject({
        cause: recovers
          ? { outcome: "fatal", message: expect.stringContaining("the only input that it knows") }
          : { outcome: "fatal", platformCode: "40163", message: "used" },
      });
      expect((await document())?.intent).toBeUndefined();
      expect((await document())?.credential?.nextInput).toBe("first");
    }
  });

  it("backs off if the recovery fails", async () => {
    const { assembly, document, expired, refresh } = bench(
      { policy: rotate },
      ({ platform: of }) => ({
        issuer: {
          ...of,
          issue: () => Promise.reject(new IssueError("input", "used")),
          recover: () => Promise.reject(new IssueError("busy", "later", { platformCode: "-1" })),
        },
      }),
    );
    await seed(assembly, assembly.source, given);
    await expect(refresh(expired(), 2_000, false)).rejects.toMatchObject({ reason: "error" });
    expect(await document()).toMatchObject({ failures: 1, failure: { code: "-1" } });
  });
});

describe("a lease that is lost", () => {
  it("before the send stops the request", async () => {
    const { clock, faults, ofType, platform, refresh } = bench();
    faults.next("set", undefined, { requestMs: 0, replyMs: 400 });
    const work = refresh(cold, 20_000, false).catch((error: unknown) => error);
    await clock.advance(100);
    clock.suspend(60_000);
    await work;
    expect(ofType("lock-lost")).toMatchObject([{ phase: "before-send" }]);
    expect(platform.issues).toHaveLength(0);
  });

  it("after the send stops nothing, and the issued credential is stored", async () => {
    const { assembly, clock, faults, ofType, platform, refresh } = bench({ latencyMs: 5_000 });
    const work = refresh(cold, 20_000);
    await clock.advance(1_000);
    faults.next("extend", ...Array.from({ length: 20 }, () => "fail-before" as const));
    clock.suspend(60_000);
    await work;
    expect(platform.issues).toHaveLength(1);
    expect(assembly.local.cached?.secret.reveal()).toBe(platform.latest);
    expect(ofType("lock-lost")).toMatchObject([{ phase: "after-send" }]);
  });
});

describe("a store that is unreachable when the answer arrives", () => {
  it("does not keep the credential from callers, and gets it as soon as it is back", async () => {
    const { assembly, clock, document, faults, ofType, platform, refresh } = bench({
      latencyMs: 200,
    });
    const work = refresh();
    await clock.advance(100);
    faults.unreachable = true;
    await work;
    expect(assembly.local.cached).toMatchObject({ isUnstored: true, stored: { generation: 1 } });
    expect(ofType("refreshed")).toMatchObject([{ generation: 1, remainingMs: lifetimeMs }]);
    faults.unreachable = false;
    await clock.advance(2_000);
    expect((await document())?.credential?.secret).toBe(platform.latest);
    expect(assembly.local.cached?.isUnstored).toBe(false);
  });

  it("gets a report of a failure as soon as it is back, and this node backs off before", async () => {
    const { assembly, clock, document, faults, platform, refresh } = bench({ latencyMs: 200 });
    platform.script({ outcome: "busy", platformCode: "-1", retryAfterMs: 60_000 });
    const work = refresh(cold, 1_000, false).catch(() => {});
    await clock.advance(100);
    faults.unreachable = true;
    await work;
    expect(assembly.local.state).toMatchObject({ failures: 1, failure: { code: "-1" } });
    expect((await document())?.failures).toBe(0);
    faults.unreachable = false;
    await clock.advance(2_000);
    expect(await document()).toMatchObject({ failures: 1, failure: { code: "-1" } });
  });

  it("gets no second attempt before the outcome of the first is recorded", async () => {
    const { clock, faults, platform, refresh } = bench({ latencyMs: 200 });
    platform.script("busy", "ok");
    const work = refresh(cold, 1_000, false).catch((error: unknown) => error);
    await clock.advance(100);
    faults.unreachable = true;
    expect(await work).toMatchObject({ reason: "error" });
    expect(platform.issues).toHaveLength(1);
  });
});

describe("a commit that another one overtook", () => {
  it("is reported, and the later credential is handed out", async () => {
    const { assembly, clock, document, ofType, refresh, write } = bench({ latencyMs: 5_000 });
    const work = refresh(cold, 10_000);
    await clock.advance(1_000);
    const { epoch } = (await document())!.intent!;
    const later = storedAt(clock.wallMs(), { generation: 9, epoch: epoch + 1 });
    const state: State = { ...emptyState, outcomeId: "9", credential: later };
    await write(state);
    await work;
    expect(ofType("commit-superseded")).toMatchObject([{ epoch, generation: 9 }]);
    expect(assembly.local.cached?.stored.generation).toBe(9);
    expect(ofType("refreshed")).toEqual([]);
  });
});
