/**
 * Bystanders: entries, locks and foreign keys that do not belong to a clause. They are written
 * before every clause and must be unchanged after it.
 */
import assert from "node:assert/strict";
import type { Cache, Lock, Version } from "@lingpai/core";
import type { Fixture } from "../backend.ts";
import type { Trial } from "../clause.ts";

export interface Bystanders {
  /** Rejects if a bystander was changed, removed, or added to. */
  verify(): Promise<void>;
}

export async function plantBystanders(fixture: Fixture, trial: Trial): Promise<Bystanders> {
  const entries = await plantEntries(fixture.cache, trial.path);
  const foreign = fixture.raw === undefined ? [] : await plantForeign(fixture.raw, trial.path);
  const holder =
    fixture.lock === undefined
      ? undefined
      : await plantLock(fixture.lock, trial.path, trial.random.id());
  return {
    async verify() {
      for (const { cache, key, version } of entries) {
        const entry = await cache.get(key);
        assert.equal(
          entry?.version,
          version,
          `the bystander ${JSON.stringify(cache.path)} ${JSON.stringify(key)} was changed or removed`,
        );
        assert.equal(entry?.value, bystanderValue);
      }
      for (const { name, content } of foreign) {
        assert.equal(
          await fixture.raw?.peek(name),
          content,
          `the foreign key ${JSON.stringify(name)} was changed or removed`,
        );
      }
      assert(
        (await holder?.stillHolds()) ?? true,
        "a lock that is held under a bystander's prefix was lost",
      );
    },
  };
}

const bystanderValue = "a bystander's value";
const holdMs = 600_000;

/**
 * Writes entries under paths that a careless prefix would reach: longer, nested, shorter, in
 * another case, with wildcards.
 */
async function plantEntries(
  root: Cache,
  path: readonly string[],
): Promise<readonly { readonly cache: Cache; readonly key: string; readonly version: Version }[]> {
  const above = path.slice(0, -1);
  const last = path.at(-1) ?? "";
  const places: readonly (readonly [readonly string[], string])[] = [
    [[...above, `${last}2`], "key"],
    [[...above, `${last}:a`], "key"],
    [[...above, `${last.slice(0, -1)}*`], "key"],
    [[...above, last.toUpperCase()], "key"],
    [[...path, "inner"], "key"],
    [above, last],
  ];
  const planted = [];
  for (const [at, key] of places) {
    const cache = root.at(at);
    const { version } = await cache.set(key, bystanderValue);
    assert(version);
    planted.push({ cache, key, version });
  }
  return planted;
}

async function plantForeign(
  raw: NonNullable<Fixture["raw"]>,
  path: readonly string[],
): Promise<readonly { readonly name: string; readonly content: string | undefined }[]> {
  const last = path.at(-1) ?? "";
  const planted = [];
  for (const name of [last, `${last}:key`, `foreign-${last}`]) {
    await raw.poke(name, new TextEncoder().encode("a foreign value"));
    planted.push({ name, content: await raw.peek(name) });
  }
  return planted;
}

async function plantLock(
  root: Lock,
  path: readonly string[],
  owner: string,
): Promise<{ stillHolds(): Promise<boolean> }> {
  const lock = root.at([...path.slice(0, -1), `${path.at(-1) ?? ""}2`]);
  assert(
    (await lock.tryAcquire("lock", owner, holdMs)).acquired,
    "a lock under an unused prefix was not granted",
  );
  return {
    async stillHolds() {
      const holds = await lock.extend("lock", owner, holdMs);
      await lock.release("lock", owner);
      return holds;
    },
  };
}
