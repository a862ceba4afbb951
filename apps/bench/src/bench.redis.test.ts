import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Measurement } from "./measurement.ts";

async function bench(
  ...args: string[]
): Promise<{ code: number | null; out: string; errors: string }> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("./main.ts", import.meta.url)), ...args],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, out, errors };
}

async function measured(name: string): Promise<readonly Measurement[]> {
  const { code, out, errors } = await bench(name, "--quick", "--json");
  expect(code, errors).toBe(0);
  const rows = JSON.parse(out) as Measurement[];
  for (const row of rows) expectShape(row, name);
  return rows;
}

function expectShape(row: Measurement, name: string): void {
  const { bench, contender, metric, unit, value, ratio, target, met } = row;
  const allowed = ["bench", "contender", "metric", "value", "unit", "ratio", "target", "met"];
  expect(allowed).toEqual(expect.arrayContaining(Object.keys(row)));
  expect(bench).toBe(name);
  for (const label of [contender, metric, unit]) expect(label).toMatch(/\S/);
  expect(value).toBeTypeOf("number");
  // A quick run can be shorter than a tick of the CPU clock.
  if (ratio !== null) expect(ratio).toBeGreaterThanOrEqual(0);
  expect(typeof met === "boolean").toBe(typeof target === "string");
}

const peersIn = (rows: readonly Measurement[]): Set<string> =>
  new Set(
    rows
      .map(({ contender }) => contender)
      .filter((name) => /\d+\.\d+\.\d+/.test(name) && !/^(lingpai|raw)/.test(name)),
  );

/** Only targets on counts are checked, because a busy machine does not change counts. */
const counted = (rows: readonly Measurement[]): readonly Measurement[] =>
  rows.filter(({ met, unit }) => met !== undefined && !/^(ns|µs|ms|1\/s)$/.test(unit));

/** The benches run side by side, because their counts do not depend on the machine's load. */
describe.concurrent("pnpm bench", () => {
  it("measures hits in this process beside the cache libraries", async () => {
    const rows = await measured("hot");
    expect(peersIn(rows).size).toBeGreaterThanOrEqual(12);
    expect(
      rows.filter(({ target }) => target !== undefined).map(({ contender }) => contender),
    ).toEqual(["lingpai peek()", "lingpai get()"]);
  });

  it("measures the cost of events and traces for a hit without a listener", async () => {
    const rows = await measured("tracing");
    const hits = rows.filter(({ metric }) => metric === "hit");
    expect(hits.map(({ contender }) => contender)).toEqual(["lingpai peek()", "lingpai get()"]);
    for (const { ratio } of hits) expect(ratio).toBeGreaterThan(0);
    expect(rows.filter(({ target }) => target === "< 1.05")).toHaveLength(2);
  });

  it("measures reads from Redis beside the raw clients that send the same command", async () => {
    const rows = await measured("redis-get");
    expect(
      rows.filter(({ target }) => target === "ratio ≥ 0.9").map(({ contender }) => contender),
    ).toEqual(["lingpai adapter-ioredis", "lingpai adapter-node-redis"]);
  });

  it("counts two wire commands in an uncontended lease, and no waiter that gives up", async () => {
    const rows = await measured("lease");
    expect(peersIn(rows).size).toBe(4);
    expect(counted(rows)).toHaveLength(6);
    for (const row of counted(rows)) expect(row).toMatchObject({ met: true });
  });

  it("counts one load in a herd, equal values in all processes, and few commands", async () => {
    const rows = await measured("herd");
    expect(peersIn(rows).size).toBe(7);
    expect(counted(rows)).toHaveLength(3);
    for (const row of counted(rows)) expect(row).toMatchObject({ met: true });
    const loads = rows.find(
      ({ contender, metric }) =>
        contender.startsWith("keyv") && !contender.includes("verrou") && metric.startsWith("loads"),
    );
    expect(loads?.value).toBe(15);
  });

  it("measures how soon other processes adopt a credential", async () => {
    const rows = await measured("adoption");
    expect(rows.flatMap(({ target }) => target ?? [])).toEqual(["ratio ≤ 2", "ratio ≤ 3"]);
  });

  it("counts one fetch and no failed call in every row of the incident, and failures of the peers", async () => {
    const rows = await measured("incident");
    expect(peersIn(rows).size).toBe(2);
    expect(counted(rows)).toHaveLength(14);
    for (const row of counted(rows)) expect(row).toMatchObject({ met: true });
    const failures = rows.filter(
      ({ contender, metric }) =>
        !contender.startsWith("lingpai") && metric.includes("killed") && metric.includes("failed"),
    );
    for (const { value } of failures) expect(value).toBeGreaterThan(0);
  });

  it("counts no failed call, and at most one surplus fetch, when the store is emptied or freezes during a refresh", async () => {
    const rows = await measured("failover");
    expect(counted(rows)).toHaveLength(4);
    for (const row of counted(rows)) expect(row).toMatchObject({ met: true });
  });

  it("counts the commands of a node in an hour", async () => {
    const rows = await measured("cost");
    expect(rows.map(({ target }) => target)).toEqual(["ratio ≤ 1.05", "ratio ≤ 1.05"]);
    // At 400 times the speed, nodes on a busy machine collide more often than in practice. The
    // simulation checks the figure itself.
    for (const { ratio } of rows) expect(ratio).toBeGreaterThan(0.5);
  });

  it("measures many credentials, which share one timer and one subscription", async () => {
    const rows = await measured("many");
    expect(rows).toHaveLength(18);
    expect(counted(rows)).toHaveLength(4);
    for (const row of counted(rows)) expect(row).toMatchObject({ met: true });
    expect(rows.filter(({ target }) => target === "ratio ≤ 1.2")).not.toEqual([]);
  });

  it("loads two token servers without an error and with one fetch, and wakes all waiting callers", async () => {
    const rows = await measured("server");
    const counts = rows.filter(({ unit }) => ["errors", "fetches", "polls"].includes(unit));
    expect(counts).toHaveLength(3);
    for (const row of counts) expect(row).toMatchObject({ met: true });
  });

  it("measures many credentials in several processes", async () => {
    const rows = await measured("many-processes");
    expect(rows.flatMap(({ target }) => target ?? [])).toEqual(["≤ 0.5", "ratio ≤ 1.2"]);
  });

  it("lists the benches if it does not know the name", async () => {
    const { code, errors } = await bench("cold");
    expect(code).toBe(1);
    expect(errors).toContain(
      "hot, tracing, redis-get, store-get, lease, herd, adoption, failover, incident, contention, siege, cost, server, many, many-processes",
    );
  });
});
