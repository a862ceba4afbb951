/** Why a credential could not be replaced in time, according to the last attempt. */
import { describe, expect, it } from "vitest";
import { reportStale, staleReasonOf, type StaleReason } from "./stale-cause.ts";
import {
  CacheUnavailableError,
  ConfigurationError,
  CredentialUnavailableError,
} from "../errors.ts";
import { CredentialConflictError, IssueError, LockLostError } from "../errors.ts";
import { QuotaExhaustedError, UnreadableEntryError } from "../errors.ts";
import type { BlockReason } from "../leader/block-reason.ts";
import type { CircuitBreaker } from "../refresh/circuit-breaker.ts";
import { LazyWeakSet } from "../refresh/lazy-weak-set.ts";
import { lifetimeMs, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";

const none = new LazyWeakSet<object>();
const platform: StaleReason = { cause: "platform", errorCode: "ISSUE_FAILED" };
const pause = (why: Extract<BlockReason, { kind: "pause" }>["why"]): BlockReason => ({
  kind: "pause",
  ms: 1,
  why,
});

describe("the reason why a credential is served past its time", () => {
  it.each<[BlockReason, StaleReason]>([
    [{ kind: "wait", ms: 1 }, { cause: "owner" }],
    [pause("back-off"), { cause: "back-off" }],
    [pause("refused"), { cause: "fatal" }],
    [pause("governor"), { cause: "governor" }],
    [pause("forced"), { cause: "governor" }],
    [pause("store"), { cause: "store" }],
  ])("is the obstacle of the attempt: %o", (block, reason) => {
    const error = new CredentialUnavailableError("late");
    expect(staleReasonOf({ error, block }, undefined, none)).toEqual(reason);
    expect(staleReasonOf({ error, block }, { cause: "store" }, none)).toEqual(reason);
  });

  it("stays the platform's failure while the fleet backs off because of it", () => {
    const error = new CredentialUnavailableError("late");
    expect(staleReasonOf({ error, block: pause("back-off") }, platform, none)).toBe(platform);
  });

  it.each<[Error, StaleReason]>([
    [new QuotaExhaustedError("none", 1, 1), { cause: "quota", errorCode: "QUOTA_EXHAUSTED" }],
    [
      new CredentialConflictError("taken", "x"),
      { cause: "claim", errorCode: "CREDENTIAL_CONFLICT" },
    ],
    [new CacheUnavailableError("gone"), { cause: "store", errorCode: "CACHE_UNAVAILABLE" }],
    [
      new UnreadableEntryError("x", "format", "what"),
      { cause: "document", errorCode: "UNREADABLE_ENTRY" },
    ],
    [new LockLostError("x", "expired"), { cause: "owner", errorCode: "LOCK_LOST" }],
    [new IssueError("busy", "later"), { cause: "platform", errorCode: "ISSUE_REFUSED" }],
    [new ConfigurationError("wrong"), { cause: "platform", errorCode: "CONFIGURATION" }],
  ])("is the failure, by its code: %s", (failed, reason) => {
    expect(staleReasonOf({ error: failed, block: undefined }, undefined, none)).toEqual(reason);
    // A caller's error has the failure as its cause.
    const error = new CredentialUnavailableError("late", { cause: failed });
    expect(staleReasonOf({ error, block: pause("error") }, undefined, none)).toEqual(reason);
  });

  it("is the parent if the parent threw the error", () => {
    const failed = new CacheUnavailableError("gone");
    const parentErrors = new LazyWeakSet<object>();
    parentErrors.add(failed);
    expect(staleReasonOf({ error: failed, block: undefined }, undefined, parentErrors)).toEqual({
      cause: "parent",
      errorCode: "CACHE_UNAVAILABLE",
    });
  });

  it.each([new TypeError("broken"), "text", undefined])(
    "stays unchanged if the failure gives no reason: %s",
    (error) => {
      expect(staleReasonOf({ error, block: undefined }, platform, none)).toBe(platform);
      expect(staleReasonOf({ error, block: pause("error") }, platform, none)).toBe(platform);
      expect(staleReasonOf({ error, block: undefined }, undefined, none)).toBeUndefined();
    },
  );
});

describe("the report that a credential is served past its time", () => {
  function bench(changed: Partial<State> = {}, isRefused = false) {
    const one = oneNode();
    const { local, storeClock } = one;
    const state = { ...emptyState, credential: storedAt(storeClock.nowMs()), ...changed };
    // The breaker's other members are not used.
    const breaker = { isRefused } as CircuitBreaker;
    const report = (role: "owner" | "consumer" = "owner", met?: StaleReason) => {
      reportStale(one.node, role, breaker, met);
      return one.events.filter(({ type }) => type === "kept-stale");
    };
    return { ...one, adopt: () => local.adopt(state, state.credential), report };
  }

  it("names the credential, its remaining lifetime, and the platform if no other reason is known", async () => {
    const { adopt, clock, local, report } = bench();
    adopt();
    await clock.advance(1_000);
    expect(report()).toMatchObject([
      {
        generation: 1,
        epoch: 1,
        fingerprint: "fingerpr",
        remainingMs: lifetimeMs - 1_000,
        cause: "platform",
      },
    ]);
    expect(local.cached?.isStaleReported).toBe(true);
  });

  it("names the last attempt's reason, for an owner that may fetch", () => {
    const { adopt, report } = bench();
    adopt();
    const reason = { cause: "quota", errorCode: "QUOTA_EXHAUSTED" } as const;
    expect(report("owner", reason)).toMatchObject([reason]);
  });

  it("names, for a consumer, the store first, then a refusal, then the owners", async () => {
    const consumer = bench();
    consumer.adopt();
    expect(consumer.report("consumer", platform)).toMatchObject([{ cause: "owner" }]);
    const refused = bench({}, true);
    refused.adopt();
    expect(refused.report("consumer", platform)).toMatchObject([{ cause: "fatal" }]);
    const gone = new CacheUnavailableError("gone");
    await refused.context.health.watched("get", () => Promise.reject(gone)).catch(() => {});
    expect(refused.report("consumer", platform)[1]).toMatchObject({ cause: "store" });
    expect(refused.report("consumer", platform)[1]).not.toHaveProperty("errorCode");
  });

  it("is made for no credential that is missing, dead or expired", () => {
    const missing = bench();
    expect(missing.report()).toEqual([]);
    const dead = bench({ suspect: { fingerprint: "fingerprint-1", atMs: 0, dead: true } });
    dead.adopt();
    expect(dead.report()).toEqual([]);
    expect(dead.local.cached?.isStaleReported).toBe(true);
  });
});
