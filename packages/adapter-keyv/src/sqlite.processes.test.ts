import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { systemClock } from "@lingpai/core";
import KeyvSqlite from "@keyv/sqlite";
import Keyv from "keyv";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keyvCache, keyvLock } from "./index.ts";

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
    expect(lines.map((line) => Number(line.split(" ")[0]))).toEqual(Array.from({ length: 90 }, (_, index) => index + 1));
    const fences = lines.map((line) => Number(line.split(" ")[1]));
    expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b));
    const native = new DatabaseSync(file);
    expect((await keyvCache(new Keyv(), { native }).withPrefix("contest").get("count"))?.value).toBe("90");
    native.close();
  },
);

test("a lease of a process that was killed ends by itself, and the next fence is higher", { timeout: 240_000 }, async () => {
  const holder = spawn(process.execPath, ["--no-warnings", contender, file, "hold"], { stdio: ["pipe", "pipe", "inherit"] });
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
});

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
  expect(await lock.tryAcquire("wx1", "me", 60_000)).toMatchObject({ acquired: true, fence: first.acquired && first.fence });
  await keyv.disconnect();
});

test("a file is shared by the host, a database in memory by its process only, and neither is a cluster", () => {
  const inMemory = new DatabaseSync(":memory:");
  const onFile = new DatabaseSync(file);
  expect(() => keyvLock(new Keyv(), { native: inMemory })).toThrow(/excludes the callers of one process only/);
  expect(() => keyvLock(new Keyv({ store: new KeyvSqlite("sqlite://:memory:") }))).toThrow(/scope: "process"/);
  expect(() => keyvLock(new Keyv(), { native: onFile, scope: "cluster" })).toThrow(/Use a Keyv over PostgreSQL/);
  expect(keyvLock(new Keyv(), { native: inMemory, scope: "process" }).path).toEqual([]);
  inMemory.close();
  onFile.close();
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
