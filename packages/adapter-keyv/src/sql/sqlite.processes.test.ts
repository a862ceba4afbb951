import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import KeyvSqlite from "@keyv/sqlite";
import BetterSqlite from "better-sqlite3";
import Keyv from "keyv";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keyvCache, keyvLock } from "../index.ts";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lingpai-sqlite-"));
  file = join(directory, "tokens.db");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("@keyv/sqlite leads to its file, and neither side's clear() removes the other's data", async () => {
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

test("a file has the scope of the host, a database in memory that of its process, and neither that of a cluster", () => {
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

test("a closed database is refused at construction", () => {
  const native = new DatabaseSync(file, { open: false });
  expect(() => keyvLock(new Keyv(), { native })).toThrow(
    expect.objectContaining({ code: "CONFIGURATION" }),
  );
});

test("a database of the asynchronous library sqlite3 is refused at construction", () => {
  const members = { prepare() {}, exec() {}, close() {}, open: true };
  expect(() => keyvLock(new Keyv(), { native: members })).toThrow(
    expect.objectContaining({ code: "LOCK_UNSUPPORTED" }),
  );
});

test("an @keyv/sqlite on another library than node:sqlite is refused, because the two would not exclude each other on its file", async () => {
  const [one, two] = [new BetterSqlite(file, { timeout: 0 }), new DatabaseSync(file)];
  one.exec("CREATE TABLE own (n)");
  one.exec("BEGIN IMMEDIATE");
  // If this ever throws, the refusal can go.
  two.exec("INSERT INTO own VALUES (1)");
  one.close();
  two.close();

  for (const driver of ["better-sqlite3", { name: "custom", connect() {} }] as const) {
    const keyv = { store: { query() {}, close() {}, db: file, driver } };
    for (const make of [keyvCache, keyvLock])
      expect(() => make(keyv)).toThrow(
        expect.objectContaining({
          code: "LOCK_UNSUPPORTED",
          message: expect.stringContaining("do not exclude each other"),
        }),
      );
  }
  const keyv = new Keyv({
    store: new KeyvSqlite({ uri: `sqlite://${file}`, driver: "node:sqlite" }),
  });
  expect(keyvLock(keyv).path).toEqual([]);
  await keyv.disconnect();
});

test("a transaction on the connection of @keyv/sqlite does not include Lingpai's writes, which use a connection of their own", async () => {
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
