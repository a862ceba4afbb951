/** Services that use two servers while one of them, or their Redis, fails: no call fails. */
import { remote } from "@lingpai/client";
import { delay, systemClock } from "@lingpai/core";
import { startServer, until } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appId, appWorld } from "./server-world.fixture.ts";
import type { AppWorld, ServerProcess } from "./server-world.fixture.ts";

const LINGPAI_SEAL = Buffer.alloc(32, 5).toString("base64");
const callers = 10;
const gapMs = 50;

let world: AppWorld;
let redis: Server;
beforeEach(async () => {
  [world, redis] = await Promise.all([appWorld({ overlapMs: 0 }), startServer()]);
});
afterEach(async () => {
  await world.close();
  await redis.stop();
});

interface Workload {
  readonly failed: unknown[];
  readonly done: number;
  stop(): Promise<void>;
}

async function fleet(): Promise<{
  readonly servers: readonly ServerProcess[];
  readonly workload: Workload;
}> {
  const env = { LINGPAI_STORE_URL: redis.url, LINGPAI_SEAL };
  const servers = [world.run(["--first-key"], env), world.run(["--first-key"], env)] as const;
  const urls = await Promise.all(servers.map((each) => each.prints(/Serving at (http\S+)/)));
  // One of the two made it.
  const [, key = ""] = /(lp_\S{54})/.exec(servers.map((each) => each.printed()).join("\n")) ?? [];
  const source = remote({ urls: urls as [string, string], key, waitMs: 60_000 });
  const { LINGPAI_APPS_MAIN_BASE_URL: baseUrl = "" } = world.env;
  return { servers, workload: workloadOf(wechat({ appId, source, baseUrl, timeoutMs: 120_000 })) };
}

function workloadOf(client: ReturnType<typeof wechat>): Workload {
  const stopping = new AbortController();
  const failed: unknown[] = [];
  let done = 0;
  const call = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await client.request("/cgi-bin/user/info", { query: { openid: "o1" } }).then(
        () => (done += 1),
        (error: unknown) => failed.push(error),
      );
      await delay(systemClock, gapMs);
    }
  };
  const running = Promise.all(Array.from({ length: callers }, call));
  return {
    failed,
    get done() {
      return done;
    },
    async stop() {
      stopping.abort();
      await running;
      await client.close();
    },
  };
}

const steal = (): unknown => world.simulator.operator.kill(appId, { kind: "stable" });

/** Every caller has made calls with whatever is the token now. */
function goesOn(workload: Workload): Promise<true> {
  const from = workload.done;
  return until("calls go on", async () => workload.done > from + 3 * callers);
}

test("a server that is killed while it fetches costs no call", async () => {
  const { servers, workload } = await fleet();
  await goesOn(workload);
  world.simulator.faults.next({ delayAfterMs: 1_000 }, { endpoint: "/cgi-bin/stable_token" });
  steal();
  await until("a fetch is under way", async () => world.simulator.faults.pending === 0);
  servers[0]!.child.kill("SIGKILL");
  await goesOn(workload);
  await workload.stop();
  expect(workload.failed).toEqual([]);
});

test("a server that stands still and comes back costs no call, and serves nothing that has ended", async () => {
  const { servers, workload } = await fleet();
  await goesOn(workload);
  // As a machine that was suspended; 8 s stand for the minute that nobody waits for here.
  servers[0]!.child.kill("SIGSTOP");
  steal();
  await delay(systemClock, 8_000);
  await goesOn(workload);
  servers[0]!.child.kill("SIGCONT");
  await goesOn(workload);
  servers[1]!.child.kill("SIGKILL");
  // Only the one that stood still is left: it knows the token that replaced its own.
  steal();
  await goesOn(workload);
  await workload.stop();
  expect(workload.failed).toEqual([]);
});

test("a Redis that fails in the middle of a fetch and comes back costs no call", async () => {
  const { workload } = await fleet();
  await goesOn(workload);
  world.simulator.faults.next({ delayAfterMs: 1_000 }, { endpoint: "/cgi-bin/stable_token" });
  steal();
  await until("a fetch is under way", async () => world.simulator.faults.pending === 0);
  await redis.kill();
  await delay(systemClock, 1_500);
  await redis.restart();
  await goesOn(workload);
  await workload.stop();
  expect(workload.failed).toEqual([]);
});
