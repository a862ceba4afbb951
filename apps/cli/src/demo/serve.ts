/**
 * `lingpai demo --serve`: a platform, two servers, services that use them, and a foreign process
 * that fetches tokens.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remote } from "@lingpai/client";

import { objectSource } from "@lingpai/config";
import { delay, systemClock } from "@lingpai/core";
import { serve } from "@lingpai/token-server";
import type { RunningServer } from "@lingpai/token-server";
import { wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";

const secret = "0123456789abcdef0123456789abcdef";
const apps = {
  shop: { appId: "wx0123456789abcdef", secret },
  crm: { appId: "wx00112233445566ff", secret },
  "mini-game": { appId: "wxfedcba9876543210", secret },
};
const victim = apps.shop.appId;
const servicesOfEach = 3;
const callGapMs = 500;
const firstTheftMs = 15_000;
const theftGapMs = 45_000;

interface Counts {
  calls: number;
  failed: number;
}

/** Resolves after SIGINT or SIGTERM: to 0 if no call of a service failed. */
export async function serveDemo({ out }: Output): Promise<ExitCode> {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  const { signal } = stopping;
  const simulator = createSimulator({ accounts: Object.values(apps), overlapMs: 0 });
  const folder = await mkdtemp(join(tmpdir(), "lingpai-demo-"));
  const platform = await listen(simulator);
  const counts: Counts = { calls: 0, failed: 0 };
  const servers: RunningServer[] = [];
  const steal = async (): Promise<void> => {
    simulator.operator.kill(victim, { kind: "stable", caller: "somebody else" });
  };
  try {
    const [first, second] = [await replica(), await replica()];
    const { key } = await first.keys.create({
      name: "you",
      rights: ["read", "reject", "refresh", "revoke", "admin"],
      refs: ["*"],
    });
    out(`The dashboard: ${first.url}\nSign in with:  ${key}\n`);
    out(`A second server of the same fleet: ${second.url}`);
    out("In 15 s somebody else fetches the shop's token, which kills it. Ctrl-C ends the demo.");
    const urls = [first.url, second.url] as const;
    await Promise.all([
      ...Object.values(apps).map((app) => services(app.appId, remote({ urls, key }))),
      thief(steal, signal),
    ]);
  } finally {
    for (const server of servers) await server.close();
    await platform.close();
    await rm(folder, { recursive: true, force: true });
  }
  out(summary(counts, simulator));
  return counts.failed === 0 ? 0 : 1;

  async function replica(): Promise<RunningServer> {
    const each = (app: object): object => ({ ...app, baseUrl: platform.url });
    const named = Object.entries(apps).map(([name, app]) => [name, each(app)]);
    const settings = {
      apps: Object.fromEntries(named) as typeof apps,
      server: { port: 0, dataDirectory: folder, stopWithinMs: 2_000 },
    };
    const made = await serve({
      environment: "demo",
      sources: [objectSource(settings)],
      allow: ["no-key"],
      dashboard: { demo: { ref: `wechat:stable:${victim}`, steal } },
      logger: { info() {}, warn() {}, error() {} },
      print: () => {},
    });
    servers.push(made);
    return made;
  }

  async function services(appId: string, source: ReturnType<typeof remote>): Promise<void> {
    const client = wechat({ appId, source, baseUrl: platform.url });
    const call = async (): Promise<void> => {
      while (!signal.aborted) {
        counts.calls += 1;
        await client.request("/cgi-bin/user/info", { query: { openid: "o1" } }).catch(() => {
          counts.failed += 1;
        });
        await delay(systemClock, callGapMs, signal).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: servicesOfEach }, call));
    await client.close();
  }
}

async function thief(steal: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let gapMs = firstTheftMs; !signal.aborted; gapMs = theftGapMs) {
    await delay(systemClock, gapMs, signal).catch(() => undefined);
    if (!signal.aborted) await steal();
  }
}

function summary({ calls, failed }: Counts, { log }: Simulator): string {
  const { fetches } = log.tally();
  return `${calls} calls of services, ${failed} failed; ${fetches} fetches of tokens, the thief's included.`;
}
