import assert from "node:assert/strict";
import type { Clause } from "../clause.ts";
import { conflict, refused, untilAnswered, written } from "../trial/expect.ts";

/** Clauses about unknown outcomes, resent commands and foreign values. */
export const cacheOutcomes: readonly Clause[] = [
  {
    id: "CACHE-17",
    title:
      "a foreign value under a key is reported as unreadable, not as missing, and no conditional write overwrites it",
    needs: ["foreignWriters"],
    async run({ cache, raw, path, facts, second }) {
      assert(raw.foreign.length >= 2, "the fixture must know at least two kinds of foreign value");
      const garbage = {
        title: "garbage",
        put: (name: string) => raw.poke(name, Uint8Array.of(0xff, 0x00, 0x7b, 0x22, 0xfe)),
      };
      for (const [index, { title, put }] of [garbage, ...raw.foreign].entries()) {
        const key = `key ${index}`;
        const name = raw.entry(path, key);
        await put(name);
        const content = await raw.peek(name);
        assert(content !== undefined, `the fixture could not store ${title}`);
        await refused(() => cache.get(key), "UNREADABLE_ENTRY", `get of ${title}`);
        await refused(
          async () => (await second()).cache.get(key),
          "UNREADABLE_ENTRY",
          `get of ${title} through another client`,
        );
        if (facts.conditionalWrites) {
          await refused(
            () => cache.set(key, "ours", { ifVersion: "absent" }),
            "UNREADABLE_ENTRY",
            `conditional set over ${title}`,
          );
          await cache.delete(key, { ifVersion: "0".repeat(22) }).then(
            (deleted) =>
              assert.equal(
                deleted,
                false,
                `${title} counted as the version that was to be deleted`,
              ),
            () => {},
          );
        }
        assert.equal(await raw.peek(name), content, `${title} was changed`);
        await raw.remove(name);
        assert.equal(await cache.get(key), undefined, `after ${title} was removed`);
      }
    },
  },
  {
    id: "CACHE-23",
    title:
      "a call that timed out causes no unhandled rejection, and sending it again applies it once",
    needs: ["linked", "conditionalWrites"],
    async run(trial) {
      const { cache, link, deadlineMs } = await trial.connect();
      const operationId = trial.random.id();
      const ifVersion = written(await trial.cache.set("key", "before"));
      await untilAnswered(trial, () => cache.get("key"));
      await link.freeze();
      const abandoned = cache.set("key", "after", { operationId, ifVersion });
      await refused(
        () => trial.settle(abandoned, deadlineMs * 2),
        "CACHE_UNAVAILABLE",
        "a call to a frozen server",
      );
      await link.heal();
      const outcome = await untilAnswered(trial, () =>
        cache.set("key", "after", { operationId, ifVersion }),
      );
      assert.equal(written(outcome, "the re-sent write"), operationId);
      const later = written(await trial.cache.set("key", "later"));
      await trial.elapse(deadlineMs);
      assert.equal(
        (await trial.cache.get("key"))?.version,
        later,
        "the abandoned call took effect late",
      );
      assert.deepEqual(trial.uncaught(), [], "an error was caught by nobody");
    },
  },
  {
    id: "CACHE-24",
    title: "the same operation id has the effect of one write when it is applied twice",
    needs: ["conditionalWrites"],
    async run({ cache, second, random }) {
      const start = written(await cache.set("key", "start"));
      const operationId = random.id();
      const write = { ifVersion: start, operationId };
      assert.equal(
        written(await cache.set("key", "value", write)),
        operationId,
        "the operation id is not the write's version",
      );
      assert.equal(
        written(await cache.set("key", "value", write), "the same write again"),
        operationId,
      );
      assert.equal(
        written(
          await (await second()).cache.set("key", "value", write),
          "again, through another client",
        ),
        operationId,
      );
      const next = written(await cache.set("key", "next", { ifVersion: operationId }));
      assert.equal(
        conflict(await cache.set("key", "value", write), "again, after the next write"),
        next,
      );
      assert.equal((await cache.get("key"))?.value, "next");
      const create = { ifVersion: "absent", operationId: random.id() } as const;
      written(await cache.set("new", "value", create));
      assert.equal(
        written(await cache.set("new", "value", create), "the same creation again"),
        create.operationId,
      );
    },
  },
];
