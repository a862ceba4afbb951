import { Secret } from "@lingpai/core";
import { expect, test } from "vitest";
import { World } from "../world/world.ts";
import { CrowdAudit, type AuditedCrowd } from "./crowd-audit.ts";

/** A crowd of two, and what its audit finds. */
function audited(change: Partial<AuditedCrowd> = {}, get?: () => Promise<Secret>) {
  const world = new World(0, 10);
  const violations: string[] = [];
  const serve = get ?? (async () => new Secret("token", "fingerprint"));
  const credentials = [0, 1].map(() => ({ get: serve }));
  const crowd: AuditedCrowd = {
    credentials,
    commands: 16,
    timers: 1,
    subscriptions: 1,
    fetchesOf: () => 1,
    isAlive: () => true,
    ...change,
  };
  const audit = new CrowdAudit(world, crowd, {
    violated: (_promise, what) => void violations.push(what),
  });
  return { audit, violations };
}

test("a process at rest that has served all its credentials violates nothing", async () => {
  const { audit, violations } = audited();
  for (const index of [0, 1]) await audit.call(index);
  audit.atRest();
  expect(violations).toEqual([]);
});

test.each([
  ["a dead secret", { isAlive: () => false }],
  ["51 timers", { timers: 51 }],
  ["2 subscriptions", { subscriptions: 2 }],
  ["33 commands", { commands: 33 }],
  ["fetched 3 times", { fetchesOf: () => 3 }],
] satisfies [string, Partial<AuditedCrowd>][])("%s: the audit says so", async (what, change) => {
  const { audit, violations } = audited(change);
  for (const index of [0, 1]) await audit.call(index);
  audit.atRest();
  expect(violations[0]).toContain(what);
});

test("a failed call without an outage of the store and an unserved credential are violations", async () => {
  const { audit, violations } = audited({}, () => Promise.reject(new Error("late")));
  audit.excuse(-1);
  await audit.call(0);
  audit.excuse(1_000);
  await audit.call(1);
  expect(violations).toHaveLength(1);
  audit.atRest();
  expect(violations[1]).toContain("2 credentials were never served");
});
