/**
 * One of several processes that compete for one SQLite file:
 * `node contender.fixture.ts LIBRARY FILE LEDGER ROUNDS`.
 *
 * Each round takes the lock, and increments the number in the ledger file in two steps, which is
 * correct only under mutual exclusion. It also increments an entry by compare-and-set.
 * `node contender.fixture.ts LIBRARY FILE hold` takes the lock and keeps it until it is killed.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { delay, systemClock, systemRandom } from "@lingpai/core";
import BetterSqlite from "better-sqlite3";
import { sqliteCache, sqliteLock } from "./index.ts";

const [library = "", file = "", ledger = "", rounds = "0"] = process.argv.slice(2);
const database =
  library === "better-sqlite3"
    ? new BetterSqlite(file)
    : library === "file"
      ? file
      : new DatabaseSync(file);
const deadlineMs = 10_000;
const cache = sqliteCache(database, { deadlineMs }).withPrefix("contest");
const lock = sqliteLock(database, { deadlineMs }).withPrefix("contest");

const pause = (): Promise<void> => delay(systemClock, 1 + systemRandom.next() * 3);

async function acquire(owner: string): Promise<number> {
  for (;;) {
    const grant = await lock.tryAcquire("ledger", owner, 5000);
    if (grant.acquired) return grant.fence;
    await pause();
  }
}

async function countUp(): Promise<void> {
  for (;;) {
    const entry = await cache.get("count");
    const next = String(Number(entry?.value ?? 0) + 1);
    if ((await cache.set("count", next, { ifVersion: entry?.version ?? "absent" })).written) return;
    await pause();
  }
}

if (ledger === "hold") {
  await lock.tryAcquire("ledger", systemRandom.id(), 1000);
  process.stdout.write("held\n");
  process.stdin.resume();
} else {
  for (let round = 0; round < Number(rounds); round += 1) {
    const owner = systemRandom.id();
    const fence = await acquire(owner);
    const lines = readFileSync(ledger, "utf8").split("\n").length;
    await pause();
    appendFileSync(ledger, `${lines} ${fence}\n`);
    await lock.release("ledger", owner);
    await countUp();
  }
}
