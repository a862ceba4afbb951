import { credential } from "@lingpai/core";
import { claimsPath } from "@lingpai/core/driver";
import type { Credential, CredentialEvent, Issued, Issuer } from "@lingpai/core";
import { manualClock, scriptedIssuer, seededRandom, simulatedStore } from "@lingpai/core/testing";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";

const canary = "CANARY-f3b1c0de-secret";

function world() {
  const clock = manualClock();
  const random = seededRandom("bad-input");
  const store = simulatedStore({ clock, random });
  const platform = scriptedIssuer({ clock });
  const node = (issuer: Issuer = platform): Credential & { readonly events: CredentialEvent[] } => {
    const made = credential({
      issuer,
      cache: store.cache(),
      lock: store.lock(),
      environment: "production",
      node: "one",
      clock,
      random,
    });
    const events: CredentialEvent[] = [];
    made.watch((event) => events.push(event));
    onTestFinished(() => made.close());
    return Object.assign(made, { events });
  };
  /** Returns the result or the error, while simulated time passes. */
  const outcome = async (work: Promise<unknown>, ms = 30_000): Promise<unknown> => {
    const settled = work.catch((error: unknown) => error);
    await clock.advance(ms);
    return settled;
  };
  return { clock, store, platform, node, outcome };
}

describe("claims", () => {
  test("with foreign content cause no fetch, and their text is not shown", async () => {
    const label = fc.oneof(
      fc.string(),
      fc.constantFrom("a\u001b[2J", "a\r\nb", "\ud800", "a\u0000", "a|b", canary, "x".repeat(65)),
    );
    // Never so old that the claim counts as abandoned.
    const lately = fc.constantFrom<unknown>(null, "1", {}, Number.MAX_SAFE_INTEGER);
    const claim = fc.record(
      {
        environment: label,
        path: fc.array(fc.string()),
        node: label,
        sinceMs: fc.anything(),
        renewedMs: lately,
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ v: fc.constant(1), claims: fc.array(claim, { minLength: 1 }) })
        .map((document) => JSON.stringify(document)),
    );
    await fc.assert(
      fc.asyncProperty(text, async (registry) => {
        const { node, outcome, platform, store } = world();
        await store.cache().at(claimsPath).set(platform.id, registry);
        const one = node();
        const error = await outcome(one.get(), 500);
        expect(error).toMatchObject({
          code: expect.stringMatching(/^(UNREADABLE_ENTRY|CREDENTIAL_CONFLICT)$/),
        });
        expect(String(error)).not.toContain(canary);
        expect(String(error)).not.toMatch(/[\u0000-\u001f]/);
        expect(platform.issues).toHaveLength(0);
        await one.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe("a rejection", () => {
  test("of a foreign token fetches nothing and returns the present one", async () => {
    const { clock, node, outcome, platform } = world();
    const one = node();
    await outcome(one.get(), 2_000);
    const rejecting = one.reject(canary);
    await clock.advance(2_000);
    expect(await rejecting).toMatchObject({ replaced: true, secret: one.peek() });
    expect(platform.issues).toHaveLength(1);
    expect(JSON.stringify(one.events)).not.toContain(canary);
    expect(one.events.find(({ type }) => type === "rejected")).toMatchObject({
      verdict: "unknown",
    });
  });
});

describe("an issuer", () => {
  // The types would not allow this; a caller in JavaScript can do it.
  const as = (answer: unknown): Promise<Issued> => Promise.resolve(answer as Issued);
  test.each<[string, () => Promise<Issued>]>([
    ["returns undefined", () => as(undefined)],
    ["returns a string", () => as(canary)],
    [
      "returns a secret with a line break",
      () => as({ secret: `${canary}\n`, expiresInMs: 7_200_000 }),
    ],
    ["returns no secret", () => as({ secret: "", expiresInMs: 7_200_000 })],
    ["returns no lifetime", () => as({ secret: canary })],
    [
      "returns an infinite lifetime",
      () => as({ secret: canary, expiresInMs: Number.POSITIVE_INFINITY }),
    ],
    ["returns a negative lifetime", () => as({ secret: canary, expiresInMs: -1 })],
    [
      "returns an empty nextInput",
      () => as({ secret: canary, expiresInMs: 7_200_000, nextInput: "" }),
    ],
    // eslint-disable-next-line prefer-promise-reject-errors -- that is the point.
    ["rejects with a string", () => Promise.reject(canary)],
    ["rejects with nothing", () => Promise.reject(undefined)],
    [
      "rejects with an error that quotes the secret",
      () => Promise.reject(new Error(canary, { cause: { config: { url: `?secret=${canary}` } } })),
    ],
    [
      "throws before it returns a promise",
      () => {
        throw new TypeError(canary);
      },
    ],
    ["never settles", () => new Promise<never>(() => {})],
  ])(
    "that %s causes an unknown outcome within its deadline, and its text is not shown",
    async (_title, issue) => {
      const { node, outcome, platform } = world();
      const one = node({ ...platform, issue });
      const error = await outcome(one.get(), 60_000);
      expect(error).toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
      expect(one.events.find(({ type }) => type === "refresh-failed")).toMatchObject({
        outcome: "unknown",
      });
      expect(JSON.stringify(one.events)).not.toContain(canary);
      for (let each: unknown = error; each instanceof Error; each = each.cause)
        expect(`${each.message} ${each.stack}`).not.toContain(canary);
    },
  );
});
