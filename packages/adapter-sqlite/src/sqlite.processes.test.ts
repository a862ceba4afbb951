/** Several processes, and several users of one connection, use one file. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { delay, systemClock } from "@lingpai/core";
import BetterSqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqliteCache, sqliteLock, sqliteStore } from "./index.ts";
import type { SqliteDatabase } from "./index.ts";

const contender = new URL("contender.fixture.ts", import.meta.url).pathname;
const libraries = ["node:sqlite", "better-sqlite3", "file"];
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lingpai-sqlite-"));
  file = join(directory, "tokens.db");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const contend = (library: string, ledger: string, rounds: number): Promise<unknown> =>
  promisify(execFile)(process.execPath, [
    "--no-warnings",
    contender,
    library,
    file,
    ledger,
    String(rounds),
  ]);

test(
  "six processes of three kinds that start at once on a new file exclude each other, with rising fences and no lost update",
  { timeout: 240_000 },
  async () => {
    const ledger = join(directory, "ledger");
    writeFileSync(ledger, "");

    await Promise.all([...libraries, ...libraries].map((library) => contend(library, ledger, 15)));

    const lines = readFileSync(ledger, "utf8").trim().split("\n");
    expect(lines.map((line) => Number(line.split(" ")[0]))).toEqual(
      Array.from({ length: 90 }, (_, index) => index + 1),
    );
    const fences = lines.map((line) => Number(line.split(" ")[1]));
    expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b));
    const native = new DatabaseSync(file);
    expect((await sqliteCache(native).withPrefix("contest").get("count"))?.value).toBe("90");
    native.close();
  },
);

test(
  "a lease of a process that was killed ends by itself, and the next fence is higher",
  { timeout: 240_000 },
  async () => {
    const holder = spawn(process.execPath, ["--no-warnings", contender, "file", file, "hold"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const native = new DatabaseSync(file);
    const lock = sqliteLock(native).withPrefix("contest");

    const busy = await lock.tryAcquire("ledger", "next", 1000);
    expect(busy).toMatchObject({ acquired: false });
    const before = native.prepare("SELECT fence FROM lingpai_locks").get()?.["fence"];
    native.exec("UPDATE lingpai_locks SET expires_at = expires_at - 1000");
    const granted = await lock.tryAcquire("ledger", "next", 1000);

    expect(granted.acquired && granted.fence).toBeGreaterThan(Number(before));
    native.close();
  },
);

/** Opens a connection that is shared with a user who has transactions of their own. */
type OpenShared = (file: string) => SqliteDatabase;

/** Before Node 22.16 a connection does not report whether it is in a transaction. */
const withoutIsTransaction: OpenShared = (file) =>
  new Proxy(new DatabaseSync(file), {
    get(target, member) {
      const value: unknown =
        member === "isTransaction" ? undefined : Reflect.get(target, member, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

const shareable: readonly (readonly [string, OpenShared])[] = [
  ["node:sqlite", (file) => new DatabaseSync(file)],
  ["node:sqlite as before Node 22.16", withoutIsTransaction],
  ["better-sqlite3", (file) => new BetterSqlite(file)],
];

describe.each(shareable)("on a shared connection of %s", (_, open) => {
  test("a lease is not granted within the user's transaction, whose ROLLBACK would undo it", async () => {
    const shared = open(file);
    const { cache, lock } = sqliteStore(shared, { deadlineMs: 400 });
    await lock.tryAcquire("first", "me", 60_000);
    shared.exec("BEGIN");

    const refused = await lock.tryAcquire("wx1", "me", 60_000).catch((error: unknown) => error);
    const unwritten = await cache.set("wx1", "token").catch((error: unknown) => error);
    shared.exec("ROLLBACK");

    expect(refused).toMatchObject({
      code: "CACHE_UNAVAILABLE",
      message: expect.stringContaining("a connection of its own"),
    });
    expect(unwritten).toMatchObject({ code: "CACHE_UNAVAILABLE" });
    const other = open(file);
    expect(await sqliteLock(other).tryAcquire("wx1", "other", 60_000)).toMatchObject({
      acquired: true,
    });
    for (const connection of [shared, other]) connection.close();
  });

  test("a write waits for the end of the user's transaction, and is then permanent", async () => {
    const shared = open(file);
    const lock = sqliteLock(shared, { deadlineMs: 20_000 });
    shared.exec("CREATE TABLE own (n)");
    shared.exec("BEGIN; INSERT INTO own VALUES (1)");
    const granted = lock.tryAcquire("wx1", "me", 60_000);
    await delay(systemClock, 30);
    shared.exec("ROLLBACK");

    expect(await granted).toMatchObject({ acquired: true });
    shared.close();
    const reader = new DatabaseSync(file);
    expect(reader.prepare("SELECT owner FROM lingpai_locks").all()).toEqual([{ owner: "me" }]);
    expect(reader.prepare("SELECT * FROM own").all()).toEqual([]);
    reader.close();
  });
});

test("a locked or read-only store of better-sqlite3 is reported with the same reason as one of node:sqlite", async () => {
  const native = new BetterSqlite(file);
  const cache = sqliteCache(native, { deadlineMs: 300 });
  await cache.get("wx1");
  // Opened by the same library, because two libraries do not exclude each other within one process.
  const other = new BetterSqlite(file);
  other.exec("BEGIN IMMEDIATE");
  const locked = await cache.set("wx1", "token").catch((error: unknown) => error);
  other.exec("COMMIT");
  const reader = new BetterSqlite(file, { readonly: true });
  const readOnly = await sqliteCache(reader)
    .set("wx1", "token")
    .catch((error: unknown) => error);

  expect(locked).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "timeout", retryable: true });
  expect(readOnly).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "readonly" });
  expect(native.pragma("busy_timeout", { simple: true })).toBe(5000);
  for (const open of [native, reader, other]) open.close();
});

test("a file is opened on first use, and again after the cache was closed", async () => {
  const { cache, lock } = sqliteStore(file);
  expect(existsSync(file)).toBe(false);
  await cache.set("wx1", "token");
  await cache.close();

  expect(await lock.tryAcquire("wx1", "me", 60_000)).toMatchObject({ acquired: true });
  expect((await sqliteCache(file).get("wx1"))?.value).toBe("token");
});

test("a file on a Node without node:sqlite is refused with the version that has it", async () => {
  const index = new URL("index.ts", import.meta.url).href;
  const program = `import(${JSON.stringify(index)}).then(({ sqliteStore }) => sqliteStore("tokens.db")).catch(({ code, message }) => console.log(code, message))`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--no-experimental-sqlite",
    "--no-warnings",
    "--eval",
    program,
  ]);
  expect(stdout).toMatch(
    /^CONFIGURATION Node v\d.* has no node:sqlite\. Use Node 22\.13 or newer, or pass a Database of better-sqlite3\./,
  );
});

test("a read-only file can be read, and the error of a write names the file and no primary", async () => {
  const writable = new DatabaseSync(file);
  await sqliteCache(writable).set("wx1", "token");
  const native = new DatabaseSync(file, { readOnly: true });
  const cache = sqliteCache(native);

  expect((await cache.get("wx1"))?.value).toBe("token");
  const refused = await cache.set("wx1", "another").catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "readonly" });
  expect(String(refused)).toContain("Open the file for writing");
  expect(String(refused)).not.toContain("primary");
  native.close();
  writable.close();
});

test("the connection's own timeout applies to its user's statements only: Lingpai's neither wait that long nor block the event loop that long", async () => {
  for (const timeout of [0, 5000]) {
    const native = new DatabaseSync(file, { timeout });
    const cache = sqliteCache(native, { deadlineMs: 300 });
    await cache.get("wx1");
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const startMs = systemClock.monotonicMs();

    const refused = await cache.set("wx1", "token").catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "timeout" });
    // Many times the deadline, and less than the connection's own timeout.
    expect(systemClock.monotonicMs() - startMs).toBeLessThan(4500);
    expect(native.prepare("PRAGMA busy_timeout").get()).toEqual({ timeout });
    other.close();
    native.close();
  }
});

test("a file that another process keeps locked is waited for until the deadline, then unavailable, and the error shows nothing of the value", async () => {
  const native = new DatabaseSync(file);
  const cache = sqliteCache(native, { deadlineMs: 300 });
  await cache.get("wx1");
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");

  const refused = await cache.set("wx1", "the token itself").catch((error: unknown) => error);
  const late = cache.set("wx1", "another token", { operationId: "late" });
  other.exec("COMMIT");

  expect((await late).written).toBe(true);
  expect(refused).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "timeout", retryable: true });
  expect(JSON.stringify(refused) + String(refused)).not.toContain("the token itself");
  expect((await cache.set("wx1", "the token itself")).written).toBe(true);
  other.close();
  native.close();
});
