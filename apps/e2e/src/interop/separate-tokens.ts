/** Reproduces the incident: two environments on one AppID, each with its own SDK and Redis. */
import { delay, systemClock } from "@lingpai/core";
import { startServer } from "@lingpai/test-servers";
import { createSimulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import { Program } from "./program.ts";
import type { Row } from "./report.ts";
import type { Command, Sdk } from "./toolchains.ts";

const seconds = 20;

export async function runOnSeparateTokens(
  all: ReadonlyMap<Sdk, Command>,
  overlapMs: number,
): Promise<readonly Row[]> {
  const ready = new Map([...all].filter(([{ isSampleOnly }]) => isSampleOnly !== true));
  const open: (() => Promise<unknown>)[] = [];
  try {
    const accounts = [...ready.keys()].map((_, index) => ({
      appId: `wx${String(index).padStart(16, "a")}`,
      secret: "5ec2e7c0ffee".repeat(3).slice(0, 32),
    }));
    const simulator = createSimulator({ overlapMs, accounts });
    const server = await listen(simulator);
    open.push(() => server.close());
    const stores = [await startServer(), await startServer()];
    for (const store of stores) open.push(() => store.stop());
    const rows = [...ready].map(async ([sdk, command], index): Promise<Row> => {
      const { appId, secret } = accounts[index]!;
      const programs = [];
      for (const { host, port } of stores) {
        const environment = {
          APP_ID: appId,
          SECRET: secret,
          PLATFORM_URL: server.url,
          REDIS: `${host}:${port}`,
          SECONDS: "120",
        };
        const program = new Program(command, environment);
        open.push(() => program[Symbol.asyncDispose]());
        await program.started();
        programs.push(program);
      }
      await delay(systemClock, seconds * 1_000);
      const calls = programs.flatMap((each) => each.calls);
      const failed = calls.filter(({ code }) => code !== 0).length;
      return {
        sdk: sdk.name,
        mode: "separate tokens, 2 environments",
        overlapMs,
        fetches: simulator.log.fetches(appId).length,
        calls: calls.length,
        failed: { "20 s": failed },
        allowed: {},
      };
    });
    return await Promise.all(rows);
  } finally {
    for (const close of open.toReversed()) await close();
  }
}
