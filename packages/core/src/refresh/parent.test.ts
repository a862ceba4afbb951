/** What a child reports about its parent, and when the failure counts as its own. */
import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "./circuit-breaker.ts";
import type { RefreshDependencies } from "./dependencies.ts";
import { LazyWeakSet } from "./lazy-weak-set.ts";
import { handleRefusal, parentOf } from "./parent.ts";
import type { Parent, RejectOptions } from "../credential.ts";
import { CacheUnavailableError, IssueError } from "../errors.ts";
import type { Applied, Snapshot } from "../fleet/document.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { oneNode } from "../scenarios/node.fixture.ts";
import { Secret } from "../secret.ts";
import { reduce, type StateEvent } from "../state/reduce.ts";
import { emptyState, type State } from "../state/state.ts";

const secret = new Secret("parent", "fingerprint");
const refused = new IssueError("parent", "The parent is refused.", { platformCode: "40001" });
const cold: Goal = { reason: "cold" };

function bench(given: Partial<Parent> = {}) {
  const { clock, context, local, storeClock } = oneNode();
  const reports: (RejectOptions | undefined)[] = [];
  const recorded: StateEvent[] = [];
  const answers = { replaced: true, failure: undefined as Error | undefined };
  const parent: Parent = {
    get: async () => secret,
    reject: async (_secret, options) => {
      reports.push(options);
      return { replaced: answers.replaced, secret };
    },
    ...given,
  };
  const closing = new AbortController();
  const apply = async (event: StateEvent): Promise<Applied<StateEvent>> => {
    recorded.push(event);
    if (answers.failure !== undefined) throw answers.failure;
    const { state, verdict } = reduce(emptyState, event, storeClock.nowMs(), context.rules);
    const snapshot: Snapshot = { state, version: "absent" };
    return { verdict, snapshot };
  };
  const parts = {
    node: { context, storeClock, local },
    source: { document: { apply } },
    breaker: new CircuitBreaker({ context, storeClock, local }),
    reportedGoals: new LazyWeakSet<Goal>(),
    parentErrors: new LazyWeakSet<object>(),
    parent,
    closing: closing.signal,
  };
  // Only these parts are used.
  const dependencies = parts as unknown as RefreshDependencies;
  const blame = (sinceMs: number): State => ({
    ...emptyState,
    failure: { code: "40001", atMs: 0, parent: { fingerprint: "fingerprint", sinceMs } },
  });
  return { answers, blame, clock, closing, dependencies, local, recorded, reports, storeClock };
}

describe("a child that needs its parent's credential", () => {
  it("gets it with a signal that aborts when the child closes", async () => {
    const asked: (AbortSignal | undefined)[] = [];
    const { closing, dependencies } = bench({
      get: async (options) => (asked.push(options?.signal), secret),
    });
    expect(await parentOf(dependencies)).toBe(secret);
    expect(asked).toEqual([closing.signal]);
    expect(await parentOf({ ...dependencies, parent: undefined })).toBeUndefined();
  });

  it("is rejected after waitMs with an error that names the parent", async () => {
    const { clock, dependencies } = bench({ get: () => new Promise(() => {}) });
    const waiting = parentOf(dependencies)?.catch((error: unknown) => error);
    await clock.advance(20_000);
    const error = await waiting;
    expect(error).toMatchObject({
      message: 'The parent of "test" gave no credential within 20000 ms (waitMs).',
      retryAfterMs: 1_000,
    });
    expect(dependencies.parentErrors.has(error as object)).toBe(true);
  });

  it("stops waiting for it when it closes", async () => {
    const { closing, dependencies } = bench({ get: () => new Promise(() => {}) });
    const waiting = parentOf(dependencies);
    const closed = new Error("closed");
    closing.abort(closed);
    await expect(waiting).rejects.toBe(closed);
  });

  it.each(["a text", undefined, null])(
    "is rejected with the value that its parent throws, even if that is no error: %s",
    async (thrown) => {
      const { dependencies } = bench({ get: () => Promise.reject(thrown) });
      await expect(parentOf(dependencies)).rejects.toBe(thrown);
    },
  );
});

describe("a child that is refused", () => {
  it("leaves its parent alone if the refusal does not concern the parent", async () => {
    const { dependencies, reports } = bench();
    const busy = new IssueError("busy", "later");
    await expect(handleRefusal(dependencies, cold, busy, secret)).rejects.toBe(busy);
    await expect(handleRefusal(dependencies, cold, refused, undefined)).rejects.toBe(refused);
    const orphan = { ...dependencies, parent: undefined };
    await expect(handleRefusal(orphan, cold, refused, secret)).rejects.toBe(refused);
    const fatal = new IssueError("fatal", "wrong secret");
    await expect(handleRefusal(dependencies, cold, fatal, secret)).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      cause: fatal,
    });
    expect(reports).toEqual([]);
  });

  it("because of its parent reports the parent with the platform's code, and tries again in 1 to 2 ms", async () => {
    const { closing, dependencies, local, recorded, reports } = bench();
    // The fleet already has a document, without a failure.
    local.updateState(emptyState);
    const block = await handleRefusal(dependencies, cold, refused, secret);
    expect(block).toMatchObject({ kind: "pause", why: "error" });
    expect(block.ms).toBeGreaterThanOrEqual(1);
    expect(block.ms).toBeLessThan(2);
    expect(reports).toEqual([{ signal: closing.signal, doubtful: false, platformCode: "40001" }]);
    expect(recorded).toEqual([]);
  });

  it("a second time for one goal reports the parent only as doubtful", async () => {
    const { dependencies, reports } = bench();
    const unnamed = new IssueError("parent", "The parent is refused.");
    await handleRefusal(dependencies, cold, unnamed, secret);
    await handleRefusal(dependencies, cold, unnamed, secret);
    await handleRefusal(dependencies, { reason: "cold" }, unnamed, secret);
    expect(reports.map((report) => report?.doubtful)).toEqual([false, true, false]);
    expect(reports[0]).not.toHaveProperty("platformCode");
  });

  it("although its parent is alive counts as refused itself", async () => {
    const { answers, dependencies, local, recorded } = bench();
    answers.replaced = false;
    await expect(handleRefusal(dependencies, cold, refused, secret)).rejects.toBe(refused);
    expect(recorded).toMatchObject([
      { type: "abandon", outcome: "blamed", code: "40001", parent: "fingerprint", sentAtMs: 0 },
    ]);
    expect(local.state).toMatchObject({ failures: 1, failure: { code: "40001" } });
  });

  it.each([
    [599_999, true],
    [600_000, false],
  ])(
    "because of a parent that was found alive %s ms ago reports it as doubtful: %s, and counts as refused itself once",
    async (agoMs, doubtful) => {
      const { answers, blame, clock, dependencies, local, recorded, reports, storeClock } = bench();
      local.updateState(blame(storeClock.nowMs()));
      answers.replaced = false;
      await clock.advance(agoMs);
      await expect(handleRefusal(dependencies, cold, refused, secret)).rejects.toBe(refused);
      expect(reports.map((report) => report?.doubtful)).toEqual([doubtful]);
      expect(recorded).toEqual([]);
    },
  );

  it("backs off on its own node if the store is unreachable", async () => {
    const { answers, dependencies, local } = bench();
    answers.replaced = false;
    answers.failure = new CacheUnavailableError("gone", { reason: "disconnected" });
    await expect(handleRefusal(dependencies, cold, refused, secret)).rejects.toBe(refused);
    expect(local.state).toMatchObject({ failures: 1, failure: { code: "40001" } });
    answers.failure = new TypeError("broken");
    const other = new Secret("other", "other");
    await expect(handleRefusal(dependencies, cold, refused, other)).rejects.toThrow("broken");
  });
});
