/**
 * Every written document can be read. A number of a wrong kind would keep the whole fleet from its
 * credential until a person deletes the document.
 */
import { describe, expect, it } from "vitest";
import { IssueError } from "../index.ts";
import { storedCredential } from "../state/state.fixture.ts";
import { StoredDocument } from "../fleet/document.ts";
import { fleet, within } from "./fleet.fixture.ts";
import { contextFrom } from "../fleet/context.ts";
import { StoreClock } from "../fleet/store-clock.ts";

describe("an issuer's refusal", () => {
  it.each([
    { retryAfterMs: 1_500.5 },
    { retryAfterMs: Number.NaN },
    { retryAfterMs: Number.POSITIVE_INFINITY },
    { retryAfterMs: -1 },
    { platformCode: 45_011 as unknown },
  ])("with the values %j leaves a document that other nodes can read", async (said) => {
    const { clock, node, platform } = fleet();
    const issuer = {
      ...platform,
      issue: async () => {
        throw new IssueError(
          "busy",
          "Not now.",
          said as { platformCode?: string; retryAfterMs?: number },
        );
      },
    };
    await expect(within(clock, 25_000, node({ issuer }).get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    await clock.advance(600_000);
    expect(platform.alive(await within(clock, 2_000, node().get()))).toBe(true);
  });
});

describe("an operator's wrong value", () => {
  it.each([
    { used: Number.NaN, remaining: 1 },
    { used: -5, remaining: Number.MAX_SAFE_INTEGER },
    { used: 1.5, remaining: 5_000 },
    { used: 1, remaining: Number.NaN },
  ])("for the quota is refused: %j", async (observed) => {
    const { clock, node, document } = fleet({ quota: { perDay: 2_000, dayOffsetMs: 0 } });
    const one = node();
    await within(clock, 1_000, one.get());
    await expect(one.reconcileQuota(observed)).rejects.toMatchObject({ code: "CONFIGURATION" });
    expect((await document())?.quota.used).toBe(1);
  });

  it.each([Number.NaN, -1, 1e15, Number.POSITIVE_INFINITY])(
    "for the age of a seed is refused: %d ms",
    async (ageMs) => {
      const { clock, node, document } = fleet();
      const one = node();
      await within(clock, 1_000, one.get());
      const before = await document();
      await expect(
        one.seed({ secret: "seed", expiresInMs: 7_200_000 }, { ageMs }),
      ).rejects.toMatchObject({ code: "CONFIGURATION" });
      expect(await document()).toEqual(before);
    },
  );
});

it("a document that could not be read back is not written", async () => {
  const { cache, clock, document, platform, store } = fleet();
  const context = contextFrom({
    issuer: platform,
    cache,
    lock: store.lock(),
    environment: "production",
    clock,
  });
  const stored = new StoredDocument(
    context,
    new StoreClock(clock, context.bus),
    cache.withPrefix("production"),
  );
  const types: string[] = [];
  context.bus.subscribe(({ type }) => types.push(type));
  const event = {
    type: "seed",
    operationId: "o",
    outcomeId: "o",
    issued: storedCredential("T1", { expiresAtMs: 1.5 }),
  } as const;
  await expect(stored.apply(event)).rejects.toEqual(
    expect.not.objectContaining({ code: expect.anything() }),
  );
  expect(await document()).toBeUndefined();
  expect(types).toEqual([]);
});
