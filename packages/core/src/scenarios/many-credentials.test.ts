/**
 * Thousands of credentials in one process: the parts that they share, and how often the process
 * wakes for them.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { credential, type Clock, type Credential } from "../index.ts";
import { manualClock, seededRandom, simulatedStore } from "../testing/index.ts";

const thousands = 2_000;
const lifetimeMs = 7_200_000;

type Crowd = Awaited<ReturnType<typeof crowd>>;

/** A process with `count` credentials that have been used once, at rest. */
async function crowd(count: number) {
  const time = manualClock();
  const fired = { count: 0 };
  const clock: Clock = {
    monotonicMs: time.monotonicMs,
    wallMs: time.wallMs,
    setTimer: (delayMs, fire, options) =>
      time.setTimer(
        delayMs,
        () => {
          fired.count += 1;
          fire();
        },
        options,
      ),
  };
  const random = seededRandom("crowd");
  const store = simulatedStore({ clock, random });
  const [cache, lock] = [store.cache(), store.lock()];
  const credentials = Array.from({ length: count }, (_, index): Credential => {
    let issued = 0;
    return credential({
      issuer: {
        id: `wx${index}`,
        policy: { kind: "supersede", overlapMs: 300_000 },
        lifetimeMs,
        issue: async () => ({ secret: `wx${index}-${(issued += 1)}`, expiresInMs: lifetimeMs }),
      },
      cache,
      lock,
      environment: "production",
      node: "node",
      clock,
      random,
    });
  });
  const served = Promise.all(credentials.map((each) => each.get()));
  await time.advance(5_000);
  await served;
  return { credentials, fired, store, time };
}

describe("thousands of credentials in one process", () => {
  let many: Crowd;
  let few: Crowd;
  beforeAll(async () => {
    many = await crowd(thousands);
    few = await crowd(10);
  });

  it("have one timer and one subscription, as a few credentials have", () => {
    for (const { time, store } of [few, many])
      expect([time.pendingTimers, store.subscriptions]).toEqual([1, 1]);
  });

  it("wake the process at most four times a minute each, and read nothing for minutes", async () => {
    const { fired, store, time } = many;
    const before = { fired: fired.count, commands: store.commands };
    await time.advance(60_000);
    expect(fired.count - before.fired).toBeLessThanOrEqual(4 * thousands);
    expect(store.commands).toBe(before.commands);
  });

  it("are neither read nor woken if one of them is refreshed", async () => {
    const [one, other] = [await costOfRefresh(many), await costOfRefresh(few)];
    expect(one.commands).toBe(other.commands);
    expect(one.fired).toBeLessThan(other.fired + 10);
  });
});

/** The commands and the timers of one refresh, until the process is at rest again. */
async function costOfRefresh({ credentials, fired, store, time }: Crowd) {
  const before = { fired: fired.count, commands: store.commands };
  const refreshed = credentials[7]!.refresh();
  await time.advance(2_000);
  expect((await refreshed).reveal()).toBe("wx7-2");
  return { commands: store.commands - before.commands, fired: fired.count - before.fired };
}
