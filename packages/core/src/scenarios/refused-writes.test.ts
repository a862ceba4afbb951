import { describe, expect, it } from "vitest";
import { fleet, within, type Node } from "./fleet.fixture.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const stable = { policy: { kind: "stable", renewWithinMs: 300_000 } } as const;

function storeEventsOf({ events }: Node): unknown[] {
  return events
    .filter(({ type }) => type === "store-unavailable" || type === "store-recovered")
    .map(({ type }) => type);
}

/**
 * Stores that answer reads and refuse writes: all writes, the document's alone (no right to
 * publish), or the lease's alone.
 */
const troubles: readonly { readonly name: string; readonly begin: (node: Node) => () => void }[] = [
  ...(["readonly", "out-of-memory", "forbidden"] as const).map((reason) => ({
    name: `every write: ${reason}`,
    begin: ({ faults }: Node) => {
      faults.refusesWrites = reason;
      return () => (faults.refusesWrites = undefined);
    },
  })),
  ...(["set", "tryAcquire"] as const).flatMap((operation) =>
    (["fail-before", "hang-before"] as const).map((fault) => ({
      name: `${operation} alone: ${fault}`,
      begin: ({ faults }: Node) => {
        faults.next(operation, ...Array.from({ length: 5_000 }, () => fault));
        return () => faults.forget(operation);
      },
    })),
  ),
];

const policies = [
  { kind: "sliding" },
  { kind: "supersede", window: 1, overlapMs: 0 },
  { kind: "supersede", window: 2, overlapMs: 300_000 },
] as const;

/** A store that was empty from the start, or has lost everything. */
const cold = [
  ...troubles.map((trouble) => ({ ...trouble, policy: stable.policy })),
  ...policies.map((policy) => ({ ...troubles[0]!, policy })),
].flatMap((row) => [false, true].map((isEmptied) => ({ ...row, isEmptied })));

describe("a store that answers reads and refuses writes", () => {
  it.each(troubles)(
    "does not stop a stable token, and is reported once when it begins and once when it ends: $name",
    async ({ begin }) => {
      const { clock, node, platform } = fleet(stable);
      const other = node();
      await within(clock, 2_000, other.get());
      await other.close();
      await clock.advance(7_200_000);
      const one = node();
      const end = begin(one);
      const startMs = clock.monotonicMs();
      expect(platform.alive(await within(clock, 5_000, one.get()))).toBe(true);
      // The store deadline twice, because a lease whose answer was lost is asked for once more, and
      // the fetch.
      expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(2 * 500 + 200 + 100);
      expect(one.status().storeReachable).toBe(false);
      for (let calls = 0; calls < 60; calls += 1) {
        await within(clock, 10, one.get());
        await clock.advance(10_000);
      }
      expect(storeEventsOf(one)).toEqual(["store-unavailable"]);
      end();
      await clock.advance(10 * minuteMs);
      expect(storeEventsOf(one)).toEqual(["store-unavailable", "store-recovered"]);
      expect(one.status().storeReachable).toBe(true);
      expect(platform.issues.length).toBeLessThanOrEqual(3);
    },
  );

  it.each(cold)(
    "leaves the token in use that a cold node fetched alone, until it is stored: $name, $policy, emptied: $isEmptied",
    async ({ begin, isEmptied, policy }) => {
      const { clock, document, node, platform, store } = fleet({ policy });
      const empty = store.snapshot();
      const one = node({ standalone: "always" });
      let end = isEmptied ? undefined : begin(one);
      await within(clock, 5_000, one.get());
      if (isEmptied) {
        end = begin(one);
        store.failOver(empty);
      }
      const consumer = node({ role: "consumer" });
      consumer.get().catch(() => {});
      for (let passed = 0; passed < 10 * minuteMs; passed += secondMs) {
        await clock.advance(secondMs);
        expect(one.peek()?.reveal()).toBe(platform.latest);
        if (passed % (7 * secondMs) === 0) await within(clock, 10, one.get());
      }
      expect(platform.issues).toHaveLength(1);
      expect(one.typesOf().filter((type) => type === "retired" || type === "adopted")).toEqual([]);
      expect(one.status().generation).toBe(1);
      end?.();
      for (let passed = 0; passed < minuteMs; passed += secondMs) {
        await clock.advance(secondMs);
        expect(one.peek()).toBeDefined();
      }
      expect(one.peek()?.reveal()).toBe(platform.latest);
      const stored = (await document())?.credential;
      expect(stored?.secret).toBe(platform.latest);
      expect(stored?.expiresAtMs).toBeLessThanOrEqual(clock.wallMs() + platform.lifetimeMs);
      expect((await within(clock, 2_000, consumer.get())).reveal()).toBe(platform.latest);
      expect(platform.issues.length).toBeLessThanOrEqual(2);
    },
  );

  it.each(["readonly", "forbidden"] as const)(
    "stops the fetch of a token that would kill the previous one: %s",
    async (reason) => {
      const { clock, node, platform } = fleet();
      const one = node();
      one.faults.refusesWrites = reason;
      const startMs = clock.monotonicMs();
      const error: unknown = await within(clock, 21_000, one.get()).catch(
        (failure: unknown) => failure,
      );
      expect(error).toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
        reason: "store",
        cause: { code: "CACHE_UNAVAILABLE", reason },
      });
      // A replica may be promoted while the caller waits; rights have to be granted by somebody.
      if (reason === "forbidden") {
        expect(error).toMatchObject({ retryable: false });
        expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(500);
      } else expect(error).toMatchObject({ retryable: true });
      expect(one.faults.calls()).toBeLessThan(200);
      expect(platform.issues).toHaveLength(0);
      expect(storeEventsOf(one)).toEqual(["store-unavailable"]);
      one.faults.refusesWrites = undefined;
      expect((await within(clock, 2_000, one.get())).reveal()).toBe(platform.latest);
      expect(storeEventsOf(one)).toEqual(["store-unavailable", "store-recovered"]);
      expect(platform.issues).toHaveLength(1);
    },
  );

  it("does not make a consumer assume that the owners examined a token that it could not mark", async () => {
    const { clock, node, platform } = fleet({ ...stable, probes: true });
    const [owner, consumer] = [node(), node({ role: "consumer" })];
    const secret = await within(clock, 2_000, owner.get());
    await within(clock, 2_000, consumer.get());
    platform.revoke(secret.reveal());
    consumer.faults.refusesWrites = "readonly";
    const report = consumer.reject(secret);
    report.catch(() => {});
    await clock.advance(6_000);
    consumer.faults.refusesWrites = undefined;
    const answer = await within(clock, 5_000, report);
    expect(answer.replaced && platform.alive(answer.secret)).toBe(true);
  });

  it("is found writable again even if nothing has to be written", async () => {
    const { clock, node, platform } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    one.faults.refusesWrites = "readonly";
    await within(clock, 21_000, one.refresh().catch(() => {}) as Promise<void>);
    const issues = platform.issues.length;
    one.faults.refusesWrites = undefined;
    await clock.advance(10 * minuteMs);
    expect(storeEventsOf(one)).toEqual(["store-unavailable", "store-recovered"]);
    expect(one.status().storeReachable).toBe(true);
    expect(platform.issues.length - issues).toBeLessThanOrEqual(1);
  });

  it("does not disturb a consumer that has no right to write", async () => {
    const { clock, node, platform } = fleet();
    const [owner, consumer] = [node(), node({ role: "consumer" })];
    consumer.faults.refusesWrites = "forbidden";
    await within(clock, 2_000, owner.get());
    const old = await within(clock, 2_000, consumer.get());
    platform.issueElsewhere();
    platform.issueElsewhere();
    consumer.reject(old).catch(() => {});
    await clock.advance(2_000);
    expect(storeEventsOf(consumer)).toEqual([]);
    expect(consumer.status().storeReachable).toBe(true);
  });
});
