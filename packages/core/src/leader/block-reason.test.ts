/** The error that a caller gets when there is no credential. */
import { describe, expect, it } from "vitest";
import {
  handedOutAgain,
  isPassing,
  NotReplacedError,
  refusedButAlive,
  toCallerError,
  type BlockReason,
} from "./block-reason.ts";
import {
  CacheUnavailableError,
  CredentialUnavailableError,
  IssueError,
  LockLostError,
  QuotaExhaustedError,
  type IssueOutcome,
} from "../errors.ts";
import { oneNode } from "../scenarios/node.fixture.ts";
import { emptyState } from "../state/state.ts";

type Pause = Extract<BlockReason, { kind: "pause" }>;

const pause = (why: Pause["why"], cause?: unknown): BlockReason => ({
  kind: "pause",
  ms: 1_234.5,
  why,
  ...(cause !== undefined && { cause }),
});
const start = 'There is no live credential "test": ';
const gone = new CacheUnavailableError("It is gone.", { reason: "timeout" });

/** The error for a caller on a node whose fleet already has a document. */
function errorFor(error: unknown, block?: BlockReason, failure?: string) {
  const { local, node } = oneNode();
  local.updateState({
    ...emptyState,
    ...(failure !== undefined && { failure: { code: failure, atMs: 0 } }),
  });
  return toCallerError(error, node, block) as CredentialUnavailableError;
}

describe("a temporary failure", () => {
  it.each<[IssueOutcome, boolean]>([
    ["busy", true],
    ["unsent", true],
    ["unknown", true],
    ["fatal", false],
    ["quota", false],
    ["parent", false],
    ["input", false],
  ])("of the platform is recognised: %s, %s", (outcome, passes) => {
    expect(isPassing(new IssueError(outcome, "x"))).toBe(passes);
  });

  it("includes a lost lease and an unreachable store", () => {
    expect(isPassing(new LockLostError("test", "expired"))).toBe(true);
    expect(isPassing(gone)).toBe(true);
    expect(isPassing(new QuotaExhaustedError("x", 1, 1))).toBe(false);
    expect(isPassing(new TypeError("x"))).toBe(false);
    expect(isPassing(Object.assign(new Error("x"), { code: "LOCK_LOST" }))).toBe(false);
    expect(isPassing(Object.assign(new Error("x"), { retryable: true }))).toBe(false);
    expect(isPassing({ code: "LOCK_LOST", retryable: true })).toBe(false);
    expect(isPassing(undefined)).toBe(false);
  });
});

describe("a caller whose wait ends without a credential", () => {
  it.each<[Pause["why"], string]>([
    ["drain", "an earlier request may still be processed by the platform"],
    ["back-off", "the platform failed or refused, and the fleet backs off"],
    [
      "refused",
      "the platform refuses until a person mends the cause; Lingpai tries again by itself",
    ],
    [
      "governor",
      "the credential was refused, and today's budget for refused credentials, or for operators, is used up for now; if nobody asked for this, another environment uses this AppID",
    ],
    ["forced", "the platform limits forced refreshes"],
    ["store", "the store cannot be reached"],
    ["error", "the last attempt failed"],
  ])("gets the reason and the time of the next attempt: %s", (why, text) => {
    const error = errorFor(undefined, pause(why));
    expect(error).toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      message: `${start}${text}.`,
      reason: why,
      retryAfterMs: 1_235,
    });
    expect(error.cause).toBeUndefined();
  });

  it("gets the name of the thing that it waited for", () => {
    expect(errorFor(undefined, { kind: "wait", ms: 5 })).toMatchObject({
      message: `${start}no node has stored one yet.`,
      reason: "wait",
      retryAfterMs: 1_000,
    });
    expect(errorFor(undefined, { kind: "wait", ms: 5, detail: "so" }).message).toBe(`${start}so.`);
  });

  it("gets the store's own error, which names a setting", () => {
    const error = errorFor(undefined, pause("store", gone));
    expect(error.message).toBe(`${start}the store cannot be reached: It is gone.`);
    expect(error.cause).toBe(gone);
    // Nothing of a foreign error is repeated.
    expect(errorFor(undefined, pause("store", new Error("secret"))).message).toBe(
      `${start}the store cannot be reached.`,
    );
    expect(errorFor(undefined, pause("error", gone)).message).toBe(
      `${start}the last attempt failed.`,
    );
  });

  it("gets the last failure as the cause, and the code of the last refusal", () => {
    const busy = new IssueError("busy", "later");
    const error = errorFor(busy, pause("error", gone), "45011");
    expect(error.cause).toBe(busy);
    expect(error.message).toBe(`${start}the last attempt failed. The last refusal was 45011.`);
  });

  it("gets an error at once if a person must grant a right to use the store", () => {
    const denied = new CacheUnavailableError("No right to write.", { retryable: false });
    for (const error of [errorFor(undefined, pause("store", denied), "1"), errorFor(denied)]) {
      expect(error).toMatchObject({ cause: denied, reason: "store" });
      expect(error.message).toContain(`${start}No right to write.`);
      expect(error.retryAfterMs).toBeUndefined();
    }
    expect(errorFor(undefined, pause("store", denied), "1").message).toContain("refusal was 1.");
  });
});

describe("a caller whose refresh fails", () => {
  it("gets a complete error of this library unchanged", () => {
    const exhausted = new QuotaExhaustedError("x", 1, 1);
    expect(errorFor(exhausted)).toBe(exhausted);
    const unavailable = new CredentialUnavailableError("x");
    expect(errorFor(unavailable)).toBe(unavailable);
    // While it waits for something, that reason is more useful than the last failure.
    expect(errorFor(exhausted, pause("error"))).toMatchObject({
      reason: "error",
      cause: exhausted,
    });
  });

  it.each<[Error, string, string | undefined, number | undefined]>([
    [new IssueError("fatal", "No."), "No", undefined, undefined],
    [new IssueError("fatal", "No.", { retryAfterMs: 7 }), "No", undefined, 7],
    [new IssueError("busy", "Later"), "Later", "error", 1_000],
    [new IssueError("quota", "None."), "None", undefined, 1_000],
    [new LockLostError("test", "expired"), "", "error", 1_000],
    [gone, "It is gone", "store", 1_000],
    [new TypeError("secret"), "an unexpected error", undefined, 1_000],
  ])(
    "gets the failure and the time of the next attempt: %s",
    (failed, text, reason, retryAfterMs) => {
      const error = errorFor(failed);
      expect(error).toBeInstanceOf(CredentialUnavailableError);
      expect(error.cause).toBe(failed);
      expect(error.message.startsWith(`${start}${text}`)).toBe(true);
      expect(error.message.endsWith("..")).toBe(false);
      expect(error.reason).toBe(reason);
      expect(error.retryAfterMs).toBe(retryAfterMs);
    },
  );

  it("gets the last refusal too, if its own failure is none", () => {
    expect(errorFor(gone, undefined, "45011").message).toBe(
      `${start}It is gone. The last refusal was 45011.`,
    );
    expect(errorFor(new IssueError("busy", "Later."), undefined, "45011").message).toBe(
      `${start}Later.`,
    );
  });
});

describe("a refused credential that stays", () => {
  it("is explained in the error", () => {
    expect(refusedButAlive("test")).toBeInstanceOf(NotReplacedError);
    expect(refusedButAlive("test").message).toBe(
      'The platform calls the credential "test" alive: the call was refused for another reason.',
    );
    expect(handedOutAgain("test")).toBeInstanceOf(NotReplacedError);
    expect(handedOutAgain("test").message).toBe(
      'The platform hands out a credential "test" that it refuses, or that has expired. Check the platform\'s console, or wait until it expires.',
    );
  });
});
