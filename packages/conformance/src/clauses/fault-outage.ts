import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Clause } from "../clause.ts";
import { all, granted, untilAnswered, written } from "../trial/expect.ts";
import {
  allUnavailable,
  operationOwner,
  operationsOf,
  operationValue,
} from "../trial/operations.ts";
import { notMore } from "./watch.ts";

/** Clauses about a store that is down, silent, or available again. */
export const faultOutage: readonly Clause[] = [
  {
    id: "FAULT-01",
    title:
      "every operation rejects with CACHE_UNAVAILABLE within the deadline when the server is down at the start",
    needs: ["linked"],
    async run(trial) {
      const client = await trial.connect({ initially: "down" });
      await allUnavailable(trial, client, "a server that is down");
      await allUnavailable(trial, client, "a server that is still down");
      assert.deepEqual(trial.uncaught(), []);
    },
  },
  {
    id: "FAULT-02",
    title:
      "every operation rejects with CACHE_UNAVAILABLE within the deadline when the server is frozen",
    needs: ["linked"],
    async run(trial) {
      const client = await trial.connect();
      written(await untilAnswered(trial, () => client.cache.set("warm", "value")));
      await client.link.freeze();
      await allUnavailable(trial, client, "a frozen server");
      await client.link.heal();
    },
  },
  {
    id: "FAULT-03",
    title: "every operation works again without a restart when the server is back",
    needs: ["linked"],
    async run(trial) {
      for (const initially of ["up", "down"] as const) {
        const client = await trial.connect({ initially });
        if (initially === "up") {
          written(await untilAnswered(trial, () => client.cache.set("key", "before")));
          await client.link.cut();
        }
        await allUnavailable(trial, client, "a server that is down");
        await client.link.heal();
        written(await untilAnswered(trial, () => client.cache.set("key", "after")));
        assert.equal((await untilAnswered(trial, () => client.cache.get("key")))?.value, "after");
        if (trial.facts.enumerable)
          assert.deepEqual(await untilAnswered(trial, () => all(client.cache.keys())), ["key"]);
        if (!trial.facts.locks) continue;
        const owner = trial.random.id();
        granted(await untilAnswered(trial, () => client.lock.tryAcquire(initially, owner, 60_000)));
        // Does not check the result: a release whose first reply came too late returns false when
        // it is repeated.
        await untilAnswered(trial, () => client.lock.release(initially, owner));
        granted(
          await trial.lock.tryAcquire(initially, trial.random.id(), 1_000),
          "after its release",
        );
      }
    },
  },
  {
    id: "FAULT-08",
    title: "an error is never reported as a miss, as not held, or as released",
    needs: ["linked"],
    async run(trial) {
      const client = await trial.connect();
      await untilAnswered(trial, () => client.cache.set("key", "value"));
      if (trial.facts.locks)
        granted(
          await untilAnswered(trial, () => client.lock.tryAcquire("name", operationOwner, 60_000)),
        );
      await client.link.cut();
      await allUnavailable(trial, client, "a connection that was cut");
      assert.equal((await trial.cache.get("key"))?.value, "value");
      if (trial.facts.locks)
        assert.equal(await trial.lock.extend("name", operationOwner, 60_000), true);
    },
  },
  {
    id: "FAULT-10",
    title: "a half-open connection is noticed within the deadline",
    needs: ["linked"],
    async run(trial) {
      const client = await trial.connect();
      written(await untilAnswered(trial, () => client.cache.set("key", "before")));
      await client.link.strand();
      // A fifth more and a tolerance for the machine, but no time for a second attempt.
      const error: unknown = await trial.settle(
        client.cache.get("key").then(
          () => undefined,
          (reason: unknown) => reason,
        ),
        client.deadlineMs * 1.2 + trial.facts.toleranceMs,
      );
      if (error !== undefined)
        assert.equal(
          error instanceof Error && "code" in error && error.code,
          "CACHE_UNAVAILABLE",
          inspect(error),
        );
      await client.link.heal();
      assert.equal((await untilAnswered(trial, () => client.cache.get("key")))?.value, "before");
    },
  },
  {
    id: "FAULT-11",
    title: "no error's text, stack, cause or inspection shows a value or an owner",
    needs: ["linked"],
    async run(trial) {
      const client = await trial.connect();
      const errors: Error[] = [];
      await client.link.freeze();
      errors.push(...(await allUnavailable(trial, client, "a frozen server")));
      await client.link.cut();
      errors.push(...(await allUnavailable(trial, client, "a connection that was cut")));
      await client.link.heal();
      await untilAnswered(trial, () => client.cache.get("key"));
      for (const { answer } of trial.facts.refusals) {
        for (const { call } of operationsOf(client, trial.facts).filter(
          ({ name }) => name === "set" || name === "tryAcquire",
        )) {
          await client.link.refuse(answer);
          await trial
            .settle(call(), client.deadlineMs * 3)
            .catch((error: unknown) => error instanceof Error && errors.push(error));
        }
      }
      for (const error of errors) {
        const shown = [
          inspect(error, { depth: null, showHidden: true, getters: true }),
          String(error.stack),
          JSON.stringify(error),
          JSON.stringify(error.cause),
        ].join("\n");
        for (const secret of [operationValue, operationOwner]) {
          assert(
            !shown.includes(secret.slice(0, 14)),
            `an error shows what was sent: ${error.name} ${error.message.slice(0, 40)}…`,
          );
        }
      }
    },
  },
  {
    id: "FAULT-12",
    title: "100 lost connections leak no connection, listener or timer",
    needs: ["linked"],
    timeoutMs: 240_000,
    async run(trial) {
      const client = await trial.connect();
      const lose = async (count: number): Promise<void> => {
        for (let round = 0; round < count; round++) {
          await client.link.reset();
          written(await untilAnswered(trial, () => client.cache.set("key", `round ${round}`)));
        }
      };
      await lose(3);
      const before = await client.census();
      await lose(100);
      await trial.until(
        "nothing more is held than before",
        async () => notMore(await client.census(), before),
        5_000,
      );
      assert.deepEqual(trial.uncaught(), []);
    },
  },
  {
    id: "FAULT-13",
    title: "a lost connection kills no process: no error is left without a listener",
    needs: ["linked"],
    async run(trial) {
      const idle = await trial.connect();
      const down = await trial.connect({ initially: "down" });
      await untilAnswered(trial, () => idle.cache.get("key"));
      await idle.link.cut();
      const busy = idle.cache.set("key", "value").catch(() => {});
      await trial.elapse(50);
      await idle.link.heal();
      await down.link.heal();
      await trial.settle(busy, 5_000);
      await untilAnswered(trial, () => idle.cache.get("key"));
      await untilAnswered(trial, () => down.cache.get("key"));
      await idle.link.reset();
      await trial.elapse(20);
      assert.deepEqual(
        trial.uncaught().map((error) => inspect(error)),
        [],
      );
    },
  },
  {
    id: "FAULT-14",
    title: "the first operations, called while the client still connects, are not lost",
    needs: ["linked"],
    async run(trial) {
      for (let round = 0; round < 3; round++) {
        // The deadline leaves a slow machine time to connect. This clause checks that the calls are
        // kept, not how fast they are.
        const { cache } = await trial.connect({ initially: "connecting", deadlineMs: 10_000 });
        const writes = Array.from({ length: 20 }, (_, index) =>
          cache.set(`first ${round} ${index}`, "value"),
        );
        for (const outcome of await trial.settle(Promise.all(writes), 10_000)) written(outcome);
        assert.equal((await trial.cache.get(`first ${round} 0`))?.value, "value");
        assert.equal((await trial.cache.get(`first ${round} 19`))?.value, "value");
      }
    },
  },
  {
    id: "FAULT-15",
    title: "listeners and connections of watchers and waiters do not grow over 100 reconnects",
    needs: ["linked", "pushesChanges"],
    timeoutMs: 240_000,
    async run(trial) {
      const client = await trial.connect();
      let missed = 0;
      const count = (key: string | undefined): void => void (missed += key === undefined ? 1 : 0);
      const unwatch = await untilAnswered(trial, async () => client.cache.watch?.(count));
      const listen = async () => client.lock.onRelease?.("name", () => {});
      const unlisten = trial.facts.pushesReleases ? await untilAnswered(trial, listen) : undefined;
      const lose = async (count: number): Promise<void> => {
        for (let round = 0; round < count; round++) {
          const before = missed;
          await client.link.reset();
          await untilAnswered(trial, () => client.cache.get("key"));
          await trial.until("the watcher is notified", () => missed > before, 5_000);
        }
      };
      await lose(3);
      const before = await client.census();
      await lose(100);
      await trial.until(
        "nothing more is held than before",
        async () => notMore(await client.census(), before),
        5_000,
      );
      await unwatch?.();
      await unlisten?.();
      assert.deepEqual(trial.uncaught(), []);
    },
  },
];
