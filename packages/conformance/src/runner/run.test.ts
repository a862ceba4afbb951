import { expect, test } from "vitest";
import type { Clause } from "../clause.ts";
import { simulatedBackend, standaloneFacts } from "../mutants/simulated/simulated-backend.ts";
import { runClauses } from "./run.ts";

const passing: Clause = { id: "X-01", title: "passes", run: async () => {} };
const failing: Clause = {
  id: "X-02",
  title: "fails",
  async run() {
    throw new Error("broken");
  },
};
const clustered: Clause = {
  id: "X-03",
  title: "needs a cluster",
  needs: ["cluster"],
  run: async () => {},
};

const cluster = simulatedBackend();
const standalone = simulatedBackend({ facts: standaloneFacts });

test("a clause that rejects has failed, and the outcome contains its error", async () => {
  const { outcomes, passed } = await runClauses(cluster, { clauses: [passing, failing] });
  expect(outcomes).toMatchObject([
    { id: "X-01", status: "passed" },
    { id: "X-02", status: "failed", error: { message: "broken" } },
  ]);
  expect(passed).toBe(false);
});

test("a clause whose needs are not met is reported with the fact that excludes it", async () => {
  const { outcomes, passed } = await runClauses(standalone, { clauses: [clustered] });
  expect(outcomes).toMatchObject([
    { id: "X-03", status: "not-applicable", fact: "cluster: false" },
  ]);
  expect(passed).toBe(true);
});

test("a fact that the fixture contradicts fails the clause that it excludes", async () => {
  const boastful = {
    ...standalone,
    start: async () => {
      const running = await standalone.start();
      const { cluster: controls } = await (await cluster.start()).open();
      return {
        ...running,
        open: async () => ({ ...(await running.open()), ...(controls && { cluster: controls }) }),
      };
    },
  };
  const { outcomes } = await runClauses(boastful, { clauses: [clustered] });
  expect(outcomes).toMatchObject([{ id: "X-03", status: "failed" }]);
});

test("a waived clause that fails is no failure and keeps its reason", async () => {
  const { outcomes, passed } = await runClauses(cluster, {
    clauses: [failing],
    waivers: { "X-02": "the store cannot" },
  });
  expect(outcomes).toMatchObject([
    { id: "X-02", status: "waived", reason: "the store cannot", error: { message: "broken" } },
  ]);
  expect(passed).toBe(true);
});

test("a waived clause that passes only sometimes is no failure", async () => {
  let runs = 0;
  const erratic: Clause = {
    id: "X-04",
    title: "breaks by chance",
    async run() {
      runs += 1;
      if (runs === 3) throw new Error("broken");
    },
  };
  const { outcomes } = await runClauses(cluster, {
    clauses: [erratic],
    waivers: { "X-04": "a race within its driver" },
  });
  expect(outcomes).toMatchObject([{ id: "X-04", status: "waived", error: { message: "broken" } }]);
});

test("a waiver of a clause that passes fails", async () => {
  const { outcomes } = await runClauses(cluster, {
    clauses: [passing],
    waivers: { "X-01": "it used to fail" },
  });
  expect(outcomes).toMatchObject([{ id: "X-01", status: "failed" }]);
});

test.each([
  ["of an unknown clause", { "X-99": "a reason" }],
  ["of a clause that does not apply", { "X-03": "a reason" }],
  ["without a reason", { "X-02": " " }],
])("a waiver %s fails the run", async (_what, waivers) => {
  const { passed, outcomes } = await runClauses(standalone, {
    clauses: [failing, clustered],
    waivers,
  });
  expect(passed).toBe(false);
  expect(outcomes.at(-1)).toMatchObject({ id: Object.keys(waivers)[0], status: "failed" });
});

test("a waiver of a clause that is not selected now is ignored", async () => {
  const { passed, outcomes } = await runClauses(cluster, {
    clauses: [passing],
    waivers: { "LOCK-09": "a reason" },
  });
  expect({ passed, count: outcomes.length }).toEqual({ passed: true, count: 1 });
});

test("a clause that changes a bystander has failed", async () => {
  const careless: Clause = {
    id: "X-04",
    title: "clears a bystander",
    run: async ({ rootCache, path }) => void (await rootCache.at([`${path.at(-1)}2`]).clear()),
  };
  const { outcomes } = await runClauses(cluster, { clauses: [careless] });
  expect(outcomes).toMatchObject([
    { status: "failed", error: { message: expect.stringContaining("was changed or removed") } },
  ]);
});

test("a clause that hangs fails when its time is up", async () => {
  const hanging: Clause = {
    id: "X-05",
    title: "hangs",
    timeoutMs: 20,
    run: () => new Promise(() => {}),
  };
  const { outcomes } = await runClauses(cluster, { clauses: [hanging] });
  expect(outcomes).toMatchObject([
    { status: "failed", error: { message: "X-05 did not end within 20 ms" } },
  ]);
});

test("clauses that must run alone do", async () => {
  let inside = 0;
  const most = { together: 0, alone: 0 };
  const measuring = (id: string, alone: boolean): Clause => ({
    id,
    title: "counts who is inside",
    alone,
    async run({ elapse }) {
      inside += 1;
      const kind = alone ? "alone" : "together";
      most[kind] = Math.max(most[kind], inside);
      await elapse(5);
      inside -= 1;
    },
  });
  await runClauses(cluster, {
    clauses: [
      measuring("X-06", true),
      measuring("X-07", false),
      measuring("X-08", false),
      measuring("X-09", true),
    ],
  });
  expect(most).toEqual({ together: 2, alone: 1 });
});
