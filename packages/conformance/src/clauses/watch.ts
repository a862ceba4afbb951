import assert from "node:assert/strict";
import type { Cache } from "@lingpai/core";
import type { Clause, Trial } from "../clause.ts";
import { conflict, oddNamesUpTo, untilAnswered, written } from "../trial/expect.ts";
import { median, promptMs } from "../trial/timing.ts";

interface Watching {
  readonly notified: (string | undefined)[];
  stop(): Promise<void>;
}

async function watching(
  cache: Cache,
  listener: (key: string | undefined) => void = () => {},
): Promise<Watching> {
  assert(cache.watch, "the cache has no watch although pushesChanges was declared");
  assert.equal(cache.pushesChanges, true);
  const notified: (string | undefined)[] = [];
  const stop = await cache.watch((key) => {
    notified.push(key);
    return listener(key);
  });
  return { notified, stop };
}

/** A message that was sent by mistake would have arrived within this time. */
function quiet({ elapse, facts }: Trial): Promise<void> {
  return elapse(Math.max(5, facts.toleranceMs));
}

/** Clauses about the notification of changes. */
export const watch: readonly Clause[] = [
  {
    id: "WATCH-01",
    title:
      "every watcher is notified of a committed change promptly, with the key as it was written",
    needs: ["pushesChanges"],
    alone: true,
    async run(trial) {
      const { cache, second, until, facts, clock } = trial;
      const other = await second();
      const watchers = [await watching(cache), await watching(cache), await watching(other.cache)];
      const reportedMs: number[] = [];
      const callsMs: number[] = [];
      for (const key of ["key", "Key", ...oddNamesUpTo(facts.maxKeyBytes)]) {
        const calledMs = clock.monotonicMs();
        written(await other.cache.set(key, "value"));
        const startMs = clock.monotonicMs();
        callsMs.push(startMs - calledMs);
        // A watcher that lost its connection meanwhile is told to read everything again.
        const isNotified = ({ notified }: Watching): boolean =>
          notified.length > 0 && [key, undefined].includes(notified.at(-1));
        await until(
          `every watcher is notified of ${JSON.stringify(key)}`,
          () => watchers.every(isNotified),
          2_000,
        );
        for (const { notified } of watchers) notified.length = 0;
        reportedMs.push(clock.monotonicMs() - startMs);
      }
      // The median measures the adapter; the slowest one would measure the machine.
      const [medianMs, callMs] = [median(reportedMs), median(callsMs)];
      assert(
        medianMs <= promptMs(facts, 50, callMs),
        `the median change was reported after ${medianMs} ms, the median call took ${callMs} ms`,
      );
    },
  },
  {
    id: "WATCH-02",
    title: "a write or delete without effect notifies nobody",
    needs: ["pushesChanges", "conditionalWrites"],
    async run(trial) {
      const { cache, random } = trial;
      await cache.set("key", "value");
      // A Cluster may still be passing this change on to the watcher's node.
      await quiet(trial);
      const { notified } = await watching(cache);
      conflict(await cache.set("key", "late", { ifVersion: random.id() }));
      conflict(await cache.set("key", "late", { ifVersion: "absent" }));
      assert.equal(await cache.delete("key", { ifVersion: random.id() }), false);
      assert.equal(await cache.delete("missing"), false);
      await cache.get("key");
      await quiet(trial);
      assert.deepEqual(notified, []);
    },
  },
  {
    id: "WATCH-03",
    title: "a client is notified of its own changes too, once each",
    needs: ["pushesChanges"],
    async run(trial) {
      const { cache, until } = trial;
      const { notified } = await watching(cache);
      await cache.set("one", "value");
      await cache.set("two", "value", { ttlMs: 60_000 });
      await cache.set("one", "other");
      await until("three changes are told", () => notified.length >= 3, 1_000);
      await quiet(trial);
      // Sorted, because the keys may lie on different primaries of a Cluster, whose messages arrive
      // in any order.
      assert.deepEqual(notified.toSorted(), ["one", "one", "two"]);
    },
  },
  {
    id: "WATCH-04",
    title:
      "an unsubscribed listener gets nothing more, the others continue, and the last one frees all resources",
    needs: ["pushesChanges"],
    async run(trial) {
      const { cache, until, facts } = trial;
      const client = facts.linked ? await trial.connect({ deadlineMs: 5_000 }) : undefined;
      const view = client?.cache ?? cache;
      await view.set("before", "value");
      // See WATCH-02.
      await quiet(trial);
      const before = await client?.census();
      const [first, last] = [await watching(view), await watching(view)];
      await first.stop();
      await first.stop();
      await cache.set("key", "value");
      await until("the other listener is told", () => last.notified.includes("key"), 1_000);
      assert.deepEqual(first.notified, []);
      await last.stop();
      await cache.set("after", "value");
      await quiet(trial);
      assert(!last.notified.includes("after"), "a listener that left was told");
      if (client)
        await until(
          "what was held is freed",
          async () => notMore(await client.census(), before ?? {}),
          2_000,
        );
    },
  },
  {
    id: "WATCH-10",
    title: "a listener that unsubscribes and subscribes again at once is notified as before",
    needs: ["pushesChanges"],
    async run(trial) {
      const { cache, second, until } = trial;
      const other = await second();
      // Another subscription keeps the connection open, if there is one.
      await watching(cache.withPrefix("beside"));
      let watcher = await watching(cache);
      for (let round = 0; round < 5; round += 1) {
        await watcher.stop();
        watcher = await watching(cache);
        await quiet(trial);
        await other.cache.set(`key ${round}`, "value");
        await until(
          "the new watcher is told",
          () => watcher.notified.includes(`key ${round}`),
          1_000,
        );
      }
    },
  },
  {
    id: "WATCH-05",
    title:
      "a watcher whose connection broke is told to read again, and is notified of later changes",
    needs: ["pushesChanges", "linked"],
    async run(trial) {
      const { cache, until } = trial;
      const { cache: watched, link } = await trial.connect({ deadlineMs: 5_000 });
      const { notified } = await watching(watched);
      await cache.set("before", "value");
      await until("the watcher is notified", () => notified.includes("before"), 1_000);
      for (const breaking of [
        () => link.reset(),
        async () => (await link.cut(), await trial.elapse(20), link.heal()),
      ]) {
        notified.length = 0;
        await breaking();
        await until(
          "the watcher is told to read again",
          () => notified.includes(undefined),
          10_000,
        );
        await untilAnswered(trial, () => watched.get("before"));
        await cache.set("after", "value");
        await until("the watcher is notified again", () => notified.includes("after"), 10_000);
      }
    },
  },
  {
    id: "WATCH-06",
    title:
      "10 000 messages of garbage on the channel notify nobody of a key, and do not stop the true ones",
    needs: ["pushesChanges", "foreignWriters"],
    async run(trial) {
      const { cache, raw, path, until } = trial;
      const channel = raw.channel ?? assert.fail("the fixture's raw has no channel");
      const { notified } = await watching(cache);
      const texts = [
        "",
        "key",
        "{key",
        "}",
        "{}",
        "{a}{b}",
        "{%zz}",
        "other:{key}",
        "\0",
        "{\ud7ff}",
        "x".repeat(100_000),
      ];
      const garbage = [
        ...texts.map((text) => new TextEncoder().encode(text)),
        Uint8Array.of(0xff, 0xfe, 0x00),
      ];
      for (let sent = 0; sent < 10_000; sent += 100) {
        const kinds = sent === 0 ? garbage.length : 10;
        await channel.publish(
          path,
          ...Array.from({ length: 100 }, (_, index) => garbage[index % kinds] ?? Uint8Array.of()),
        );
      }
      await cache.set("true", "value");
      await until("the true change is told", () => notified.includes("true"), 5_000);
      assert.deepEqual(
        notified.filter((key) => key !== undefined && key !== "true").slice(0, 3),
        [],
        "garbage was told as a key",
      );
      assert.deepEqual(trial.uncaught(), []);
    },
  },
  {
    id: "WATCH-07",
    title: "a listener that throws affects no other listener, no writer and not the process",
    needs: ["pushesChanges"],
    async run(trial) {
      const { cache, until } = trial;
      const fail = (): void => {
        throw new Error("a listener's own");
      };
      const [throwing, rejecting, other] = [
        await watching(cache, fail),
        await watching(cache, async () => fail()),
        await watching(cache),
      ];
      for (const key of ["one", "two"]) {
        written(await cache.set(key, "value"));
        await until(
          "every listener is told",
          () => [throwing, rejecting, other].every(({ notified }) => notified.includes(key)),
          1_000,
        );
      }
      await quiet(trial);
      assert.deepEqual(trial.uncaught(), []);
    },
  },
  {
    id: "WATCH-08",
    title: "messages contain no value",
    needs: ["pushesChanges", "foreignWriters"],
    async run(trial) {
      const { cache, raw, path, random, until } = trial;
      const channel = raw.channel ?? assert.fail("the fixture's raw has no channel");
      const canary = random.id();
      const overheard = await channel.overhear(path);
      const { notified } = await watching(cache);
      await cache.set("key", `secret ${canary}`);
      await until("the change is told", () => notified.includes("key"), 1_000);
      await until("the message is overheard", () => overheard.messages.length > 0, 1_000);
      await overheard.stop();
      assert.deepEqual(
        overheard.messages.filter((message) => message.includes(canary.slice(0, 8))),
        [],
      );
    },
  },
  {
    id: "WATCH-09",
    title: "deletes and clear() notify like writes",
    needs: ["pushesChanges"],
    async run(trial) {
      const { cache, until, facts } = trial;
      await cache.set("deleted", "value");
      await cache.set("cleared", "value");
      const { notified } = await watching((await trial.second()).cache);
      assert.equal(await cache.delete("deleted"), true);
      await until("the delete is told", () => notified.includes("deleted"), 1_000);
      if (!facts.enumerable) return;
      assert.equal(await cache.clear(), 1);
      await until(
        "clear() is told",
        () => notified.includes("cleared") || notified.includes(undefined),
        1_000,
      );
    },
  },
];

/** True if the client holds nothing that it did not hold before. */
export function notMore(
  now: { readonly [what: string]: number },
  before: { readonly [what: string]: number },
): boolean {
  return Object.entries(now).every(([what, count]) => count <= (before[what] ?? 0));
}
