/**
 * A store fails during a refresh. The bench counts the failed calls of a fleet, and its fetches.
 */
import { delay, systemClock, systemRandom } from "@lingpai/core";
import { nameOf } from "@lingpai/core/driver";
import { createSimulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import type { Bench, Effort } from "../bench.ts";
import { Fleet } from "../fleet.ts";
import { atMost, exactly, judged, type Figure } from "../measurement.ts";
import {
  driverNames,
  storeKinds,
  type DriverName,
  type FailoverOrders,
  type Report,
  type StoreKind,
} from "./protocol.ts";
import {
  flushed,
  frozen,
  killed,
  outage,
  startStore,
  type FailingStore,
  type StoreFault,
} from "./stores.ts";

interface Row {
  readonly driver: DriverName;
  readonly kind: StoreKind;
  readonly fault: StoreFault;
  readonly overlapMs: number;
}

interface Outcome {
  readonly reports: readonly Report[];
  /** The tokens that the fleet fetched from the refresh on. One is expected. */
  readonly fetches: number;
}

const secret = "0123456789abcdef0123456789abcdef";
const processes = 4;
/** How long a token request and its answer each take. The store fails in between. */
const travelMs = 300;
/** When a reconciling refresh, if one is needed, is due. It falls into the observed time. */
const reconcileMs = 20_000;

function rowsOf(effort: Effort, only = ""): readonly Row[] {
  if (effort === "quick") {
    return [
      { driver: "ioredis", kind: "Sentinel", fault: flushed, overlapMs: 0 },
      { driver: "@redis/client", kind: "Cluster", fault: frozen(4_000), overlapMs: 0 },
    ];
  }
  return driverNames
    .flatMap((driver) => storeKinds.map((kind) => ({ driver, kind })))
    .flatMap((store) =>
      [frozen(10_000), killed, outage(12_000), flushed].map((fault) => ({ ...store, fault })),
    )
    .flatMap((row) => [0, 300_000].map((overlapMs) => ({ ...row, overlapMs })))
    .filter((row) => titleOf(row).includes(only));
}

const titleOf = ({ driver, kind, fault, overlapMs }: Row): string =>
  `${driver} ${kind}, ${fault.name}, overlap ${overlapMs / 1000} s`;

export const failover: Bench = {
  title: `A store that fails while a refresh is under way: ${processes} processes, 10 calls/s each`,
  base: "the longest time without a write of a raw client of the same driver in the same process",
  async run(effort, only) {
    const watchMs = effort === "quick" ? 3_000 : 28_000;
    const figures: Figure[] = [];
    const rows = rowsOf(effort, only);
    if (rows.length === 0)
      throw new Error(
        `No row has "${only}" in its title. The rows: ${rowsOf("full").map(titleOf).join("; ")}`,
      );
    for (const row of rows) {
      // A row takes about a minute: one that fails must not cost the others.
      const outcome = await play(row, watchMs).catch((error: unknown) => String(error));
      figures.push(...(typeof outcome === "string" ? [notRun(row)] : figuresOf(row, outcome)));
      process.stderr.write(`${titleOf(row)}: ${JSON.stringify(outcome)}\n`);
    }
    return figures;
  },
};

async function play(row: Row, watchMs: number): Promise<Outcome> {
  const store = await startStore(row.kind);
  const fleet = new Fleet<FailoverOrders>(processes, new URL("./worker.ts", import.meta.url));
  try {
    return await playOn(store, fleet, row, watchMs);
  } finally {
    await fleet[Symbol.asyncDispose]();
    await store.stop();
  }
}

async function playOn(
  store: FailingStore,
  fleet: Fleet<FailoverOrders>,
  { driver, fault, overlapMs }: Row,
  watchMs: number,
): Promise<Outcome> {
  const appId = `wx${Buffer.from(systemRandom.id(), "base64url").toString("hex").slice(0, 16)}`;
  const simulator = createSimulator({
    accounts: [{ appId, secret }],
    overlapMs,
    latencyMs: [5, 15],
  });
  const server = await listen(simulator);
  const sent = Promise.withResolvers<void>();
  try {
    const parameters = { reconcileMs };
    const common = {
      driver,
      store: store.spec,
      platformUrl: server.url,
      appId,
      secret,
      overlapMs,
      parameters,
    };
    for (const [index, member] of fleet.members.entries())
      await member.order("join", { ...common, node: `node-${index}` });
    await fleet.all("start", undefined);
    await delay(systemClock, 1_000);

    const afterSeq = simulator.log.seq;
    simulator.faults.always(({ endpoint }) => {
      if (endpoint !== "/cgi-bin/token") return undefined;
      sent.resolve();
      return { delayBeforeMs: travelMs, delayAfterMs: travelMs };
    });
    await fleet.members[0]?.order("refresh", undefined);
    await sent.promise;
    await fault.injectFault(store, nameOf(["production"], `wechat:plain:${appId}`));
    await delay(systemClock, watchMs);
    const reports = await fleet.all("stop", undefined);
    return { reports, fetches: simulator.log.entries({ kind: "issue", afterSeq }).length };
  } finally {
    await server.close();
  }
}

function figuresOf(row: Row, { reports, fetches }: Outcome): readonly Figure[] {
  const sum = (values: readonly number[]): number =>
    values.reduce((total, value) => total + value, 0);
  const most = (values: readonly number[]): number => Math.round(Math.max(...values));
  const rawOutageMs = most(reports.map((report) => report.rawOutageMs));
  const slowestMs = most(reports.map((report) => report.slowestMs));
  const calls = sum(reports.map((report) => report.calls));
  const figure = figureOn(row);
  return [
    judged(
      figure(`failed of ${calls}`, "calls", sum(reports.map((report) => report.failed))),
      exactly(0),
    ),
    judged(figure("fetches, the refresh included", "fetches", fetches), atMost(2)),
    judged(
      figure(
        `slowest call; raw client ${rawOutageMs} ms`,
        "ms",
        slowestMs,
        slowestMs / rawOutageMs,
      ),
      atMost(rawOutageMs + 2_000),
    ),
  ];
}

const notRun = (row: Row): Figure => judged(figureOn(row)("did not run", "errors", 1), exactly(0));

function figureOn({ driver, kind, fault, overlapMs }: Row) {
  return (metric: string, unit: string, value: number, ratio: number | null = null): Figure => ({
    bench: "failover",
    contender: `lingpai, ${driver} ${kind}`,
    metric: `${fault.name}, overlap ${overlapMs / 1000} s: ${metric}`,
    value,
    unit,
    ratio,
  });
}
