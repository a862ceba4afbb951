import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Clause } from "../clause.ts";
import { all, busy, conflict, granted, refused, untilAnswered, written } from "../trial/expect.ts";
import { operationsOf } from "../trial/operations.ts";

/** Clauses about lost replies, refusals, and a server that forgets. */
export const faultServer: readonly Clause[] = [
  {
    id: "FAULT-04",
    title: "a command whose reply was lost can be sent again and ends in the right state",
    needs: ["linked"],
    async run(trial) {
      const { facts, random } = trial;
      const { cache, lock, link } = await trial.connect();
      await untilAnswered(trial, () => cache.get("key"));
      if (facts.conditionalWrites) {
        const operationId = random.id();
        const ifVersion = written(await trial.cache.set("key", "before"));
        await link.loseReply();
        const send = () => cache.set("key", "after", { ifVersion, operationId });
        assert.equal(
          written(await untilAnswered(trial, send), "the same write, until it was answered"),
          operationId,
        );
        assert.equal((await trial.cache.get("key"))?.version, operationId);
      }
      if (!facts.locks) return;
      const owner = random.id();
      await untilAnswered(trial, () => cache.get("key"));
      await link.loseReply();
      const fence = granted(
        await untilAnswered(trial, () => lock.tryAcquire("name", owner, 60_000)),
        "the same acquisition, until it was answered",
      );
      assert.equal(granted(await trial.lock.tryAcquire("name", owner, 60_000)), fence);
      busy(await trial.lock.tryAcquire("name", random.id(), 1_000));
      await link.loseReply();
      await untilAnswered(trial, () => lock.release("name", owner));
      granted(
        await trial.lock.tryAcquire("name", random.id(), 1_000),
        "after a release whose answer was lost",
      );
    },
  },
  {
    id: "FAULT-05",
    title: "a connection that breaks between commands applies none of them twice",
    needs: ["linked", "conditionalWrites"],
    async run(trial) {
      const { cache, link } = await trial.connect();
      let version = written(await trial.cache.set("counter", "0"));
      await untilAnswered(trial, () => cache.get("counter"));
      for (let count = 1; count <= 20; count++) {
        const write = { ifVersion: version, operationId: trial.random.id() };
        const send = () => cache.set("counter", String(count), write);
        const sent = send().catch(() => {});
        if (count % 3 === 0) await link.reset();
        if (count % 3 === 1) await link.loseReply();
        await trial.settle(sent, 10_000);
        version = written(await untilAnswered(trial, send), `write ${count}`);
        assert.equal(version, write.operationId);
      }
      assert.equal((await trial.cache.get("counter"))?.value, "20");
      assert.equal(
        conflict(await trial.cache.set("counter", "late", { ifVersion: "absent" })),
        version,
      );
    },
  },
  {
    id: "FAULT-06",
    title: "scripts that the server forgets between two calls have no visible effect",
    needs: ["scripted"],
    alone: true,
    async run(trial) {
      const { cache, lock, server, facts, random } = trial;
      const forget =
        server.forgetScripts ?? (() => assert.fail("the fixture has no server.forgetScripts()"));
      for (let round = 0; round < 3; round++) {
        const owner = random.id();
        await forget();
        const version = written(await cache.set("key", "value"));
        await forget();
        if (facts.conditionalWrites)
          written(await cache.set("key", "next", { ifVersion: version }));
        await forget();
        assert(await cache.get("key"));
        await forget();
        if (facts.locks) {
          granted(await lock.tryAcquire("name", owner, 60_000));
          await forget();
          assert.equal(await lock.extend("name", owner, 60_000), true);
          await forget();
          assert.equal(await lock.release("name", owner), true);
          await forget();
        }
        if (facts.enumerable) assert.deepEqual(await all(cache.keys()), ["key"]);
        await forget();
        assert.equal(await cache.delete("key"), true);
      }
    },
  },
  {
    id: "FAULT-07",
    title:
      "each error answer of a server becomes the right error, with the right reason and `retryable`",
    needs: ["linked", "refusals"],
    async run(trial) {
      const client = await trial.connect({ deadlineMs: 5_000 });
      await client.cache.set("key", "value");
      const operations = operationsOf(client, trial.facts).filter(({ name }) =>
        ["get", "set", "delete", "tryAcquire", "release"].includes(name),
      );
      for (const { answer, code, reason, retryable } of trial.facts.refusals) {
        for (const { name, call } of operations) {
          if (code === "UNREADABLE_ENTRY" && name !== "get") continue;
          await untilAnswered(trial, () => client.cache.get("key"));
          await client.link.refuse(answer);
          const what = `${name} answered with "${answer}"`;
          const error = await refused(
            () => trial.settle(call(), client.deadlineMs * 2),
            code,
            what,
          );
          assert.equal(error["retryable"], retryable, `${what}: retryable, ${inspect(error)}`);
          if (reason !== undefined) assert.equal(error["reason"], reason, `${what}: reason`);
        }
      }
    },
  },
  {
    id: "FAULT-09",
    title: "a command that the server forbids is named in the error",
    needs: ["accessControlled"],
    alone: true,
    async run(trial) {
      const limited =
        (await trial.server.forbidding?.()) ??
        assert.fail("the fixture has no server.forbidding()");
      const { cache } = trial.adopt(limited);
      const error = await refused(
        () => cache.set("key", "value"),
        "CACHE_UNAVAILABLE",
        "a forbidden command",
      );
      assert.equal(error["reason"], "forbidden");
      assert.equal(error["retryable"], false, "waiting does not grant a right");
      assert(
        error.message.toLowerCase().includes(limited.command.toLowerCase()),
        `the error does not name ${limited.command}: ${error.message}`,
      );
    },
  },
  {
    id: "FAULT-16",
    title: "stored data survives a restart of a server that keeps data, and locks are unchanged",
    needs: ["survivesRestart"],
    alone: true,
    timeoutMs: 240_000,
    async run(trial) {
      const { cache, lock, server, facts, random } = trial;
      const version = written(await cache.set("key", "value", { ttlMs: 600_000 }));
      const owner = random.id();
      if (facts.locks) granted(await lock.tryAcquire("name", owner, 600_000));
      assert(server.restart, "the fixture has no server.restart()");
      await server.restart();
      const entry = await untilAnswered(trial, () => cache.get("key"));
      assert.equal(entry?.version, version);
      assert((entry.ttlMs ?? Infinity) <= 600_000, "the restart removed the time to live");
      if (!facts.locks) return;
      busy(await untilAnswered(trial, () => lock.tryAcquire("name", random.id(), 1_000)));
      assert.equal(await lock.extend("name", owner, 600_000), true);
    },
  },
  {
    id: "FAULT-17",
    title: "stored data survives the client that stored it",
    needs: ["outlivesClient"],
    async run(trial) {
      const gone = await trial.second();
      const version = written(await gone.cache.set("key", "value"));
      if (trial.facts.locks) granted(await gone.lock.tryAcquire("name", trial.random.id(), 60_000));
      await gone.close();
      assert.equal((await trial.cache.get("key"))?.version, version);
      if (trial.facts.locks) busy(await trial.lock.tryAcquire("name", trial.random.id(), 1_000));
    },
  },
  {
    id: "FAULT-18",
    title: "a delete during a load prevents the load from storing the old value",
    needs: ["conditionalWrites"],
    async run({ cache, second }) {
      const other = (await second()).cache;
      const read = written(await cache.set("key", "old"));
      assert.equal(await other.delete("key"), true);
      assert.equal(
        conflict(await cache.set("key", "loaded from the old", { ifVersion: read })),
        undefined,
      );
      assert.equal(await cache.get("key"), undefined, "the deleted value is back");
      written(await other.set("key", "new", { ifVersion: "absent" }));
      assert.notEqual(
        conflict(await cache.set("key", "loaded from the old", { ifVersion: read })),
        read,
      );
      assert.equal((await cache.get("key"))?.value, "new");
    },
  },
];
