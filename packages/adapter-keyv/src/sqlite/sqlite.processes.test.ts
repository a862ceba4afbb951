import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { delay, systemClock } from "@lingpai/core";
import KeyvSqlite from "@keyv/sqlite";
import Keyv from "keyv";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keyvCache, keyvLock } from "../index.ts";

const contender = new URL("contender.fixture.ts", import.meta.url).pathname;
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lingpai-sqlite-"));
  file = join(directory, "tokens.db");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const contend = (ledger: string, rounds: number): Promise<unknown> =>
  promisify(execFile)(process.execPath, ["--no-warnings", contender, file, ledger, String(rounds)]);

test(
  "six processes that begin at once on a new file exclude each other, with rising fences and no lost update",
  { timeout: 240_000 },
  async () => {
    const ledger = join(directory, "ledger");
    writeFileSync(ledger, "");

    await Promise.all(Array.from({ length: 6 }, () => contend(ledger, 15)));

    const lines = readFileSync(ledger, "utf8").trim().split("\n");
    expect(lines.map((line) => Number(line.split(" ")[0]))).toEqual(
      Array.from({ length: 90 }, (_, index) => index + 1),
    );
    const fences = lines.map((line) => Number(line.split(" ")[1]));
    expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b));
    const native = new DatabaseSync(file);
    expect(
      (await keyvCache(new Keyv(), { native }).withPrefix("contest").get("count"))?.value,
    ).toBe("90");
    native.close();
  },
);

test(
  "a lease of a process that was killed ends by itself, and the next fence is higher",
  { timeout: 240_000 },
  async () => {
    const holder = spawn(process.execPath, ["--no-warnings", contender, file, "hold"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const native = new DatabaseSync(file);
    const lock = keyvLock(new Keyv(), { native }).withPrefix("contest");

    const busy = await lock.tryAcquire("ledger", "next", 1000);
    expect(busy).toMatchObject({ acquired: false });
    const before = native.prepare("SELECT fence FROM lingpai_locks").get()?.["fence"];
    native.exec("UPDATE lingpai_locks SET expires_at = expires_at - 1000");
    const granted = await lock.tryAcquire("ledger", "next", 1000);

    expect(granted.acquired && granted.fence).toBeGreaterThan(Number(before));
    native.close();
  },
);

test("@keyv/sqlite leads to its file, and neither side's clear() touches the other's data", async () => {
  const keyv = new Keyv({ store: new KeyvSqlite(`sqlite://${file}`) });
  const cache = keyvCache(keyv).withPrefix("prod");
  const lock = keyvLock(keyv).withPrefix("prod");
  await keyv.set("prod:{wx1}", "the user's");
  await cache.set("wx1", "ours");
  const first = await lock.tryAcquire("wx1", "me", 60_000);

  expect(await cache.clear()).toBe(1);
  expect(await keyv.get("prod:{wx1}")).toBe("the user's");
  await cache.set("wx1", "ours again");
  await keyv.clear();

  expect((await cache.get("wx1"))?.value).toBe("ours again");
  expect(await lock.tryAcquire("wx1", "me", 60_000)).toMatchObject({
    acquired: true,
    fence: first.acquired && first.fence,
  });
  await keyv.disconnect();
});

test("a file is shared by the host, a database in memory by its process only, and neither is a cluster", () => {
  const inMemory = new DatabaseSync(":memory:");
  const onFile = new DatabaseSync(file);
  expect(() => keyvLock(new Keyv(), { native: inMemory })).toThrow(
    /excludes the callers of one process only/,
  );
  expect(() => keyvLock(new Keyv({ store: new KeyvSqlite("sqlite://:memory:") }))).toThrow(
    /Use a Keyv over SQLite/,
  );
  expect(() => keyvLock(new Keyv(), { native: onFile, scope: "cluster" })).toThrow(
    /Use a Keyv over PostgreSQL/,
  );
  expect(keyvLock(new Keyv(), { native: inMemory, scope: "process" }).path).toEqual([]);
  inMemory.close();
  onFile.close();
});

test("a database that is not open is refused at construction", () => {
  const native = new DatabaseSync(file, { open: false });
  expect(() => keyvLock(new Keyv(), { native })).toThrow(
    expect.objectContaining({ code: "CONFIGURATION" }),
  );
});

test("a database of sqlite3, which answers later, is refused at construction", () => {
  const members = { prepare() {}, exec() {}, close() {}, open: true };
  expect(() => keyvLock(new Keyv(), { native: members })).toThrow(
    expect.objectContaining({ code: "LOCK_UNSUPPORTED" }),
  );
});

describe.each([
  ["says that it is in a transaction", (native: DatabaseSync) => native],
  [
    "does not say, as before Node 22.16,",
    (native: DatabaseSync) =>
      new Proxy(native, {
        get(target, member) {
          const value: unknown =
            member === "isTransaction" ? undefined : Reflect.get(target, member, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
  ],
])("on a connection that %s", (_, as) => {
  test("a lease is not granted within the user's transaction, whose ROLLBACK would undo it", async () => {
    const [shared, other] = [new DatabaseSync(file), new DatabaseSync(file)];
    const lock = keyvLock(new Keyv(), { native: as(shared), deadlineMs: 400 }).withPrefix("prod");
    const cache = keyvCache(new Keyv(), { native: as(shared), deadlineMs: 400 }).withPrefix("prod");
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
    expect(
      await keyvLock(new Keyv(), { native: other })
        .withPrefix("prod")
        .tryAcquire("wx1", "other", 60_000),
    ).toMatchObject({
      acquired: true,
    });
    shared.close();
    other.close();
  });

  test("the end of the user's transaction is waited for, and what is written then stays", async () => {
    const shared = new DatabaseSync(file);
    const lock = keyvLock(new Keyv(), { native: as(shared), deadlineMs: 20_000 });
    shared.exec("CREATE TABLE own (n)");
    shared.exec("BEGIN; INSERT INTO own VALUES (1)");
    const granted = lock.tryAcquire("wx1", "me", 60_000);
    await delay(systemClock, 30);
    shared.exec("ROLLBACK");

    expect(await granted).toMatchObject({ acquired: true });
    expect(shared.prepare("SELECT owner FROM lingpai_locks").all()).toEqual([{ owner: "me" }]);
    expect(shared.prepare("SELECT * FROM own").all()).toEqual([]);
    shared.close();
  });
});

test("a transaction on the connection of @keyv/sqlite is not ours: we have a connection of our own to its file", async () => {
  const adapter = new KeyvSqlite(`sqlite://${file}`);
  const keyv = new Keyv({ store: adapter });
  await keyv.set("theirs", "before");
  await adapter.query("BEGIN");
  const granted = await keyvLock(keyv).tryAcquire("wx1", "me", 60_000);
  await adapter.query("ROLLBACK");

  expect(granted.acquired).toBe(true);
  expect(await keyvLock(keyv).tryAcquire("wx1", "other", 60_000)).toMatchObject({
    acquired: false,
  });
  const cache = keyvCache(keyv);
  await cache.close();
  expect(await keyvLock(keyv).tryAcquire("wx1", "other", 60_000)).toMatchObject({
    acquired: false,
  });
  await keyv.disconnect();
});

test("a file that is open for reading only is read, and what it refuses names the file and no primary", async () => {
  const writable = new DatabaseSync(file);
  await keyvCache(new Keyv(), { native: writable }).set("wx1", "token");
  const native = new DatabaseSync(file, { readOnly: true });
  const cache = keyvCache(new Keyv(), { native });

  expect((await cache.get("wx1"))?.value).toBe("token");
  const refused = await cache.set("wx1", "another").catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "readonly" });
  expect(String(refused)).toContain("Open the file for writing");
  expect(String(refused)).not.toContain("primary");
  native.close();
  writable.close();
});

test("the connection's own patience is for its user's statements: ours stop neither at its end nor the event loop until then", async () => {
  for (const timeout of [0, 5000]) {
    const native = new DatabaseSync(file, { timeout });
    const cache = keyvCache(new Keyv(), { native, deadlineMs: 300 });
    await cache.get("wx1");
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const startMs = systemClock.monotonicMs();

    const refused = await cache.set("wx1", "token").catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "timeout" });
    // The deadline many times over, and less than the connection's own patience.
    expect(systemClock.monotonicMs() - startMs).toBeLessThan(4500);
    expect(native.prepare("PRAGMA busy_timeout").get()).toEqual({ timeout });
    other.close();
    native.close();
  }
});

test("a file that another process keeps locked is waited for, then unavailable, and shows nothing of the value", async () => {
  const native = new DatabaseSync(file);
  const cache = keyvCache(new Keyv(), { native, deadlineMs: 300 });
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
