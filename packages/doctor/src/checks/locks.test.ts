import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqliteStore } from "@lingpai/adapter-sqlite";
import { claimsPath } from "@lingpai/core/driver";
import { systemClock } from "@lingpai/core";
import type { Lock, Store } from "@lingpai/core";
import { expect, onTestFinished, test } from "vitest";
import type { CheckResult } from "../check.ts";
import { diagnose } from "../diagnose.ts";
import type { DiagnoseOptions } from "../diagnose.ts";

const id = "wechat:plain:wx0123456789abcdef";

/** A SQLite store in which "production" has claimed a credential. */
async function claimedStore(): Promise<{ store: Store; lock: Lock }> {
  const folder = mkdtempSync(join(tmpdir(), "lingpai-doctor-"));
  const database = new DatabaseSync(join(folder, "store.sqlite"));
  onTestFinished(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  const store = sqliteStore(database);
  const nowMs = systemClock.wallMs();
  const claim = { environment: "production", path: ["production"], node: "a", sinceMs: nowMs };
  const claims = [{ ...claim, renewedMs: nowMs }];
  await store.cache.at(claimsPath).set(id, JSON.stringify({ v: 1, claims }));
  return { store, lock: store.lock.withPrefix("production") };
}

async function stuckLock(options: DiagnoseOptions): Promise<CheckResult | undefined> {
  const { results } = await diagnose(options);
  return results.find((result) => result.id === "stuck-lock");
}

test("a lock that is held far longer than a refresh takes is found where a store shows none", async () => {
  const { lock, store } = await claimedStore();
  await lock.tryAcquire(id, "somebody", 3_600_000);
  expect(await stuckLock(store)).toMatchObject({
    status: "finding",
    severity: "critical",
    evidence: `The lock of ${id} of "production" is held for another 60 min.`,
  });
});

test("a lock that a refresh holds is not stuck, and stays with its holder", async () => {
  const { lock, store } = await claimedStore();
  await lock.tryAcquire(id, "leader", 10_000);
  expect(await stuckLock(store)).toMatchObject({ status: "ok" });
  expect(await lock.extend(id, "leader", 10_000)).toBe(true);
});

test("a free lock is given back at once", async () => {
  const { lock, store } = await claimedStore();
  expect(await stuckLock(store)).toMatchObject({ status: "ok" });
  expect(await lock.tryAcquire(id, "leader", 10_000)).toMatchObject({ acquired: true });
});

test("a lock that never ends is stuck", async () => {
  const { store } = await claimedStore();
  const never: Lock = {
    path: [],
    at: () => never,
    withPrefix: () => never,
    extend: () => Promise.resolve(false),
    release: () => Promise.resolve(false),
    tryAcquire: () => Promise.resolve({ acquired: false, remainingMs: Number.POSITIVE_INFINITY }),
  };
  expect(await stuckLock({ cache: store.cache, lock: never })).toMatchObject({
    status: "finding",
    evidence: expect.stringContaining("never ends"),
  });
});

test("without the lock, and without a Redis that shows it, the answer says what is missing", async () => {
  const { store } = await claimedStore();
  expect(await stuckLock({ cache: store.cache })).toMatchObject({
    status: "unknown",
    evidence: "No lock was given, and only a Redis shows one without it.",
  });
});
