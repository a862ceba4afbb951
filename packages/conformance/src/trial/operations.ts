/** Every operation of a cache and a lock, as calls for clauses about faults. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Facts } from "../facts.ts";
import type { TrialClient, TrialLink } from "../clause.ts";
import { all } from "./expect.ts";

export interface Operation {
  readonly name: string;
  call(): Promise<unknown>;
}

export const operationValue = "canary-7f3a9c51d2e8";
export const operationOwner = "owner-b81c64a0f7d92e35";

export function operationsOf(
  client: Pick<TrialClient, "cache" | "lock">,
  facts: Facts,
): readonly Operation[] {
  const { cache } = client;
  const operations: Operation[] = [
    { name: "get", call: () => cache.get("key") },
    { name: "set", call: () => cache.set("key", operationValue) },
    { name: "delete", call: () => cache.delete("key") },
  ];
  if (facts.conditionalWrites) {
    operations.push({
      name: "conditional set",
      call: () => cache.set("key", operationValue, { ifVersion: "absent" }),
    });
    operations.push({
      name: "conditional delete",
      call: () => cache.delete("key", { ifVersion: "0".repeat(22) }),
    });
  }
  if (facts.enumerable) {
    operations.push({ name: "keys", call: () => all(cache.keys()) });
    operations.push({ name: "clear", call: () => cache.clear() });
  }
  if (facts.locks) {
    const { lock } = client;
    operations.push({
      name: "tryAcquire",
      call: () => lock.tryAcquire("name", operationOwner, 60_000),
    });
    operations.push({ name: "extend", call: () => lock.extend("name", operationOwner, 60_000) });
    operations.push({ name: "release", call: () => lock.release("name", operationOwner) });
  }
  return operations;
}

/**
 * Calls every operation at once and asserts that each rejects with `CACHE_UNAVAILABLE` within the
 * client's deadline. Returns the errors.
 */
export async function allUnavailable(
  trial: { readonly facts: Facts; settle<T>(promise: Promise<T>, withinMs: number): Promise<T> },
  client: TrialLink,
  why: string,
): Promise<readonly Error[]> {
  // A fifth more and a tolerance for the machine, but no time for a second attempt.
  const withinMs = client.deadlineMs * 1.2 + trial.facts.toleranceMs;
  const calls = operationsOf(client, trial.facts).map(async ({ name, call }) => {
    const error: unknown = await trial.settle(
      call().then(
        (answer) => assert.fail(`${why}: ${name} answered ${inspect(answer)}`),
        (reason: unknown) => reason,
      ),
      withinMs,
    );
    assert(error instanceof Error, `${why}: ${name} rejected with ${inspect(error)}`);
    assert.equal(
      "code" in error && error.code,
      "CACHE_UNAVAILABLE",
      `${why}: ${name} rejected with ${inspect(error)}`,
    );
    assert.equal(
      "retryable" in error && error.retryable,
      true,
      `${why}: ${name} rejected with an error that is not retryable`,
    );
    return error;
  });
  return settled(calls);
}

/** Waits for all before it reports the first failure, so that no rejection is left alone. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}
