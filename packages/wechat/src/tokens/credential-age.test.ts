import { revealed } from "@lingpai/core";
import type { Issued } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { asSecret } from "../transport/platform-answer.ts";
import { issueOfKnownAge, issueWithinFirstClaim } from "./credential-age.ts";

const lifeMs = 7_200_000;
const confirmMs = 30_000;

interface Fleet {
  readonly clock: ManualClock;
  /** Sets the platform's answer from now on. */
  platform: { text: string; claimMs: number };
  readonly asked: { count: number };
  /** Fetches, and stores the result. */
  issue(): Promise<Issued>;
  /** Another carried value than the one that was stored. */
  damage(nextInput: string | undefined): void;
}

function fleet(): Fleet {
  const clock = manualClock();
  const asked = { count: 0 };
  let stored: Issued | undefined;
  const made: Fleet = {
    clock,
    asked,
    platform: { text: "first", claimMs: lifeMs },
    damage: (nextInput) =>
      void (stored &&= {
        secret: stored.secret,
        expiresInMs: stored.expiresInMs,
        ...(nextInput !== undefined && { nextInput }),
      }),
    async issue() {
      const current = stored && {
        secret: asSecret(revealed(stored.secret)),
        nextInput:
          stored.nextInput === undefined ? undefined : asSecret(revealed(stored.nextInput)),
      };
      const request = { signal: new AbortController().signal, current };
      const issuing = issueOfKnownAge({
        request,
        clock,
        confirmMs,
        requestToken: async () => {
          asked.count += 1;
          const { text, claimMs } = made.platform;
          return {
            secret: asSecret(text),
            expiresInMs: claimMs,
            earliestMs: clock.wallMs(),
            latestMs: clock.wallMs(),
          };
        },
      });
      let isSettled = false;
      const settle = (): void => void (isSettled = true);
      issuing.then(settle, settle);
      for (let turn = 0; turn < 20 && !isSettled; turn += 1)
        await clock.advance(turn === 0 ? 0 : 500);
      return (stored = await issuing);
    },
  };
  return made;
}

describe("a credential that comes again with the same text and its whole life", () => {
  test("is served until the platform can be asked again, while its age is unknown", async () => {
    const { issue, clock } = fleet();
    await expect(issue()).resolves.toMatchObject({ expiresInMs: confirmMs, isAgeUnknown: true });
    await clock.advance(lifeMs - 60_000);
    await expect(issue()).resolves.toMatchObject({ expiresInMs: confirmMs });
    await clock.advance(50_000);
    // It ends no later than its lifetime after it was first seen, whichever node asked first.
    await expect(issue()).resolves.toMatchObject({ expiresInMs: 10_000 });
  });

  test("lives from the last time that the text before it was seen", async () => {
    const world = fleet();
    await world.issue();
    await world.clock.advance(20_000);
    world.platform = { text: "second", claimMs: lifeMs };
    const second = await world.issue();
    expect(second).toMatchObject({ secret: asSecret("second"), expiresInMs: lifeMs - 20_000 });
    expect(second.isAgeUnknown).toBeUndefined();
    await world.clock.advance(3_600_000);
    await expect(world.issue()).resolves.toMatchObject({
      secret: asSecret("second"),
      expiresInMs: lifeMs - 3_620_000,
    });
    // Between the certain and the possible end, an answer holds for a twentieth of the uncertainty.
    await world.clock.advance(3_600_000 - 20_000);
    await expect(world.issue()).resolves.toMatchObject({ expiresInMs: 1_000 });
  });

  test("is waited out at its end if the end is known to the second, and its successor is returned", async () => {
    const world = fleet();
    await world.issue();
    await world.clock.advance(1_000);
    world.platform.text = "second";
    await world.issue();
    await world.clock.advance(lifeMs - 1_500);
    world.asked.count = 0;
    const issuing = world.issue();
    await world.clock.advance(0);
    world.platform.text = "third";
    await expect(issuing).resolves.toMatchObject({ secret: asSecret("third") });
    expect(world.asked.count).toBe(2);
  });

  test("does not begin a new lifetime when the platform returns it once more after its successor", async () => {
    const world = fleet();
    await world.issue();
    await world.clock.advance(600_000);
    world.platform.text = "second";
    const { expiresInMs } = await world.issue();
    expect(expiresInMs).toBe(lifeMs - 600_000);
    await world.clock.advance(60_000);
    world.platform.text = "first";
    await expect(world.issue()).resolves.toMatchObject({
      secret: asSecret("first"),
      expiresInMs: confirmMs,
    });
    await world.clock.advance(60_000);
    world.platform.text = "second";
    await expect(world.issue()).resolves.toMatchObject({
      secret: asSecret("second"),
      expiresInMs: lifeMs - 600_000 - 120_000,
    });
  });

  test("is of unknown age again if it outlives the lifetime that the platform states", async () => {
    const world = fleet();
    await world.issue();
    await world.clock.advance(lifeMs + 5_000);
    await expect(world.issue()).resolves.toMatchObject({
      secret: asSecret("first"),
      expiresInMs: confirmMs,
      isAgeUnknown: true,
    });
  });

  test.each(["", "null", "{}", '{"v":1,"present":{}}', '{"v":2}', undefined])(
    "is of unknown age beside the stored memory %j",
    async (nextInput) => {
      const world = fleet();
      await world.issue();
      world.damage(nextInput);
      world.platform.text = "second";
      await expect(world.issue()).resolves.toMatchObject({
        expiresInMs: confirmMs,
        isAgeUnknown: true,
      });
    },
  );
});

describe("a credential whose platform counts down", () => {
  const grant = (
    expiresInMs: number,
    nowMs: number,
  ): Parameters<typeof issueWithinFirstClaim>[1] => ({
    secret: asSecret("text"),
    expiresInMs,
    earliestMs: nowMs,
    latestMs: nowMs,
  });
  const after = ({
    secret,
    nextInput = "",
  }: Issued): Parameters<typeof issueWithinFirstClaim>[0] => ({
    secret: asSecret(revealed(secret)),
    nextInput: asSecret(revealed(nextInput)),
  });

  test("never lives longer than its first answer stated", () => {
    const first = issueWithinFirstClaim(undefined, grant(lifeMs, 0), 60_000);
    expect(first.expiresInMs).toBe(lifeMs);
    const second = issueWithinFirstClaim(after(first), grant(lifeMs - 600_000, 600_000), 60_000);
    expect(second.expiresInMs).toBe(lifeMs - 600_000);
    expect(issueWithinFirstClaim(after(second), grant(lifeMs, 1_200_000), 60_000).expiresInMs).toBe(
      lifeMs - 1_200_000,
    );
    expect(
      issueWithinFirstClaim(after(second), grant(lifeMs, lifeMs + 1), 60_000).expiresInMs,
    ).toBe(60_000);
  });
});
