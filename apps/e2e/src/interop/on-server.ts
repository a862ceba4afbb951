/**
 * Runs programs on a token server, through a refresh and a foreign kill: the samples of plain HTTP,
 * and silenceper/wechat with only its base URL pointed at the WeChat-shaped routes.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { memoryStore } from "@lingpai/adapter-memory";
import { delay, systemClock } from "@lingpai/core";
import { eventLog } from "@lingpai/event-log";
import { serverKeys, tokenServer } from "@lingpai/server";
import type { ServerKeys } from "@lingpai/server";
import { startServer } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import { failedAfter, rate } from "./failed-after.ts";
import type { ServerProgram } from "./plain-http.ts";
import { Program } from "./program.ts";
import type { Row } from "./report.ts";
import type { Command } from "./toolchains.ts";

/** How long the server lets an SDK hold a token. The default is five minutes. */
const holdMs = 5_000;
const settleMs = holdMs + 3_000;

interface Running {
  readonly of: ServerProgram;
  readonly appId: string;
  readonly client: Wechat;
  readonly program: Program;
}

export async function runOnServer(
  ready: ReadonlyMap<ServerProgram, Command>,
  overlapMs: number,
): Promise<readonly Row[]> {
  const open: (() => Promise<unknown>)[] = [];
  try {
    const accounts = [...ready.keys()].map((_, index) => ({
      appId: `wx${String(index).padStart(16, "c")}`,
      secret: "5ec2e7c0ffee".repeat(3).slice(0, 32),
    }));
    const simulator = createSimulator({ overlapMs, accounts });
    const platform = await listen(simulator);
    open.push(() => platform.close());
    const redis = await startServer();
    open.push(() => redis.stop());
    const store = memoryStore();
    const fetch = simulator.fetchAs({ caller: "lingpai" });
    const clients = accounts.map((account) =>
      wechat({ ...account, mode: "plain", environment: "prod", store, fetch }),
    );
    for (const client of clients) open.push(() => client.close());
    const keys = serverKeys({ cache: store.cache });
    const served = clients.map((client, at) => ({
      ...client,
      wechat: { appId: accounts[at]!.appId, ticket: client.ticket },
    }));
    const url = await serverOver(store.cache, { served, keys, open });
    const running: Running[] = [];
    for (const [index, [of, command]] of [...ready].entries()) {
      const [client, { appId }] = [clients[index]!, accounts[index]!];
      const { id: ref } = client.credential;
      const environment = {
        LINGPAI_URL: url,
        LINGPAI_REF: ref,
        LINGPAI_KEY: await keyFor(keys, of, ref),
        PLATFORM_URL: platform.url,
        SECONDS: "120",
        APP_ID: appId,
        REDIS: `${redis.host}:${redis.port}`,
      };
      const program = new Program(command, {
        ...environment,
        ...(of.sdk && { TOKENS_URL: url, SECRET: environment.LINGPAI_KEY }),
      });
      open.push(() => program[Symbol.asyncDispose]());
      await program.started();
      running.push({ of, appId, client, program });
    }
    await delay(systemClock, 3_000);
    const atMs: Record<string, number> = { refresh: systemClock.wallMs() };
    await Promise.all(running.map(({ client }) => client.credential.refresh()));
    await delay(systemClock, settleMs);
    atMs["kill"] = systemClock.wallMs();
    for (const { appId } of running) simulator.operator.kill(appId);
    await delay(systemClock, settleMs);
    return running.map((each) => rowOf(each, simulator, { overlapMs, atMs }));
  } finally {
    for (const close of open.toReversed()) await close();
  }
}

async function keyFor(
  keys: ServerKeys,
  { name, sdk }: ServerProgram,
  ref: string,
): Promise<string> {
  const rights = ["read", "reject"] as const;
  const { key } = await keys.create({ name, rights, refs: [ref], ...(sdk && { sdk }) });
  return key;
}

function rowOf(
  { appId, of, program: { calls } }: Running,
  simulator: Simulator,
  {
    atMs,
    overlapMs,
  }: { readonly atMs: Readonly<Record<string, number>>; readonly overlapMs: number },
): Row {
  return {
    sdk: of.name,
    mode: "on a token server",
    overlapMs,
    fetches: simulator.log.fetches(appId).filter(({ caller }) => caller === "").length,
    calls: calls.length,
    failed: failedAfter(calls, atMs),
    allowed: allowedFor(of, overlapMs),
  };
}

/**
 * The most failures after each event. A program that reports a refused token fails briefly; an SDK
 * fails for as long as it may cache a token.
 */
function allowedFor({ sdk }: ServerProgram, overlapMs: number): Readonly<Record<string, number>> {
  const dead = sdk === undefined ? 2 : rate * (holdMs / 1_000 + 1);
  return { start: 0, refresh: overlapMs === 0 ? dead : 0, kill: dead };
}

async function serverOver(
  cache: Parameters<typeof eventLog>[0]["cache"],
  {
    keys,
    open,
    served,
  }: {
    readonly served: Parameters<typeof tokenServer>[0]["credentials"];
    readonly keys: ServerKeys;
    readonly open: (() => Promise<unknown>)[];
  },
): Promise<string> {
  const log = eventLog({ cache });
  const server = tokenServer({ credentials: served, keys, log, limits: { holdMs } });
  open.push(
    () => log.close(),
    () => server.close(),
  );
  const http = createServer(getRequestListener(server.handle));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  open.push(
    () =>
      new Promise((resolve) => {
        http.close(resolve);
        http.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}
