#!/usr/bin/env node
/**
 * `pnpm skew [--base REVISION]`: two versions of Lingpai share one store. Four processes call ten
 * times a second. Each is replaced by the later version and then by the earlier one again, and the
 * platform kills their token after each step. No call may fail, each kill costs one fetch, and
 * nothing in the document is lost or misread.
 */
import { parseArgs } from "node:util";
import { ioredisCache } from "@lingpai/adapter-ioredis";
import { delay, systemClock, type Cache } from "@lingpai/core";
import { createSimulator, type Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import { Redis } from "ioredis";
import { Member } from "../fleet.ts";
import { onServer } from "../on-server.ts";
import { commitOf, lastRelease, OtherVersion } from "./other-version.ts";
import type { SkewOrders, SkewReport, SkewSpec } from "./protocol.ts";

type Version = "earlier" | "later";

const count = 4;
const appId = "wx5a1c2b3d4e5f6071";
const secret = "0123456789abcdef0123456789abcdef";
/** A field of a future release that neither version knows. */
const unknownField = "fieldOfALaterRelease";

class SkewedFleet {
  readonly #spec: Omit<SkewSpec, "node">;
  readonly #workers: Readonly<Record<Version, URL>>;
  readonly #members: Member<SkewOrders>[] = [];
  readonly reports: SkewReport[] = [];
  #joined = 0;

  constructor(spec: Omit<SkewSpec, "node">, workers: Readonly<Record<Version, URL>>) {
    this.#spec = spec;
    this.#workers = workers;
  }

  async put(slot: number, version: Version): Promise<void> {
    const before = this.#members[slot];
    if (before !== undefined) await this.#end(before);
    const member = new Member<SkewOrders>(this.#workers[version]);
    this.#members[slot] = member;
    this.#joined += 1;
    await member.order("join", { ...this.#spec, node: `${version}-${this.#joined}` });
  }

  async end(): Promise<void> {
    for (const member of this.#members) await this.#end(member);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()));
  }

  async #end(member: Member<SkewOrders>): Promise<void> {
    this.reports.push(await member.order("leave", undefined));
    await member.stop();
  }
}

/** Writes a field into the fleet's document that neither version knows. */
async function plant(cache: Cache, id: string): Promise<void> {
  for (;;) {
    const entry = await cache.get(id);
    if (entry === undefined) throw new Error("There is no document.");
    const document = JSON.parse(entry.value) as Record<string, unknown>;
    const value = JSON.stringify({ ...document, [unknownField]: { release: 9 } });
    if ((await cache.set(id, value, { ifVersion: entry.version })).written) return;
  }
}

/** Returns the faults that were found, in words. */
async function play(
  simulator: Simulator,
  fleet: SkewedFleet,
  cache: Cache,
): Promise<readonly string[]> {
  const found: string[] = [];
  const issues = (): number =>
    simulator.log.entries({ kind: "issue" }).filter(({ code }) => code === 0).length;
  const until = async (wanted: number): Promise<void> => {
    const untilMs = systemClock.monotonicMs() + 60_000;
    while (issues() < wanted && systemClock.monotonicMs() < untilMs) await delay(systemClock, 50);
    // Another fetch would follow soon.
    await delay(systemClock, 2_000);
  };
  const id = `wechat:plain:${appId}`;
  let expected = 1;
  const kill = async (step: string): Promise<void> => {
    simulator.operator.revoke(appId);
    expected += 1;
    await until(expected);
    if (issues() !== expected)
      found.push(`${step}: ${issues()} fetches where ${expected} were due`);
    expected = issues();
    console.log(`${step}: ${issues()} fetches`);
  };
  for (let slot = 0; slot < count; slot += 1) await fleet.put(slot, "earlier");
  await until(expected);
  await plant(cache, id);
  await kill("the earlier version alone");
  for (const version of ["later", "earlier"] as const) {
    for (let slot = 0; slot < count; slot += 1) {
      await fleet.put(slot, version);
      // A busy platform is called again.
      if (slot === 1)
        simulator.faults.next({ errcode: -1 }, { endpoint: "/cgi-bin/token", times: 1 });
      await kill(`${slot + 1} of ${count} replaced by the ${version} version`);
    }
  }
  await fleet.end();
  const document = (await cache.get(id))?.value ?? "";
  if (!document.includes(unknownField)) found.push("the unknown field was lost");
  return found;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { base: { type: "string" } } });
  const base = values.base ?? lastRelease();
  if (base === undefined)
    throw new Error("There is no release yet: name the earlier version, as --base REVISION.");
  const earlier = new OtherVersion(base);
  const simulator = createSimulator({ accounts: [{ appId, secret }], latencyMs: [20, 80] });
  const platform = await listen(simulator);
  try {
    const found = await onServer(async ({ url }) => {
      const redis = new Redis(url);
      const workers = {
        earlier: earlier.worker,
        later: new URL("./worker.ts", import.meta.url),
      };
      const spec = { redisUrl: url, platformUrl: platform.url, appId, secret };
      const fleet = new SkewedFleet(spec, workers);
      try {
        const faults = await play(simulator, fleet, ioredisCache(redis).withPrefix("production"));
        return [...faults, ...inReports(fleet.reports)];
      } finally {
        await fleet.stop();
        await redis.quit();
      }
    });
    console.log(`${commitOf(base)} and ${commitOf("HEAD")} in one store: ${found.length} faults`);
    for (const fault of found) console.log(`  ${fault}`);
    process.exitCode = found.length === 0 ? 0 : 1;
  } finally {
    await platform.close();
    earlier[Symbol.dispose]();
  }
}

function inReports(reports: readonly SkewReport[]): readonly string[] {
  const sum = (of: (report: SkewReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const failed = sum((report) => report.failed);
  const misread = reports.flatMap((report) => report.misread);
  console.log(`${sum(({ calls }) => calls)} calls, ${failed} failed, ${misread.length} misread`);
  const failure = reports.find((report) => report.failure !== undefined)?.failure;
  return [...(failed > 0 ? [`${failed} calls failed: ${failure}`] : []), ...misread];
}

await main();
