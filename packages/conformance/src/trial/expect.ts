/** Assertions that many clauses share. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Conflict, ErrorCode, Granted, Busy, Written } from "@lingpai/core";
import type { Trial } from "../clause.ts";

/** The call throws or rejects with this code; returns the error. */
export async function refused(
  call: () => unknown,
  code: ErrorCode,
  what: string,
): Promise<Error & { readonly [property: string]: unknown }> {
  let outcome: unknown;
  try {
    outcome = await call();
  } catch (error) {
    assert(error instanceof Error, `${what}: threw ${inspect(error)}, which is no Error`);
    assert.equal(
      "code" in error ? error.code : undefined,
      code,
      `${what}: wrong error, ${inspect(error)}`,
    );
    return Object.assign(error);
  }
  assert.fail(`${what}: was not refused with ${code}, it gave ${inspect(outcome)}`);
}

/** The write took place; returns its version. */
export function written(outcome: Written | Conflict, what = "set"): string {
  assert.equal(outcome.written, true, `${what}: was not written`);
  assert(typeof outcome.version === "string" && outcome.version !== "", `${what}: has no version`);
  assert(Number.isFinite(outcome.storeNowMs), `${what}: does not tell the store's time`);
  return outcome.version;
}

/** The condition of the write failed; returns the stored version. */
export function conflict(outcome: Written | Conflict, what = "set"): string | undefined {
  assert.equal(outcome.written, false, `${what}: was written against its condition`);
  assert(Number.isFinite(outcome.storeNowMs), `${what}: does not tell the store's time`);
  return outcome.version;
}

/** The lock was granted; returns its fence. */
export function granted(outcome: Granted | Busy, what = "tryAcquire"): number {
  assert(outcome.acquired, `${what}: was not granted`);
  assert(
    Number.isSafeInteger(outcome.fence) && outcome.fence > 0,
    `${what}: the fence ${String(outcome.fence)} is no positive whole number`,
  );
  assert(Number.isFinite(outcome.storeNowMs), `${what}: does not tell the store's time`);
  return outcome.fence;
}

/** The lock is held; returns the rest of the lease. */
export function busy(outcome: Granted | Busy, what = "tryAcquire"): number {
  assert(!outcome.acquired, `${what}: was granted although it is held`);
  assert(outcome.remainingMs >= 0, `${what}: ${outcome.remainingMs} ms left is no duration`);
  return outcome.remainingMs;
}

/**
 * Calls repeatedly until the store answers, because drivers take their own time to reconnect after
 * a fault. Fails after 10 s.
 */
export async function untilAnswered<T>(
  trial: Pick<Trial, "settle" | "until">,
  call: () => Promise<T>,
): Promise<T> {
  const answers: T[] = [];
  const answered = async (): Promise<boolean> => {
    try {
      answers.push(await trial.settle(call(), 5_000));
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "CACHE_UNAVAILABLE")
        return false;
      throw error;
    }
  };
  await trial.until("the store answers again", answered, 10_000);
  const [answer] = answers;
  return answer as T; // `until` ended, so there is one
}

/** Collects an async iterable. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Runs the work over the items, at most `limit` at a time. */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = [...items].values();
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

/**
 * Names that have a special meaning to some store, glob, SQL, path or script. Each is one name, and
 * all differ.
 */
export const oddNames: readonly string[] = [
  "*",
  "?",
  "[a]",
  "[^a]",
  "\\",
  "\\*",
  "{x}",
  "{",
  "}",
  "}{",
  ":",
  "::",
  "%",
  "%25",
  "_",
  "~",
  "/",
  "..",
  "a/../b",
  "q?x=1",
  "q?x=2",
  "'",
  '"; DROP TABLE x; --',
  " ",
  " a",
  "a ",
  "\t",
  "a\nb",
  "a\r\nDEL b",
  "\0",
  "a\0b",
  "令牌",
  "🔑",
  "é",
  "e\u0301",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "0",
  "-1",
];

/** As {@link oddNames}, with the longest names that every part may have. */
export function oddNamesUpTo(maxKeyBytes: number): readonly string[] {
  return maxKeyBytes > 4_096 ? [...oddNames, "k".repeat(1_024), "令".repeat(341)] : oddNames;
}
