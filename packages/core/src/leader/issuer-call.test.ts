/** One request to the platform: its time limit, its valid answers, and its errors. */
import { describe, expect, it } from "vitest";
import {
  ask,
  askForInput,
  currentOf,
  isIssueError,
  refuseRecursion,
  validated,
  type IssuedSecrets,
} from "./issuer-call.ts";
import { IssueError, RecursiveRefreshError } from "../errors.ts";
import { fingerprintIn } from "../fleet/context.ts";
import type { Issued, Issuer, IssueRequest } from "../issuer.ts";
import { oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { Secret } from "../secret.ts";

const good: Issued = { secret: "S", expiresInMs: 7_200_000 };
const request = { reason: "cold", forced: false, current: undefined, parent: undefined } as const;

/** The answer as the issuer gave it: with texts, and without unset fields. */
function plain({ secret, expiresInMs, nextInput, isAgeUnknown }: IssuedSecrets): Issued {
  return {
    secret: secret.reveal(),
    expiresInMs,
    ...(nextInput && { nextInput: nextInput.reveal() }),
    ...(isAgeUnknown && { isAgeUnknown }),
  };
}

function bench(issuer: Partial<Issuer>) {
  const { clock, context } = oneNode(issuer);
  return { clock, context, issue: () => ask(context, request) };
}

describe("a request to the issuer", () => {
  it("has a signal of its own, and leaves no timer after its answer", async () => {
    const asked: IssueRequest[] = [];
    const { clock, issue } = bench({ issue: async (given) => (asked.push(given), good) });
    expect(plain(await issue())).toEqual(good);
    expect(asked).toMatchObject([{ ...request, signal: { aborted: false } }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is aborted at the fetch deadline, with an unknown outcome", async () => {
    const asked: IssueRequest[] = [];
    const { clock, issue } = bench({
      issue: (given) => {
        asked.push(given);
        return new Promise(() => {});
      },
    });
    const failed = issue().catch((error: unknown) => error);
    await clock.advance(7_999);
    expect(asked[0]?.signal.aborted).toBe(false);
    await clock.advance(1);
    const error = await failed;
    expect(error).toMatchObject({
      outcome: "unknown",
      message:
        'The platform did not answer for "test" within 8000 ms (fetchDeadlineMs). Whether it issued is unknown.',
    });
    expect(asked[0]?.signal.reason).toBe(error);
  });

  it("passes on the issuer's own error", async () => {
    const busy = new IssueError("busy", "later");
    await expect(bench({ issue: () => Promise.reject(busy) }).issue()).rejects.toBe(busy);
    // An error of another copy of this package.
    const foreign = Object.assign(new Error("x"), { code: "ISSUE_FAILED", outcome: "unsent" });
    await expect(bench({ issue: () => Promise.reject(foreign) }).issue()).rejects.toBe(foreign);
    const recursion = new RecursiveRefreshError("test");
    await expect(bench({ issue: () => Promise.reject(recursion) }).issue()).rejects.toBe(recursion);
  });

  it.each<[unknown, string]>([
    [new TypeError("secret=S"), "TypeError"],
    [Object.assign(new Error("x"), { name: "a name with spaces" }), "object"],
    [Object.assign(new Error("x"), { name: "N".repeat(41) }), "object"],
    [Object.assign(new Error("x"), { code: "ISSUE_FAILED" }), "Error"],
    [Object.assign(new Error("x"), { code: "OTHER", outcome: "busy" }), "Error"],
    [{ code: "ISSUE_FAILED", outcome: "busy" }, "object"],
    ["text", "string"],
    [undefined, "undefined"],
  ])("hides any other error of the issuer, which may quote a secret: %s", async (thrown, name) => {
    const { issue } = bench({ issue: () => Promise.reject(thrown) });
    const error: unknown = await issue().catch((failed: unknown) => failed);
    expect(error).toMatchObject({
      outcome: "unknown",
      message: `The issuer of "test" failed (${name}). Whether the platform issued is unknown.`,
    });
    expect((error as Error).cause).toBeUndefined();
  });

  it("may throw before it returns a promise", async () => {
    const { issue } = bench({
      issue: () => {
        throw new TypeError("at once");
      },
    });
    await expect(issue()).rejects.toMatchObject({ outcome: "unknown" });
  });

  it("must not need its own credential, directly or through others", async () => {
    const inner = bench({ id: "inner", issue: async () => (refuseRecursion("outer"), good) });
    const outer = bench({ id: "outer", issue: async () => plain(await inner.issue()) });
    await expect(outer.issue()).rejects.toMatchObject({ code: "RECURSIVE_REFRESH" });
    const self = bench({ issue: async () => (refuseRecursion("test"), good) });
    await expect(self.issue()).rejects.toMatchObject({ code: "RECURSIVE_REFRESH" });
    const other = bench({ issue: async () => (refuseRecursion("another"), good) });
    expect(plain(await other.issue())).toEqual(good);
    expect(() => refuseRecursion("test")).not.toThrow();
  });
});

describe("an issuer's answer", () => {
  const { context } = oneNode();

  it.each<[string, unknown]>([
    ["it is not an object", undefined],
    ["it is not an object", null],
    ["it is not an object", "S"],
    ["the credential is not a text of visible ASCII characters", { ...good, secret: "" }],
    ["the credential is not a text of visible ASCII characters", { ...good, secret: 5 }],
    ["the credential is not a text of visible ASCII characters", { ...good, secret: null }],
    [
      "the credential is not a text of visible ASCII characters",
      { ...good, secret: { reveal: "S" } },
    ],
    ["the credential is not a text of visible ASCII characters", { ...good, secret: "a b" }],
    ["the credential is not a text of visible ASCII characters", { ...good, secret: "a\u007f" }],
    ["the credential is not a text of visible ASCII characters", { ...good, secret: "\na" }],
    ["its lifetime is not between 1 ms and 366 days", { ...good, expiresInMs: 0.9 }],
    ["its lifetime is not between 1 ms and 366 days", { ...good, expiresInMs: "7200" }],
    ["its lifetime is not between 1 ms and 366 days", { ...good, expiresInMs: Number.NaN }],
    [
      "its lifetime is not between 1 ms and 366 days",
      { ...good, expiresInMs: 366 * 86_400_000 + 1 },
    ],
    ["its input for the next request is not a text", { ...good, nextInput: "" }],
    ["its input for the next request is not a text", { ...good, nextInput: 5 }],
  ])("is refused with an unknown outcome if it is invalid: %s", (what, answer) => {
    expect(() => validated(context, answer)).toThrow(
      expect.objectContaining({
        outcome: "unknown",
        message: `The answer for "test" is invalid: ${what}. Whether the platform issued is unknown.`,
      }),
    );
  });

  it("is accepted without fields that were not requested", () => {
    const answer = { secret: "!~", expiresInMs: 1.9, isAgeUnknown: false, more: 1 };
    expect(plain(validated(context, answer))).toEqual({ secret: "!~", expiresInMs: 1 });
    const shortest = { ...good, expiresInMs: 1 };
    expect(plain(validated(context, shortest))).toEqual(shortest);
    const longest = { ...good, expiresInMs: 366 * 86_400_000 };
    expect(plain(validated(context, longest))).toEqual(longest);
    const whole = { ...good, nextInput: "I", isAgeUnknown: true };
    expect(plain(validated(context, whole))).toEqual(whole);
  });

  it("that is too long for the store needs a person", () => {
    const long = "x".repeat(16_384);
    expect(plain(validated(context, { ...good, secret: long, nextInput: long })).secret).toBe(long);
    for (const [what, answer] of [
      ["a credential", { ...good, secret: `${long}x` }],
      ["an input for the next request", { ...good, nextInput: `${long}x` }],
    ] as const)
      expect(() => validated(context, answer)).toThrow(
        expect.objectContaining({
          outcome: "fatal",
          message: `The platform issued for "test" ${what} of 16385 characters; up to 16384 are kept. Ask it for fewer scopes or claims, or for an opaque token.`,
        }),
      );
  });
});

describe("the recovery of an input", () => {
  const question = (recover: Issuer["recover"]) => {
    const { clock, context } = bench(recover === undefined ? {} : { recover });
    return { clock, asking: askForInput(context, { parent: undefined }) };
  };

  it("accepts a text as the answer", async () => {
    const parent = new Secret("P", "P");
    const asked: unknown[] = [];
    const { context } = bench({ recover: async (given) => (asked.push(given), "I") });
    expect((await askForInput(context, { parent })).reveal()).toBe("I");
    expect(asked).toMatchObject([{ parent, signal: { aborted: false } }]);
  });

  it.each([
    ["", ""],
    ["nothing", undefined],
    ["a number", 5],
  ])("counts as refused if the answer is %s", async (_what, answer) => {
    await expect(question(async () => answer as string).asking).rejects.toMatchObject({
      outcome: "busy",
      message: 'The issuer of "test" names no input that works.',
    });
  });

  it("counts as refused if the issuer cannot recover inputs", async () => {
    await expect(question(undefined).asking).rejects.toMatchObject({ outcome: "busy" });
  });

  it("counts as refused if its outcome is unknown, because it issues nothing", async () => {
    const unknown = new IssueError("unknown", "what?", { platformCode: "-1" });
    const error: unknown = await question(() => Promise.reject(unknown)).asking.catch(
      (failed: unknown) => failed,
    );
    expect(error).toMatchObject({ outcome: "busy", message: "what?", platformCode: "-1" });
    const silent = question(() => new Promise(() => {}));
    const failed = silent.asking.catch((thrown: unknown) => thrown);
    await silent.clock.advance(8_000);
    expect(await failed).toMatchObject({ outcome: "busy" });
    expect((await failed) as object).not.toHaveProperty("platformCode", expect.any(String));
  });

  it("keeps every other outcome", async () => {
    const fatal = new IssueError("fatal", "no");
    await expect(question(() => Promise.reject(fatal)).asking).rejects.toBe(fatal);
    const recursion = new RecursiveRefreshError("test");
    await expect(question(() => Promise.reject(recursion)).asking).rejects.toBe(recursion);
  });
});

describe("the stored credential as an issuer sees it", () => {
  it("has its secret and its input, with the fleet's fingerprints", () => {
    const { context } = bench({});
    expect(currentOf(context, undefined)).toBeUndefined();
    const first = currentOf(context, storedAt(0));
    expect(first?.secret.reveal()).toBe("secret-1");
    expect(first?.secret.fingerprint).toBe("fingerprint-1");
    expect(first?.nextInput).toBeUndefined();
    const rotating = currentOf(context, storedAt(0, { nextInput: "I" }));
    expect(rotating?.nextInput?.reveal()).toBe("I");
    expect(rotating?.nextInput?.fingerprint).toBe(fingerprintIn(context, "I"));
  });
});

describe("an issuer's error", () => {
  it("is recognised by its shape", () => {
    expect(isIssueError(new IssueError("busy", "later"))).toBe(true);
    expect(isIssueError(new IssueError("unknown", "later"))).toBe(true);
    expect(isIssueError(new RecursiveRefreshError("test"))).toBe(false);
    expect(isIssueError(new Error("x"))).toBe(false);
    expect(isIssueError(undefined)).toBe(false);
  });
});
