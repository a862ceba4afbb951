import { expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import { clauses } from "../clauses/index.ts";
import { simulatedBackend } from "../mutants/simulated/simulated-backend.ts";
import { killTable, lostDaily } from "./kill-table.ts";

const mutants = [{ name: "forgets", caughtBy: ["CACHE-01", "LOCK-01"] }];
const newer = simulatedBackend({}, "newer");
const older: Backend = {
  ...simulatedBackend({}, "older"),
  daily: { clauses: ["FAULT"], restBy: "newer" },
};

test("a clause that a daily backend checks may be left to the nightly run on another backend", () => {
  expect(lostDaily([newer, older], clauses, mutants)).toEqual([]);
  const table = killTable([newer, older], clauses, mutants).split("\n");
  expect(table).toContain(" 2 simulated on older; what is nightly here is daily on newer");
  expect(table.find((line) => line.startsWith("CACHE-01"))).toMatch(/^CACHE-01 +1 + ● +○ /);
  expect(table.find((line) => line.startsWith("FAULT-01"))).toMatch(/^FAULT-01 +0 + ● +● /);
});

test("a daily backend of another adapter with the same drivers counts if it is named", () => {
  const elsewhere: Backend = { ...newer, adapter: "drivers" };
  const named: Backend = {
    ...older,
    daily: { clauses: ["FAULT"], restBy: "newer", restByAdapter: "drivers" },
  };
  expect(lostDaily([elsewhere, named], clauses, mutants)).toEqual([]);
  expect(lostDaily([newer, named], clauses, mutants)).toEqual([
    'simulated on older: there is no "drivers on newer"',
  ]);
});

test("a clause and a mutant that no daily backend checks are reported", () => {
  expect(lostDaily([older], clauses, mutants)).toEqual(['simulated on older: there is no "newer"']);
  const waived: Backend = { ...newer, waivers: { "CACHE-01": "why" } };
  expect(lostDaily([waived, older], clauses, mutants)).toEqual([
    "simulated on older: CACHE-01 runs nightly only",
  ]);
  const fewer: Backend = { ...newer, daily: { clauses: ["WATCH"], restBy: "older" } };
  expect(lostDaily([fewer, older], clauses, mutants)).toContain(
    'simulated on older: "forgets" is killed nightly only',
  );
});
