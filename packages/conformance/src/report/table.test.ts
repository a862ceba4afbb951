import { expect, test } from "vitest";
import type { Clause } from "../clause.ts";
import { simulatedBackend, standaloneFacts } from "../mutants/simulated/simulated-backend.ts";
import { runClauses } from "../runner/run.ts";
import { isSound, summaryOf } from "./summary.ts";
import { clauseTable } from "./table.ts";

const sample: readonly Clause[] = [
  { id: "CACHE-01", title: "passes", run: async () => {} },
  { id: "CACHE-02", title: "fails", run: () => Promise.reject(new Error("broken")) },
  { id: "CLUSTER-01", title: "needs a cluster", needs: ["cluster"], run: async () => {} },
];
const backend = { ...simulatedBackend({ facts: standaloneFacts }, "one server"), waivers: {} };

test("a run is summarised as data for programs", async () => {
  const report = await runClauses(
    { ...backend, waivers: { "CACHE-02": "the store cannot" } },
    { clauses: sample },
  );
  expect(summaryOf(report)).toEqual({
    name: "simulated",
    backend: "one server",
    passed: 1,
    failed: [],
    waived: [{ id: "CACHE-02", reason: "the store cannot" }],
  });
});

test("a run with a failed clause or a surviving mutant is not sound", async () => {
  const adapters = [summaryOf(await runClauses(backend, { clauses: sample }))];
  expect(adapters[0]?.failed).toEqual(["CACHE-02"]);
  expect(isSound({ adapters, mutants: { total: 1, killed: 1, survivors: [] } })).toBe(false);
  expect(isSound({ adapters: [], mutants: { total: 1, killed: 0, survivors: ["one"] } })).toBe(
    false,
  );
  expect(isSound({ adapters: [], mutants: { total: 1, killed: 1, survivors: [] } })).toBe(true);
});

test("the clause table marks each outcome", async () => {
  const lines = clauseTable(sample, [await runClauses(backend, { clauses: sample })]).split("\n");
  expect(lines).toContain(" 1 simulated on one server");
  expect(lines).toContain("CACHE-01    ✓  passes");
  expect(lines).toContain("CACHE-02    ✗  fails");
  expect(lines).toContain("CLUSTER-01  ·  needs a cluster");
});
