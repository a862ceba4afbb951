import assert from "node:assert/strict";
import type { Lock } from "@lingpai/core";
import type { Clause } from "../clause.ts";
import { busy, granted, inParallel, oddNamesUpTo, refused } from "../trial/expect.ts";
import { logged } from "../trial/spies.ts";

const leaseMs = 60_000;

/** Clauses about the holder of a lock, and who may release or extend it. For time see lock-time. */
export const lockOwnership: readonly Clause[] = [
  {
    id: "LOCK-01",
    title: "exactly one of N concurrent tries, through two clients, is granted",
    needs: ["locks"],
    async run({ lock, second, random }) {
      const other = (await second()).lock;
      for (const count of [2, 32]) {
        for (let round = 0; round < 8; round++) {
          const tries = Array.from({ length: count }, (_, index) =>
            (index % 2 ? lock : other).tryAcquire(`${count} ${round}`, random.id(), leaseMs),
          );
          const grants = (await Promise.all(tries)).filter((outcome) => outcome.acquired);
          assert.equal(grants.length, 1, `${grants.length} of ${count} were granted`);
        }
      }
    },
  },
  {
    id: "LOCK-03",
    title: "a release lets the next try succeed at once",
    needs: ["locks"],
    async run({ lock, second, random }) {
      const other = (await second()).lock;
      for (let round = 0; round < 10; round++) {
        const owner = random.id();
        const [holder, next] = round % 2 ? [lock, other] : [other, lock];
        granted(await holder.tryAcquire("name", owner, leaseMs));
        busy(await next.tryAcquire("name", random.id(), leaseMs));
        assert.equal(await holder.release("name", owner), true);
      }
    },
  },
  {
    id: "LOCK-05",
    title: "a release by a stranger, by an empty owner, or by a similar owner is refused",
    needs: ["locks"],
    async run({ lock, second, random }) {
      const owner = `${random.id()}aA`;
      granted(await lock.tryAcquire("name", owner, leaseMs));
      const strangers = [
        random.id(),
        "",
        owner.toLowerCase(),
        owner.toUpperCase(),
        owner.slice(0, -1),
        `${owner}a`,
        "*",
        `${owner.slice(0, -1)}?`,
        "0",
        "%",
        "undefined",
        "null",
      ];
      for (const stranger of strangers.filter((name) => name !== owner)) {
        for (const view of [lock, (await second()).lock]) {
          assert.equal(
            await view.release("name", stranger),
            false,
            `released by ${JSON.stringify(stranger)}`,
          );
          assert.equal(
            await view.extend("name", stranger, leaseMs),
            false,
            `extended by ${JSON.stringify(stranger)}`,
          );
        }
      }
      busy(await lock.tryAcquire("name", random.id(), leaseMs));
      assert.equal(await lock.release("name", owner), true, "the owner's own release");
    },
  },
  {
    id: "LOCK-19",
    title: "a release frees the lock even while its own extension is in flight",
    needs: ["locks"],
    timeoutMs: 240_000,
    async run({ lock, second, random }) {
      const other = (await second()).lock;
      for (let round = 0; round < 24; round++) {
        const owner = random.id();
        granted(await lock.tryAcquire("name", owner, leaseMs), `round ${round}`);
        const extend = async (view: Lock): Promise<void> => {
          for (let times = 0; times < 20; times++) await view.extend("name", owner, leaseMs);
        };
        const extensions = [extend(lock), extend(other)];
        for (let times = 0; times < round % 8; times++) await lock.extend("name", owner, leaseMs);
        assert.equal(await lock.release("name", owner), true, "the owner's release was refused");
        await Promise.all(extensions);
        assert.equal(
          await lock.extend("name", owner, leaseMs),
          false,
          "an extension brought the lease back",
        );
      }
    },
  },
  {
    id: "LOCK-06",
    title: "a second release returns false and changes nothing",
    needs: ["locks"],
    async run({ lock, random }) {
      const [first, next] = [random.id(), random.id()];
      assert.equal(await lock.release("name", first), false, "of a lock that never was");
      granted(await lock.tryAcquire("name", first, leaseMs));
      assert.equal(await lock.release("name", first), true);
      assert.equal(await lock.release("name", first), false);
      granted(await lock.tryAcquire("name", next, leaseMs));
      assert.equal(await lock.release("name", first), false, "with another holder since");
      assert.equal(await lock.extend("name", first, leaseMs), false);
      busy(await lock.tryAcquire("name", random.id(), leaseMs));
      assert.equal(await lock.extend("name", next, leaseMs), true);
    },
  },
  {
    id: "LOCK-09",
    title: "the same owner gets the same fence again, and another owner gets nothing",
    needs: ["locks"],
    async run({ lock, second, random }) {
      const owner = random.id();
      const fence = granted(await lock.tryAcquire("name", owner, leaseMs));
      assert.equal(granted(await lock.tryAcquire("name", owner, leaseMs), "the same again"), fence);
      assert.equal(
        granted(
          await (await second()).lock.tryAcquire("name", owner, leaseMs),
          "again, through another client",
        ),
        fence,
      );
      busy(await lock.tryAcquire("name", random.id(), leaseMs));
      assert.equal(await lock.release("name", owner), true);
      granted(
        await lock.tryAcquire("name", random.id(), leaseMs),
        "after one release of what was asked for three times",
      );
    },
  },
  {
    id: "LOCK-10",
    title:
      "a lease that is not a whole number from 1 to 2^31 - 1 ms is refused before anything is sent",
    needs: ["locks"],
    async run({ lock, random }) {
      const owner = random.id();
      const fence = granted(await lock.tryAcquire("held", owner, leaseMs));
      for (const ttlMs of [0, -1, Number.NaN, Infinity, 1.5, 2 ** 31, 2 ** 53]) {
        await refused(
          () => lock.tryAcquire("name", owner, ttlMs),
          "CONFIGURATION",
          `tryAcquire for ${ttlMs}`,
        );
        await refused(
          () => lock.extend("held", owner, ttlMs),
          "CONFIGURATION",
          `extend by ${ttlMs}`,
        );
      }
      granted(await lock.tryAcquire("name", random.id(), 2 ** 31 - 1), "the longest lease");
      assert.equal(
        granted(await lock.tryAcquire("held", owner, leaseMs)),
        fence,
        "a refused call reached the store",
      );
    },
  },
  {
    id: "LOCK-11",
    title: "a lock and an entry of the same name do not collide",
    needs: ["locks"],
    async run({ cache, lock, random, facts }) {
      const owner = random.id();
      await cache.set("name", "value");
      granted(await lock.tryAcquire("name", owner, leaseMs));
      assert.equal((await cache.get("name"))?.value, "value");
      await cache.set("name", "other");
      assert.equal(await cache.delete("name"), true);
      assert.equal(
        await lock.extend("name", owner, leaseMs),
        true,
        "writing the entry ended the lease",
      );
      assert.equal(await cache.get("name"), undefined, "the lock's state is read as an entry");
      if (facts.enumerable)
        for await (const key of cache.keys())
          assert.fail(`keys() gives the lock's state as ${key}`);
      await cache.set("name", "value");
      assert.equal(await lock.release("name", owner), true);
      assert.equal((await cache.get("name"))?.value, "value", "the release removed the entry");
    },
  },
  {
    id: "LOCK-12",
    title: "a lock's name may contain any odd character, and is one name only",
    needs: ["locks"],
    async run({ lock, random, facts }) {
      const owners = new Map(oddNamesUpTo(facts.maxKeyBytes).map((name) => [name, random.id()]));
      await inParallel(owners, 8, async ([name, owner]) =>
        granted(await lock.tryAcquire(name, owner, leaseMs), JSON.stringify(name)),
      );
      await inParallel(owners, 8, async ([name, owner]) => {
        busy(await lock.tryAcquire(name, random.id(), leaseMs), JSON.stringify(name));
        assert.equal(await lock.release(name, owner), true, JSON.stringify(name));
      });
      await inParallel(owners, 8, async ([name, owner]) =>
        granted(
          await lock.withPrefix(name).tryAcquire("name", owner, leaseMs),
          JSON.stringify(name),
        ),
      );
    },
  },
  {
    id: "LOCK-14",
    title: "1 000 names at once do not disturb each other",
    needs: ["locks"],
    async run({ lock, random }) {
      const owners = Array.from({ length: 1_000 }, () => random.id());
      await inParallel(owners.entries(), 128, async ([index, owner]) =>
        granted(await lock.tryAcquire(`name ${index}`, owner, leaseMs)),
      );
      await inParallel(owners.entries(), 128, async ([index, owner]) => {
        assert.equal(await lock.release(`name ${index}`, owner), true, `name ${index}`);
      });
    },
  },
  {
    id: "LOCK-15",
    title: "owners are unguessable and are drawn for each acquisition",
    needs: ["locks"],
    async run({ lock: plain, clock, settle, core: { acquire } }) {
      const { lock, log } = logged(plain, clock);
      for (let round = 0; round < 20; round++) {
        await (
          await settle(acquire(lock, "name", { ttlMs: leaseMs, waitMs: 0, clock }), 1_000)
        ).release();
      }
      assert.equal(new Set(log.owners).size, 20, "an owner was used for two acquisitions");
      for (const owner of log.owners) {
        assert(owner.length >= 16, `the owner ${owner} is short`);
        assert(new Set(owner).size >= 8, `the owner ${owner} has little in it`);
      }
      const common = log.owners.reduce((shared, owner) => commonStart(shared, owner));
      assert(common.length < 8, `owners begin alike: ${common}`);
    },
  },
  {
    id: "LOCK-16",
    title: "a foreign value where the lock's state belongs counts as held, and is never deleted",
    needs: ["locks", "foreignWriters"],
    async run({ lock, raw, path, random }) {
      const name = raw.lock?.(path, "name") ?? assert.fail("the fixture's raw has no lock()");
      await raw.poke(name, new TextEncoder().encode("held by another program"));
      const content = await raw.peek(name);
      const owner = random.id();
      assert.equal(
        busy(await lock.tryAcquire("name", owner, leaseMs), "tryAcquire over a foreign value"),
        Infinity,
      );
      assert.equal(await lock.release("name", owner), false);
      assert.equal(await lock.extend("name", owner, leaseMs), false);
      assert.equal(await raw.peek(name), content, "the foreign value was changed");
      await raw.remove(name);
      granted(await lock.tryAcquire("name", owner, leaseMs), "after it was removed");
    },
  },
  {
    id: "LOCK-17",
    title: "the lock's state is in the client's own database, under the documented name",
    needs: ["locks", "foreignWriters"],
    async run({ lock, raw, path, random }) {
      const name = raw.lock?.(path, "name") ?? assert.fail("the fixture's raw has no lock()");
      assert.equal(await raw.peek(name), undefined);
      const owner = random.id();
      granted(await lock.tryAcquire("name", owner, leaseMs));
      assert.notEqual(await raw.peek(name), undefined, "nothing is stored under the lock's name");
      await raw.remove(name);
      assert.equal(
        await lock.extend("name", owner, leaseMs),
        false,
        "the lease outlived its state",
      );
    },
  },
];

function commonStart(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}
