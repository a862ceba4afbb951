/**
 * Runs the same SDKs on the token that Lingpai mirrors, through a refresh, a foreign kill and a
 * failover of Redis.
 */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { delay, systemClock } from "@lingpai/core";
import { ioredisRawStore, mirror } from "@lingpai/interop";
import { startSentinel } from "@lingpai/test-servers";
import type { Sentinel } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import type { Simulator } from "@lingpai/wechat-simulator";
import { Redis } from "ioredis";
import { failedAfter, rate } from "./failed-after.ts";
import { Program } from "./program.ts";
import type { Row } from "./report.ts";
import type { Command, Sdk } from "./toolchains.ts";

/** How soon a report is read. The page promises a new token one second later. */
const reportMs = 500;
const probeMs = 10_000;
const settleMs = 6_000;

interface Service {
  readonly sdk: Sdk;
  readonly appId: string;
  readonly program: Program;
  refresh(): Promise<unknown>;
}

export async function runOnSharedToken(
  ready: ReadonlyMap<Sdk, Command>,
  overlapMs: number,
): Promise<readonly Row[]> {
  const open: (() => Promise<unknown>)[] = [];
  try {
    const accounts = [...ready.keys()].map((_, index) => ({
      appId: `wx${String(index).padStart(16, "b")}`,
      secret: "5ec2e7c0ffee".repeat(3).slice(0, 32),
    }));
    const simulator = createSimulator({ overlapMs, accounts });
    const server = await listen(simulator);
    open.push(() => server.close());
    const sentinel = await startSentinel();
    open.push(() => sentinel.stop());
    const services = await Promise.all(
      [...ready].map(([sdk, command], index) =>
        start({
          sdk,
          command,
          account: accounts[index]!,
          simulator,
          url: server.url,
          sentinel,
          open,
        }),
      ),
    );
    await delay(systemClock, 4_000);
    const atMs: Record<string, number> = { refresh: systemClock.wallMs() };
    await Promise.all(services.map((each) => each.refresh()));
    await delay(systemClock, settleMs);
    atMs["kill"] = systemClock.wallMs();
    for (const { appId } of services) simulator.operator.kill(appId);
    await delay(systemClock, settleMs);
    atMs["failover"] = systemClock.wallMs();
    await sentinel.failOver();
    await delay(systemClock, settleMs);
    return services.map((service) => rowOf(service, simulator, overlapMs, atMs));
  } finally {
    for (const close of open.toReversed()) await close();
  }
}

interface Start {
  readonly sdk: Sdk;
  readonly command: Command;
  readonly account: { readonly appId: string; readonly secret: string };
  readonly simulator: Simulator;
  readonly url: string;
  readonly sentinel: Sentinel;
  readonly open: (() => Promise<unknown>)[];
}

/**
 * Starts one Lingpai node, which mirrors the token, and the program beside it, which does not know
 * the AppSecret.
 */
async function start({
  sdk,
  command,
  account,
  simulator,
  url,
  sentinel,
  open,
}: Start): Promise<Service> {
  const { appId } = account;
  const sentinels = sentinel.sentinels.map(({ host, port }) => ({ host, port }));
  const redis = new Redis({
    sentinels,
    name: sentinel.name,
    sentinelRetryStrategy: () => 100,
    retryStrategy: () => 100,
  });
  redis.on("error", () => {});
  open.push(async () => redis.disconnect());
  const lock = ioredisLock(redis);
  const fetch = simulator.fetchAs({ caller: "lingpai" });
  const client = wechat({
    ...account,
    mode: "plain",
    environment: "prod",
    cache: ioredisCache(redis),
    lock,
    fetch,
  });
  open.push(() => client.close());
  const to = [{ convention: sdk.convention, appId }];
  const mirrored = mirror(client.credential, {
    store: ioredisRawStore(redis),
    lock,
    to,
    probeMs,
    reportMs,
  });
  open.push(() => mirrored.close());
  if (!(await mirrored.start())) throw new Error(`The mirror for ${sdk.name} did not start.`);
  const environment = {
    APP_ID: appId,
    SECRET: "none",
    PLATFORM_URL: url,
    SENTINELS: sentinels.map(({ host, port }) => `${host}:${port}`).join(","),
    MASTER: sentinel.name,
    SECONDS: "300",
  };
  const program = new Program(command, environment);
  open.push(() => program[Symbol.asyncDispose]());
  await program.started();
  return { sdk, appId, program, refresh: () => client.credential.refresh() };
}

function rowOf(
  { sdk, appId, program: { calls } }: Service,
  simulator: Simulator,
  overlapMs: number,
  atMs: Readonly<Record<string, number>>,
): Row {
  const failed = failedAfter(calls, atMs);
  const inFlight = overlapMs === 0 ? 1 : 0;
  const kill = rate * Math.min(probeMs / 1_000, reportMs / 1_000 + 1);
  const fetches = simulator.log.fetches(appId).filter(({ caller }) => caller === "").length;
  const allowed = { start: 0, refresh: inFlight, kill, failover: inFlight };
  return {
    sdk: sdk.name,
    mode: "shared token",
    overlapMs,
    fetches,
    calls: calls.length,
    failed,
    allowed,
  };
}
